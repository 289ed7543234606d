#pragma once

#include "integration/support/subprocess.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {

/// Options that run torc itself with `arguments`.
[[nodiscard]] LaunchOptions torc_with(std::vector<std::string> arguments);

/// How a run of torc that was not to serve ended.
struct FinishedRun {
    int exit_code = 0;
    std::string standard_output;
    std::string standard_error;
};
[[nodiscard]] FinishedRun run_to_end(const LaunchOptions& options);

/// A torc that has started to serve.
class ServerProcess : public Subprocess {
public:
    /// Waits for the start report. Throws std::runtime_error with what it printed instead.
    explicit ServerProcess(const LaunchOptions& options);

    /// Where it listens, by its own account; 0: on Unix-domain sockets alone.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// Asks it to stop with SIGINT, which waits for no idle connections, unless it has stopped;
    /// gives the exit code.
    int stop();

    /// Waits until standard error contains `text`, so many times; throws std::runtime_error when it
    /// never does.
    void await_standard_error(std::string_view text, std::size_t times = 1);

private:
    std::uint16_t port_ = 0;
};

}  // namespace torc::test
