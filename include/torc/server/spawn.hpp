#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>

#include <sys/types.h>

#include <string>
#include <vector>

namespace torc::server {

/// The variables of this process, as "NAME=value".
[[nodiscard]] std::vector<std::string> environment_of_this_process();

/// Starts a program in a session of its own, with /dev/null for its standard streams and signals as
/// by default; one without a slash is looked for in PATH. Gives its process ID; the caller waits
/// for it (waitpid(2)). An error of posix_spawnp(3).
[[nodiscard]] Result<pid_t> spawn_alone(const std::vector<std::string>& command);

/// A process that has the same parent as this one.
struct Sibling {
    pid_t pid = -1;
    /// pidfd_open(2).
    UniqueFd process;
};

/// The number of the one descriptor that a sibling gets beside its standard streams.
inline constexpr int sibling_descriptor = 3;

/// Starts the program at a path, with the standard streams of this process, `descriptor` as
/// `sibling_descriptor`, the variables `environment`, and no signal blocked. Whoever started this
/// process waits for it: a service manager learns of its end only so. Where the program can't be
/// run, the error of execve(2) is sent to `descriptor`, a socket, as an int, and the process ends
/// with 127: this one does not wait for a file system that the program is on. An error of clone(2).
[[nodiscard]] Result<Sibling> spawn_sibling(const std::vector<std::string>& command,
                                            const std::vector<std::string>& environment,
                                            int descriptor);

}  // namespace torc::server
