#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <string>

namespace torc::io::test {

/// Sends until neither the socket nor its peer takes any more, so that the next send has to wait.
/// For a moment: the peer's kernel makes more room when it is probed, some 200 ms later. Gives how
/// many bytes that were.
inline std::size_t fill(int socket) {
    constexpr std::size_t bytes_at_once = 1024 * 1024;
    const std::string bytes(bytes_at_once, 'f');
    std::size_t filled = 0;
    ssize_t sent = 0;
    do {
        filled += static_cast<std::size_t>(sent);
        sent = ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent > 0);
    return filled;
}

}  // namespace torc::io::test
