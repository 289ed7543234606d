#pragma once

#include <torc/base/errno.hpp>
#include <torc/io/proactor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace torc::io {

/// Which kernel interface carries a proactor.
enum class Backend : std::uint8_t { uring, epoll };

/// What a proactor is made for.
struct ProactorOptions {
    /// How many sockets may have an operation in flight at once; sizes the completion queue.
    std::uint32_t connections_max = 1024;
};

/// Why io_uring can't be used here: a cause that no retry mends.
struct UringObstacle {
    Errno error{ENOSYS};
    /// One line for a human: the cause and the remedy.
    std::string explanation;
};

/// Asks the kernel whether io_uring works as torc needs it, by making a small ring and closing it.
/// Nothing: it does. Only a lasting obstacle counts (ENOSYS, EPERM, EACCES, EINVAL: forbidden by
/// the sysctl kernel.io_uring_disabled or by seccomp, or a kernel older than 6.1); shortage of
/// memory or descriptors (ENOMEM, EMFILE, …) is not one, and shows when the real ring is made.
[[nodiscard]] std::optional<UringObstacle> find_uring_obstacle();

/// What `torc --version` tells of the kernel: its release, whether io_uring works or why not, and
/// which of the operations that torc uses it lacks. Lines that end in a newline.
[[nodiscard]] std::string describe_kernel();

/// Makes a proactor in the calling thread, which from then on owns it. A ring keeps the credentials
/// of its creator, so drop privileges first.
[[nodiscard]] Result<std::unique_ptr<Proactor>> make_proactor(Backend backend,
                                                              const ProactorOptions& options);

}  // namespace torc::io
