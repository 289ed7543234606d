#include "socket_sender.hpp"

#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>

#include "socket_calls.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <utility>

namespace torc::io {
namespace {

std::size_t total_bytes(const msghdr& message) noexcept {
    std::size_t total = 0;
    for (std::size_t index = 0; index < message.msg_iovlen; ++index) {
        total += message.msg_iov[index].iov_len;
    }
    return total;
}

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

ssize_t send_from(int socket, const msghdr& message, std::size_t sent, int flags) noexcept {
    if (message.msg_iovlen == 1) {
        const iovec& piece = message.msg_iov[0];
        const auto* begin = static_cast<const std::byte*>(piece.iov_base) + sent;
        return send_to(socket, begin, piece.iov_len - sent, flags);
    }
    std::array<iovec, limits::response_batch_pieces_max> pieces;
    msghdr rest{};
    rest.msg_iov = pieces.data();
    rest.msg_iovlen = remaining_pieces(message, sent, pieces);
    return ::sendmsg(socket, &rest, flags);
}

}  // namespace

void SocketSender::start(int socket, const MessageRest& rest) noexcept {
    state_ = State::message;
    socket_ = socket;
    rest_ = rest;
    sent_bytes_ = rest.sent_bytes;
    read_wait_ = {};
}

void SocketSender::start(const FileSlice& slice) noexcept {
    TORC_ASSERT(slice.length > 0);
    state_ = is_local(slice.lane) ? State::file : State::threaded_file;
    socket_ = slice.socket;
    slice_ = slice;
    read_bytes_ = 0;
    read_wait_ = {};
}

SocketSender::Step SocketSender::advance(const FileSender& file_sender) {
    switch (state_) {
        case State::message:
            return send_message();
        case State::file:
            return send_file(file_sender);
        case State::threaded_file:
            begin_chunk();
            return {.need = Need::chunk};
        case State::chunk:
            return send_chunk();
        case State::reading_pages:
        case State::reading_chunk:
            assertion_failed("a reading is under way");
        case State::ended:
            break;
    }
    return {.need = Need::nothing, .result = result_};
}

SocketSender::Step SocketSender::send_message() noexcept {
    const std::size_t total = total_bytes(*rest_.message);
    const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (rest_.more_follows ? MSG_MORE : 0);
    ssize_t sent = 0;
    do {
        sent = send_from(socket_, *rest_.message, sent_bytes_, flags);
    } while (sent < 0 && errno == EINTR);
    return after_send(sent, total, rest_.sent_bytes);
}

SocketSender::Step SocketSender::send_chunk() noexcept {
    ssize_t sent = 0;
    do {
        sent = ::send(socket_, chunk_->bytes.get() + sent_bytes_, read_bytes_ - sent_bytes_,
                      MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return after_send(sent, read_bytes_, 0);
}

SocketSender::Step SocketSender::after_send(ssize_t sent, std::size_t total,
                                            std::size_t skipped) noexcept {
    if (sent < 0) {
        return errno == EAGAIN ? Step{.need = Need::room} : end(-errno);
    }
    sent_bytes_ += static_cast<std::size_t>(sent);
    return sent_bytes_ < total ? Step{.need = Need::more_room}
                               : end(static_cast<std::int32_t>(total - skipped));
}

SocketSender::Step SocketSender::send_file(const FileSender& file_sender) noexcept {
    const FileSender::Attempt attempt = file_sender.send(slice_, read_bytes_);
    if (attempt.is_cold) {
        state_ = State::reading_pages;
        read_bytes_ = attempt.length;
        begin_reading();
        return {.need = Need::pages};
    }
    if (attempt.sent < 0 && errno == EAGAIN) {
        // What was read may be gone from memory by the time that there is room.
        read_bytes_ = 0;
        return {.need = Need::room};
    }
    Step step = end(attempt.sent < 0 ? -errno : static_cast<std::int32_t>(attempt.sent));
    if (attempt.sent > 0 && std::cmp_less(attempt.sent, attempt.length)) {
        step.need = Need::room_for_next;
    }
    return step;
}

void SocketSender::begin_chunk() {
    chunk_ = std::make_shared<FileChunk>();
    state_ = State::reading_chunk;
    sent_bytes_ = 0;
    read_bytes_ = std::min<std::uint64_t>(slice_.length, limits::threaded_read_bytes);
    begin_reading();
}

void SocketSender::begin_reading() noexcept {
    reading_ = (reading_ + 1) & 0xff'ffffU;
    read_begun_at_ = monotonic_now();
}

BlockingCall SocketSender::read_call(std::uint8_t operation, std::uint32_t slot) const {
    TORC_ASSERT(is_reading());
    const bool is_whole = read_bytes_ == slice_.length;
    return {.kind = chunk_ ? BlockingCall::Kind::read_chunk : BlockingCall::Kind::warm,
            .token = {.operation = operation, .generation = reading_, .slot = slot},
            .lane = slice_.lane,
            .fd = slice_.file,
            .length = read_bytes_,
            .offset = slice_.offset,
            .version = is_whole ? slice_.version : std::nullopt,
            .shared_chunk = chunk_};
}

void SocketSender::on_read(std::int32_t result) noexcept {
    TORC_ASSERT(is_reading());
    read_wait_ +=
        std::chrono::duration_cast<decltype(read_wait_)>(monotonic_now() - read_begun_at_);
    if (result <= 0) {
        static_cast<void>(end(result));
        return;
    }
    state_ = state_ == State::reading_pages ? State::file : State::chunk;
    read_bytes_ = static_cast<std::size_t>(result);
}

void SocketSender::abandon() noexcept {
    static_cast<void>(end(-ECANCELED));
}

SocketSender::Step SocketSender::end(std::int32_t result) noexcept {
    state_ = State::ended;
    result_ = result;
    if (chunk_) {
        release_chunk();
    }
    return {.need = Need::nothing, .result = result};
}

}  // namespace torc::io
