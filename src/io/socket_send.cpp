#include "socket_send.hpp"

#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

namespace torc::io {
namespace {

/// Writes what is left of `message` after its first `sent` bytes to `pieces`; gives how many pieces
/// that takes.
std::size_t remaining_pieces(const msghdr& message, std::size_t sent,
                             std::span<iovec, limits::response_batch_pieces_max> pieces) noexcept {
    TORC_ASSERT(message.msg_iovlen <= pieces.size());
    std::size_t count = 0;
    for (std::size_t index = 0; index < message.msg_iovlen; ++index) {
        iovec piece = message.msg_iov[index];
        const std::size_t skipped = std::min(sent, piece.iov_len);
        sent -= skipped;
        piece.iov_base = static_cast<std::byte*>(piece.iov_base) + skipped;
        piece.iov_len -= skipped;
        if (piece.iov_len > 0) {
            pieces[count++] = piece;
        }
    }
    return count;
}

ssize_t try_send_rest(int socket, const msghdr& message, std::size_t sent, int flags) noexcept {
    if (message.msg_iovlen == 1) {
        const iovec& piece = message.msg_iov[0];
        const auto* begin = static_cast<const std::byte*>(piece.iov_base) + sent;
        return ::send(socket, begin, piece.iov_len - sent, flags);
    }
    std::array<iovec, limits::response_batch_pieces_max> pieces;
    msghdr rest{};
    rest.msg_iov = pieces.data();
    rest.msg_iovlen = remaining_pieces(message, sent, pieces);
    return ::sendmsg(socket, &rest, flags);
}

}  // namespace

std::size_t total_bytes(const msghdr& message) noexcept {
    std::size_t total = 0;
    for (std::size_t index = 0; index < message.msg_iovlen; ++index) {
        total += message.msg_iov[index].iov_len;
    }
    return total;
}

ssize_t send_rest(int socket, const msghdr& message, std::size_t sent, int flags) noexcept {
    ssize_t result = 0;
    do {
        result = try_send_rest(socket, message, sent, flags);
    } while (result < 0 && errno == EINTR);
    return result;
}

}  // namespace torc::io
