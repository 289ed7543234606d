#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>

// recv(2) and send(2) that are no cancellation points (pthreads(7)). glibc's exchange a flag
// atomically before and behind each call where there are several threads; torc cancels none.

namespace torc::io {

inline ssize_t receive_from(int socket, void* buffer, std::size_t bytes) noexcept {
    return ::syscall(SYS_recvfrom, socket, buffer, bytes, 0, nullptr, nullptr);
}

inline ssize_t send_to(int socket, const void* bytes, std::size_t count, int flags) noexcept {
    return ::syscall(SYS_sendto, socket, bytes, count, flags, nullptr, 0);
}

}  // namespace torc::io
