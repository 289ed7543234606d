#pragma once

#include <torc/base/unique_fd.hpp>

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {

/// How long anything may take that must happen. Only a test that fails waits it out, so it is
/// generous: sanitizers and a busy machine are slow.
inline constexpr std::chrono::seconds patience{60};

/// A system call that is answered with an error.
struct RefusedCall {
    /// SYS_...
    int number;
    /// An errno(3) value.
    int error;
    /// Only with this as its first argument.
    std::optional<unsigned> first_argument{};
};

/// How a program is run. What is not said is as it is for the test.
struct LaunchOptions {
    std::filesystem::path program{};
    std::vector<std::string> arguments{};
    /// "NAME=value".
    std::vector<std::string> environment{};
    std::filesystem::path working_directory{};
    /// For standard input, which is empty otherwise.
    int standard_input = -1;
    /// For standard output, which is captured otherwise.
    int standard_output = -1;
    /// The same for standard error.
    int standard_error = -1;
    /// What it finds as descriptors 3 and up, as systemd passes sockets; and their names, by
    /// colons.
    std::vector<int> passed_sockets{};
    std::string passed_names{};
    /// Those of its standard descriptors that it finds closed.
    std::vector<int> closed_descriptors{};
    /// The limit RLIMIT_NOFILE, soft and hard.
    std::optional<std::uint64_t> descriptors_max{};
    /// What a seccomp filter forbids, as containers do.
    std::vector<RefusedCall> refused_calls{};
    /// The limits RLIMIT_NPROC (soft and hard), which counts threads, and RLIMIT_MEMLOCK; neither
    /// holds for root.
    std::optional<std::uint64_t> threads_max{};
    std::optional<rlimit> locked_memory_bytes{};
    /// Without the privileges that root has in files and ports.
    bool is_unprivileged = false;
    /// As this user, with no privileges; for tests that root runs.
    std::optional<uid_t> user{};
};

/// A running program. What it prints is captured. Killed on destruction, or when the test dies.
class Subprocess {
public:
    /// Throws std::system_error when it can't be started.
    explicit Subprocess(const LaunchOptions& options);
    Subprocess(const Subprocess&) = delete;
    Subprocess& operator=(const Subprocess&) = delete;
    ~Subprocess();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// All that it has printed so far.
    [[nodiscard]] std::string standard_output() const;
    [[nodiscard]] std::string standard_error() const;

    void send_signal(int signal) const;
    /// True when it ends within `timeout`.
    [[nodiscard]] bool ends_within(std::chrono::milliseconds timeout);
    /// Waits for the end and gives the exit code, as a shell does: 128 and more are signals. Throws
    /// std::runtime_error when it does not end.
    int exit_code();

    /// How many descriptors it has open.
    [[nodiscard]] std::size_t open_descriptors() const;
    /// The CPUs that each of its threads of that name may run on, as the kernel writes them
    /// ("0-1").
    [[nodiscard]] std::vector<std::string> cpus_of_threads(std::string_view name) const;
    /// The names of its threads, those among them that the kernel made for io_uring.
    [[nodiscard]] std::vector<std::string> thread_names() const;

private:
    pid_t pid_ = -1;
    UniqueFd handle_;
    UniqueFd standard_output_;
    UniqueFd standard_error_;
    bool has_ended_ = false;
    int exit_code_ = 0;
};

}  // namespace torc::test
