#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>

namespace torc::io {

/// The sum of the lengths of a message's pieces, in bytes.
[[nodiscard]] std::size_t total_bytes(const msghdr& message) noexcept;

/// send(2) or sendmsg(2) of what is left of `message` after its first `sent` bytes; tries again
/// after EINTR. `flags`: as for send(2). Gives what the call gave: on a non-blocking socket without
/// room -1 and EAGAIN.
[[nodiscard]] ssize_t send_rest(int socket, const msghdr& message, std::size_t sent,
                                int flags) noexcept;

}  // namespace torc::io
