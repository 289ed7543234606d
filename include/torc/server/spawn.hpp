#pragma once

#include <torc/base/errno.hpp>

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace torc::server {

/// A program to be started, whose signals are as by default.
struct SpawnPlan {
    /// Where its standard streams lead to.
    enum class Streams : std::uint8_t {
        /// To /dev/null; it is in a session of its own, too, so that no terminal's signal gets
        /// there.
        none,
        /// Where those of this process do.
        inherited,
    };

    /// The program and its arguments. One without a slash is looked for in PATH.
    std::vector<std::string> command;
    Streams streams = Streams::none;
    /// Variables as "NAME=value".
    std::vector<std::string> environment;
    /// What it finds as `spawned_descriptor`; -1: nothing.
    int descriptor = -1;
};

/// The number of the one descriptor that a spawned process gets beside its standard streams.
inline constexpr int spawned_descriptor = 3;

/// The variables of this process, as "NAME=value".
[[nodiscard]] std::vector<std::string> environment_of_this_process();

/// Starts it; gives its process ID. The caller waits for it (waitpid(2)). An error of
/// posix_spawnp(3).
[[nodiscard]] Result<pid_t> spawn(const SpawnPlan& plan);

}  // namespace torc::server
