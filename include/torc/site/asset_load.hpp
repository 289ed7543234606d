#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/metadata.hpp>
#include <torc/site/asset.hpp>

#include <linux/stat.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

/// How paths become assets.
struct LoadRules {
    /// What a directory shows, first match first.
    std::vector<std::string> index_names = {"index.html"};
    /// Files up to this size are kept in memory, larger ones by their descriptor.
    std::size_t contents_bytes_max = std::size_t{64} * 1024;
};

/// The way from a path to an asset, without doing any of it: an event goes in, the next step comes
/// out. Whoever drives it makes the step's system call (see Step), so that a cold disk never blocks
/// the thread.
class AssetLoad {
public:
    enum class Step : std::uint8_t {
        /// openat2(2) of `open_path()` beneath the root; then `opened`.
        open,
        /// statx(2) of `descriptor()` into `status()`; then `stated`.
        stat,
        /// pread(2) of `descriptor()` into `read_buffer()` at `read_offset()`; then `was_read`.
        read,
        /// There is a result: `take_result()`.
        finished,
    };

    /// `path`: a http::Target's. `previous`: the asset that was found there before, if any: it is
    /// the result when the file has not changed. `rules` outlive the load.
    AssetLoad(std::string_view path, AssetRef previous, const LoadRules& rules);

    [[nodiscard]] Step start();
    [[nodiscard]] Step opened(UniqueFd file);
    [[nodiscard]] Step stated();
    /// `count` is what pread(2) gave.
    [[nodiscard]] Step was_read(std::size_t count);
    /// The last step's system call failed.
    [[nodiscard]] Step failed(Errno error);

    /// Lives as long as the load is not given its next event.
    [[nodiscard]] const char* open_path() const noexcept { return candidate_.c_str(); }
    [[nodiscard]] int descriptor() const noexcept { return file_.get(); }
    [[nodiscard]] struct statx& status() noexcept { return status_; }
    [[nodiscard]] std::span<std::byte> read_buffer() noexcept;
    [[nodiscard]] std::uint64_t read_offset() const noexcept { return read_bytes_; }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    struct Outcome {
        AssetRef asset;
        /// False for errors, and for a file that changed whenever it was looked at.
        bool is_cacheable = false;
        /// A descriptor that the asset does not need; for the driver to close off the loop's path.
        UniqueFd leftover;
    };
    /// After `finished`, once.
    [[nodiscard]] Outcome take_result() noexcept;

private:
    [[nodiscard]] Step open_next_candidate();
    [[nodiscard]] Step found(const file::Metadata& metadata);
    [[nodiscard]] Step found_file(const file::Metadata& metadata);
    [[nodiscard]] Step verified(const file::Metadata& metadata);
    [[nodiscard]] Step read_again(const file::Metadata& metadata);
    [[nodiscard]] Step finish(AssetRef asset, bool is_cacheable);
    [[nodiscard]] Step finish_with(http::Status error);

    const LoadRules& rules_;
    std::string path_;
    /// `path_`, or for a directory `path_` with the index name tried now.
    std::string candidate_;
    std::size_t next_index_name_ = 0;
    AssetRef previous_;

    UniqueFd file_;
    struct statx status_{};
    file::Metadata metadata_;
    Contents contents_;
    std::size_t read_bytes_ = 0;
    /// True when the file was read and is stated once more, to see that it did not change
    /// meanwhile.
    bool is_verifying_ = false;
    unsigned read_attempts_ = 0;
    unsigned open_attempts_ = 0;
    Outcome outcome_;
};

}  // namespace torc::site
