#include "epoll_sends.hpp"

#include <torc/base/assert.hpp>

#include <cerrno>
#include <new>
#include <utility>

namespace torc::io {
namespace {

/// Token::operation of the readings for `send_file`, the only calls of the proactor's own.
constexpr std::uint8_t internal_reading = Token::reserved_operations;

}  // namespace

Result<void> EpollSends::open() {
    auto file_sender = FileSender::create();
    if (!file_sender) {
        return std::unexpected(file_sender.error());
    }
    file_sender_ = *std::move(file_sender);
    return {};
}

void EpollSends::start(Token token, int socket, const MessageRest& rest) {
    Descriptor& descriptor = readiness_.descriptor(socket);
    descriptor.write.sender.start(socket, rest);
    begin(descriptor, token);
}

void EpollSends::start(Token token, const FileSlice& slice) {
    Descriptor& descriptor = readiness_.descriptor(slice.socket);
    descriptor.write.sender.start(slice);
    begin(descriptor, token);
}

void EpollSends::begin(Descriptor& descriptor, Token token) {
    WriteHalf& half = descriptor.write;
    TORC_ASSERT(!half.is_pending);
    if (const auto result = readiness_.register_socket(descriptor); !result) {
        batch_.add_ready(token, -result.error().value());
        return;
    }
    half.is_pending = true;
    half.token = token;
    if (half.is_ready) {
        readiness_.enqueue(descriptor, ReadinessTable::Half::write);
    }
}

void EpollSends::attempt(Descriptor& descriptor) {
    if (!descriptor.write.is_pending) {
        return;
    }
    try {
        advance(descriptor);
    } catch (const std::bad_alloc&) {
        // It costs the operation that wanted memory; those that have ended are reported.
        descriptor.write.sender.abandon();
        finish(descriptor, -ENOMEM);
    }
}

void EpollSends::advance(Descriptor& descriptor) {
    SocketSender& sender = descriptor.write.sender;
    SocketSender::Step step;
    do {
        // Until the socket takes nothing: only then is an edge sure to tell of room.
        step = sender.advance(file_sender_);
    } while (step.need == SocketSender::Need::more_room);
    switch (step.need) {
        case SocketSender::Need::room:
        case SocketSender::Need::more_room:
            descriptor.write.is_ready = false;
            break;
        case SocketSender::Need::pages:
        case SocketSender::Need::chunk:
            calls_.submit(sender.read_call(internal_reading, descriptor.place));
            break;
        case SocketSender::Need::room_for_next:
            readiness_.await_room(descriptor);
            finish(descriptor, step.result);
            break;
        case SocketSender::Need::nothing:
            finish(descriptor, step.result);
            break;
    }
}

void EpollSends::finish(Descriptor& descriptor, std::int32_t result) {
    WriteHalf& half = descriptor.write;
    half.is_pending = false;
    batch_.add(
        {.token = half.token, .result = result, .file_wait = half.sender.read_wait(), .data = {}});
}

void EpollSends::on_read(Token token, std::int32_t result) {
    Descriptor& descriptor = readiness_.at(token.slot);
    if (!descriptor.write.sender.is_reading(token)) {
        return;  // The socket was shut down meanwhile, which ended the operation.
    }
    descriptor.write.sender.on_read(result);
    readiness_.enqueue(descriptor, ReadinessTable::Half::write);
}

void EpollSends::on_shutdown(Descriptor& descriptor) {
    WriteHalf& half = descriptor.write;
    if (!half.is_pending || !half.sender.is_reading_chunk()) {
        return;
    }
    // Nothing tells when the file system that is waited for will answer. A local disk does, and its
    // call goes by the number of a file that the caller may close then.
    half.sender.abandon();
    half.is_pending = false;
    batch_.add_ready(half.token, -ECANCELED);
}

}  // namespace torc::io
