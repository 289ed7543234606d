#pragma once

#include <torc/base/unique_fd.hpp>

#include "integration/support/server_test.hpp"
#include "integration/support/subprocess.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace torc::test {

/// Why no slow file system can be mounted here; nothing when one can.
[[nodiscard]] std::optional<std::string> slow_file_system_obstacle();

/// What the kernel does with what it read of a file.
enum class SlowFileCaching : std::uint8_t { keep_cache, direct_io };

/// A mounted bench/slowfs/slowfs.cpp, whose head lists its files and the calls that can be made to
/// wait ("open", "read" and so on, or "all"). On destruction all calls that wait are answered and
/// it is unmounted, even if somebody still uses it.
///
/// A process that waits for a call can't end, not even when it is killed: heed_signals(), release()
/// or destroy this before you wait for its end.
class SlowFileSystem {
public:
    /// `mountpoint`: an empty directory. Throws std::runtime_error when it can't be mounted.
    explicit SlowFileSystem(std::filesystem::path mountpoint);
    SlowFileSystem(const SlowFileSystem&) = delete;
    SlowFileSystem& operator=(const SlowFileSystem&) = delete;
    ~SlowFileSystem();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return mountpoint_; }

    // Each returns when it is in force.

    /// Such calls wait until they are released.
    void stall(std::string_view call);
    /// Such calls take so long.
    void delay(std::string_view call, std::chrono::milliseconds delay);
    /// Answers such calls, and lets others pass.
    void release(std::string_view call = "all");

    /// How many such calls wait now.
    [[nodiscard]] std::size_t waiting(std::string_view call = "all");
    /// How many there were since the mount.
    [[nodiscard]] std::size_t count(std::string_view call = "all");

    /// Of files that are opened from now on; keep_cache at first.
    void set_caching(SlowFileCaching caching);
    /// For how long the kernel may keep names and attributes that it hears of from now on; an hour
    /// at first.
    void set_valid_for(std::chrono::milliseconds duration);
    /// A process that waits can be killed, and end, from now on, as with NFS: its call fails with
    /// EINTR.
    void heed_signals();

    /// What a file of `size` bytes holds.
    [[nodiscard]] static std::string contents(std::size_t size);

private:
    /// Sends a command, and gives what its answer has after "ok".
    std::string command(const std::string& line);
    [[nodiscard]] std::string receive_line();

    std::filesystem::path mountpoint_;
    /// Commands go out and answers come in.
    UniqueFd control_;
    std::optional<Subprocess> process_;
};

/// A server whose site has a slow file system in its directory `slow`; everything else of the site
/// is on a healthy one. Skipped where it can't be mounted.
class SlowSiteTest : public ServerTest {
protected:
    void SetUp() override;
    /// Releases all that waits, so that the server can stop.
    void TearDown() override;

    [[nodiscard]] SlowFileSystem& slow() { return *slow_; }

private:
    std::optional<SlowFileSystem> slow_;
};

}  // namespace torc::test
