#include "uring_sends.hpp"

#include <torc/base/limits.hpp>

#include <poll.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <new>
#include <utility>

namespace torc::io {
namespace {

/// How many half-closed sockets with room are gone on with for one completion.
constexpr std::size_t room_events_max = 64;

}  // namespace

Result<void> UringSends::open() {
    auto scratch = Mapping::create(limits::cold_file_chunk_bytes);
    if (!scratch) {
        return std::unexpected(scratch.error());
    }
    scratch_ = std::move(*scratch);
    auto file_sender = FileSender::create();
    if (!file_sender) {
        return std::unexpected(file_sender.error());
    }
    file_sender_ = *std::move(file_sender);
    return {};
}

void UringSends::start(Token token, int socket, const MessageRest& rest) {
    const std::uint32_t index = add(token);
    sendings_[index].sender.start(socket, rest);
    begin(index);
}

void UringSends::start(Token token, const FileSlice& slice) {
    const std::uint32_t index = add(token);
    sendings_[index].sender.start(slice);
    begin(index);
}

std::uint32_t UringSends::add(Token token) {
    std::uint32_t index = 0;
    if (free_sendings_.empty()) {
        index = static_cast<std::uint32_t>(sendings_.size());
        sendings_.emplace_back();
        free_sendings_.reserve(sendings_.capacity());
    } else {
        index = free_sendings_.back();
        free_sendings_.pop_back();
    }
    sendings_[index].token = token;
    return index;
}

void UringSends::finish(std::uint32_t index, std::int32_t result) {
    Sending& sending = sendings_[index];
    batch_.add_ready({.token = sending.token,
                      .result = result,
                      .file_wait = sending.sender.read_wait(),
                      .data = {}});
    sending.sender.abandon();
    free_sendings_.push_back(index);
}

void UringSends::begin(std::uint32_t index) {
    try {
        advance(index);
    } catch (const std::bad_alloc&) {
        sendings_[index].sender.abandon();
        free_sendings_.push_back(index);
        throw;
    }
}

void UringSends::advance(std::uint32_t index) {
    const SocketSender::Step step = sendings_[index].sender.advance(file_sender_);
    switch (step.need) {
        case SocketSender::Need::nothing:
            finish(index, step.result);
            break;
        case SocketSender::Need::room:
        case SocketSender::Need::more_room:
        case SocketSender::Need::room_for_next:
            await_room(index);
            break;
        case SocketSender::Need::pages:
            read_pages(index);
            break;
        case SocketSender::Need::chunk:
            read_chunk(index);
            break;
    }
}

void UringSends::read_pages(std::uint32_t index) {
    const BlockingCall call = sendings_[index].sender.read_call(internal_pages_read, index);
    io_uring_sqe* submission = ring_.next_submission();
    io_uring_prep_read(submission, call.fd, scratch_.data(), static_cast<unsigned>(call.length),
                       call.offset);
    Ring::tag(submission, call.token);
}

void UringSends::read_chunk(std::uint32_t index) {
    SocketSender& sender = sendings_[index].sender;
    const auto position = reading_chunks_.insert_or_assign(sender.socket(), index).first;
    try {
        calls_.submit(sender.read_call(internal_chunk_read, index));
    } catch (const std::bad_alloc&) {
        reading_chunks_.erase(position);
        throw;
    }
}

void UringSends::on_chunk_read(Token token, std::int32_t result) {
    SocketSender& sender = sendings_[token.slot].sender;
    if (!sender.is_reading(token)) {
        return;  // The socket was shut down meanwhile, which ended the operation.
    }
    reading_chunks_.erase(sender.socket());
    sender.on_read(result);
    advance(token.slot);
}

void UringSends::await_room(std::uint32_t index) {
    io_uring_sqe* submission = ring_.next_submission();
    io_uring_prep_poll_add(submission, sendings_[index].sender.socket(), POLLOUT);
    Ring::tag(submission, Token{.operation = internal_room_poll, .slot = index});
}

void UringSends::on_room_polled(std::uint32_t slot, std::int32_t result) {
    if (result < 0) {
        finish(slot, result);
    } else if ((result & (POLLOUT | POLLERR | POLLHUP)) == 0) {
        await_room_behind_epoll(slot);
    } else {
        advance(slot);
    }
}

void UringSends::await_room_behind_epoll(std::uint32_t index) {
    if (!room_epoll_) {
        room_epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    }
    epoll_event event{.events = EPOLLOUT, .data = {.u32 = index}};
    if (!room_epoll_ || ::epoll_ctl(room_epoll_.get(), EPOLL_CTL_ADD,
                                    sendings_[index].sender.socket(), &event) < 0) {
        finish(index, -errno);
        return;
    }
    ++awaited_by_epoll_;
    await_room_events();
}

void UringSends::await_room_events() {
    if (awaited_by_epoll_ == 0 || std::exchange(is_polling_room_epoll_, true)) {
        return;
    }
    io_uring_sqe* submission = ring_.next_submission();
    io_uring_prep_poll_add(submission, room_epoll_.get(), POLLIN);
    Ring::tag(submission, Token{.operation = internal_room_events});
}

void UringSends::on_room_events() {
    is_polling_room_epoll_ = false;
    std::array<epoll_event, room_events_max> events;
    const int count = ::epoll_wait(room_epoll_.get(), events.data(), events.size(), 0);
    for (int position = 0; position < count; ++position) {
        const std::uint32_t index = events[static_cast<std::size_t>(position)].data.u32;
        ::epoll_ctl(room_epoll_.get(), EPOLL_CTL_DEL, sendings_[index].sender.socket(), nullptr);
        --awaited_by_epoll_;
        advance(index);
    }
    await_room_events();
}

void UringSends::on_pages_read(std::uint32_t slot, std::int32_t result) {
    sendings_[slot].sender.on_read(result);
    advance(slot);
}

void UringSends::on_shutdown(int socket) {
    if (reading_chunks_.empty()) {
        return;
    }
    // Nothing tells when the file system that is waited for will answer.
    if (const auto found = reading_chunks_.find(socket); found != reading_chunks_.end()) {
        finish(found->second, -ECANCELED);
        reading_chunks_.erase(found);
    }
}

}  // namespace torc::io
