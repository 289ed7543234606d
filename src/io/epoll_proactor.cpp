#include "epoll_proactor.hpp"

#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <new>
#include <utility>

namespace torc::io {
namespace {

/// Token::operation of the pool's readings for `send_file`.
constexpr std::uint8_t internal_reading = Token::reserved_operations;
/// How many connections one listener may hand over before the loop turns to others.
constexpr int accepts_per_turn_max = 64;
constexpr auto connection_events =
    static_cast<std::uint32_t>(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);

int milliseconds_until(MonotonicTime deadline) noexcept {
    if (deadline == never) {
        return -1;
    }
    const auto remaining =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    constexpr std::chrono::milliseconds longest = std::chrono::hours(1);
    return static_cast<int>(std::clamp(remaining, std::chrono::milliseconds(0), longest).count());
}

}  // namespace

Result<std::unique_ptr<Proactor>> EpollProactor::create(const ProactorOptions& /*options*/) {
    std::unique_ptr<EpollProactor> proactor(new EpollProactor());
    if (const auto result = proactor->initialise(); !result) {
        return std::unexpected(result.error());
    }
    return proactor;
}

Result<void> EpollProactor::initialise() {
    auto buffers = ReceiveBuffers::create();
    if (!buffers) {
        return std::unexpected(buffers.error());
    }
    buffers_ = std::move(*buffers);
    epoll_fd_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_fd_) {
        return std::unexpected(Errno::last());
    }
    wake_fd_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_fd_) {
        return std::unexpected(Errno::last());
    }
    epoll_event event{.events = EPOLLIN, .data = {.fd = wake_fd_.get()}};
    if (::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, wake_fd_.get(), &event) < 0) {
        return std::unexpected(Errno::last());
    }
    auto file_sender = FileSender::create();
    if (!file_sender) {
        return std::unexpected(file_sender.error());
    }
    file_sender_ = *std::move(file_sender);
    pool_ = std::make_unique<BlockingPool>(wake_fd_.get());
    now_ = std::chrono::steady_clock::now();
    return {};
}

EpollProactor::Descriptor& EpollProactor::new_descriptor(int fd) {
    TORC_ASSERT(fd >= 0);
    const auto number = static_cast<std::size_t>(fd);
    if (number >= places_.size()) {
        places_.resize(std::max(number + 1, places_.size() * 2), no_place);
    }
    if (free_places_.empty()) {
        if (places_made_ == chunks_.size() * chunk_places) {
            chunks_.push_back(std::make_unique<std::array<Descriptor, chunk_places>>());
            // Room for all of them, so that `forget` never allocates.
            free_places_.reserve(chunks_.size() * chunk_places);
        }
        free_places_.push_back(places_made_++);
    }
    const std::uint32_t place = free_places_.back();
    free_places_.pop_back();
    places_[number] = place;
    at(place).fd = fd;
    return at(place);
}

void EpollProactor::forget(const Descriptor& state) {
    std::uint32_t& place = places_[static_cast<std::size_t>(state.fd)];
    Descriptor& forgotten = at(place);
    if (forgotten.is_queued) {
        std::erase(queue_, forgotten.fd);
    }
    // A thread may still be reading for it.
    SocketSender sender = std::move(forgotten.sender);
    sender.abandon();
    forgotten = Descriptor{};
    forgotten.sender = std::move(sender);
    free_places_.push_back(std::exchange(place, no_place));
}

void EpollProactor::begin(Descriptor& state, Pending pending, Token token) {
    TORC_ASSERT(state.pending == Pending::nothing);
    state.pending = pending;
    state.token = token;
    if (!state.is_registered) {
        const std::uint32_t interest =
            pending == Pending::accept ? static_cast<std::uint32_t>(EPOLLIN) : connection_events;
        epoll_event event{.events = interest, .data = {.fd = state.fd}};
        if (::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, state.fd, &event) < 0) {
            state.pending = Pending::nothing;
            batch_.add_ready(token, -errno);
            return;
        }
        state.is_registered = true;
    }
    const bool may_go_on = pending == Pending::receive ? state.is_readable : state.is_writable;
    if (may_go_on) {
        enqueue(state);
    }
}

void EpollProactor::enqueue(Descriptor& state) {
    if (!state.is_queued) {
        state.is_queued = true;
        queue_.push_back(state.fd);
    }
}

void EpollProactor::finish(Descriptor& state, std::int32_t result) {
    state.pending = Pending::nothing;
    batch_.add(Completion{.token = state.token, .result = result, .more = false, .data = {}});
}

void EpollProactor::accept(Token token, int listener) {
    begin(descriptor(listener), Pending::accept, token);
}

void EpollProactor::cancel_accept(Token token, int listener) {
    const Descriptor& state = descriptor(listener);
    if (state.pending != Pending::accept || state.token != token) {
        return;  // The stream has ended on its own; its last completion was reported or is about to
                 // be.
    }
    ::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_DEL, listener, nullptr);
    forget(state);
    batch_.add_ready(token, -ECANCELED);
}

void EpollProactor::receive(Token token, int socket) {
    begin(descriptor(socket), Pending::receive, token);
}

void EpollProactor::send(Token token, int socket, const msghdr& message, bool more_follows) {
    send_rest(token, socket, message, 0, more_follows);
}

void EpollProactor::send_rest(Token token, int socket, const msghdr& message, std::size_t sent,
                              bool more_follows) {
    Descriptor& state = descriptor(socket);
    state.sender.start(socket,
                       {.message = &message, .sent_bytes = sent, .more_follows = more_follows});
    begin(state, Pending::send, token);
}

void EpollProactor::send_file(Token token, const FileSlice& slice) {
    Descriptor& state = descriptor(slice.socket);
    state.sender.start(slice);
    begin(state, Pending::send, token);
}

void EpollProactor::open(Token token, int directory, const char* path, const open_how& how,
                         Lane lane) {
    if (is_local(lane)) {
        // First by what the kernel has in memory (Linux 5.12); only a miss is worth a thread.
        open_how cached = how;
        cached.resolve |= RESOLVE_CACHED;
        const std::int32_t result = open_beneath(directory, path, cached);
        if (result != -EAGAIN && result != -EINVAL) {
            batch_.add_ready(token, result);
            return;
        }
    }
    pool_->submit(BlockingCall{.kind = BlockingCall::Kind::open,
                               .token = token,
                               .lane = lane,
                               .fd = directory,
                               .path = path,
                               .how = &how});
}

void EpollProactor::stat(Token token, int fd, struct statx& status, Lane lane) {
    pool_->submit(BlockingCall{.kind = BlockingCall::Kind::stat,
                               .token = token,
                               .lane = lane,
                               .fd = fd,
                               .status = &status});
}

void EpollProactor::read(Token token, int fd, std::span<std::byte> buffer, std::uint64_t offset,
                         Lane lane) {
    if (is_local(lane)) {
        const iovec target{.iov_base = buffer.data(), .iov_len = buffer.size()};
        const ssize_t got = ::preadv2(fd, &target, 1, static_cast<off_t>(offset), RWF_NOWAIT);
        // Less than was asked for may mean that the rest is not in memory; a thread finds out.
        if (got == 0 || std::cmp_equal(got, buffer.size())) {
            batch_.add_ready(token, static_cast<std::int32_t>(got));
            return;
        }
    }
    pool_->submit(BlockingCall{.kind = BlockingCall::Kind::read,
                               .token = token,
                               .lane = lane,
                               .fd = fd,
                               .buffer = buffer.data(),
                               .length = buffer.size(),
                               .offset = offset});
}

void EpollProactor::await_input(Token token, int fd) {
    await_event(token, fd, EPOLLIN);
}

void EpollProactor::await_priority(Token token, int fd) {
    await_event(token, fd, EPOLLPRI);
}

void EpollProactor::await_event(Token token, int fd, std::uint32_t events) {
    Descriptor& state = descriptor(fd);
    TORC_ASSERT(state.pending == Pending::nothing);
    // Asked anew each time, since the caller may leave something unread.
    epoll_event event{.events = events | static_cast<std::uint32_t>(EPOLLONESHOT),
                      .data = {.fd = fd}};
    const int change = state.is_registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (::epoll_ctl(epoll_fd_.get(), change, fd, &event) < 0) {
        batch_.add_ready(token, -errno);
        return;
    }
    state.is_registered = true;
    state.pending = Pending::await_event;
    state.token = token;
}

void EpollProactor::run(Token token, BlockingJob& job, Lane lane) {
    pool_->submit(
        BlockingCall{.kind = BlockingCall::Kind::run, .token = token, .lane = lane, .job = &job});
}

void EpollProactor::close(int fd) {
    // Closing ends the registration too, for nobody else holds these files open.
    const auto number = static_cast<std::size_t>(fd);
    if (number < places_.size() && places_[number] != no_place) {
        const Descriptor& state = at(places_[number]);
        TORC_ASSERT(state.pending == Pending::nothing);
        forget(state);
    }
    ::close(fd);
}

void EpollProactor::close_file(int fd, Lane lane) noexcept {
    if (close_at_once(fd, lane)) {
        return;
    }
    try {
        pool_->submit(BlockingCall{.kind = BlockingCall::Kind::close, .lane = lane, .fd = fd});
    } catch (const std::bad_alloc&) {
        ::close(fd);
    }
}

void EpollProactor::shutdown(int socket, int how) {
    ::shutdown(socket, how);
    Descriptor& state = descriptor(socket);
    if (how == SHUT_RDWR && state.pending == Pending::send && state.sender.is_reading_chunk()) {
        // Nothing tells when the file system that is waited for will answer. A local disk does, and
        // its call goes by the number of a file that the caller may close then.
        state.sender.abandon();
        state.pending = Pending::nothing;
        batch_.add_ready(state.token, -ECANCELED);
    }
}

void EpollProactor::wake() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_fd_.get(), &one, sizeof one);
}

std::span<const Completion> EpollProactor::wait(MonotonicTime deadline) {
    for (std::uint16_t index = 0; index < lent_buffers_; ++index) {
        buffers_.take_back(index);
    }
    lent_buffers_ = 0;
    batch_.begin();
    run_queue();
    // Whoever serves one peer at a time has sent its answer now and would look in vain for the next
    // request. Never twice in a row, so that what can be done at once keeps nobody waiting.
    if (!batch_.empty() && is_quiet_) {
        is_quiet_ = false;
        now_ = std::chrono::steady_clock::now();
    } else {
        is_quiet_ = poll(batch_.empty() ? deadline : MonotonicTime::min()) <= 1;
        run_queue();
    }
    batch_.fill();
    return batch_.completions();
}

void EpollProactor::run_queue() {
    std::size_t count = 0;
    while (count < queue_.size() && batch_.has_room()) {
        const int fd = queue_[count++];
        Descriptor& state = descriptor(fd);
        state.is_queued = false;
        try {
            attempt(state);
        } catch (const std::bad_alloc&) {
            // It costs the operation that wanted memory; those that have ended are reported.
            state.sender.abandon();
            finish(state, -ENOMEM);
        }
    }
    if (count == queue_.size()) {
        queue_.clear();
    } else {
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
    }
}

void EpollProactor::attempt(Descriptor& state) {
    switch (state.pending) {
        case Pending::nothing:
            break;
        case Pending::accept:
            attempt_accept(state);
            break;
        case Pending::receive:
            attempt_receive(state);
            break;
        case Pending::send:
            attempt_send(state);
            break;
        case Pending::await_event:
            finish(state, 1);
            break;
    }
}

void EpollProactor::attempt_accept(Descriptor& state) {
    for (int count = 0; count < accepts_per_turn_max && batch_.has_room(); ++count) {
        const int socket = ::accept4(state.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket >= 0) {
            batch_.add(
                Completion{.token = state.token, .result = socket, .more = true, .data = {}});
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            const int error = errno;
            ::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_DEL, state.fd, nullptr);
            finish(state, -error);
            forget(state);
            return;
        }
    }
    // Level-triggered: what is left in the queue is reported again.
}

void EpollProactor::attempt_receive(Descriptor& state) {
    // A batch with room for one more completion has lent fewer buffers than there are.
    TORC_ASSERT(lent_buffers_ < limits::receive_buffers);
    const std::uint16_t index = lent_buffers_;
    if (index == buffers_.ready()) {
        buffers_.make_more_ready();
    }
    static_cast<void>(buffers_.lend(index, limits::receive_buffer_bytes));
    ssize_t got = 0;
    do {
        got = ::recv(state.fd, buffers_.address(index), limits::receive_buffer_bytes, 0);
    } while (got < 0 && errno == EINTR);
    const int error = errno;
    buffers_.take_back(index);
    if (got < 0) {
        if (error == EAGAIN) {
            state.is_readable = false;
        } else {
            finish(state, -error);
        }
        return;
    }
    const auto count = static_cast<std::size_t>(got);
    // Less than there was room for: the socket is empty, and the next bytes bring an edge.
    state.is_readable = count == limits::receive_buffer_bytes || state.has_peer_ended;
    ++lent_buffers_;
    state.pending = Pending::nothing;
    batch_.add(Completion{.token = state.token,
                          .result = static_cast<std::int32_t>(got),
                          .more = false,
                          .data = buffers_.lend(index, count)});
}

void EpollProactor::attempt_send(Descriptor& state) {
    SocketSender::Step step;
    do {
        // Until the socket takes nothing: only then is an edge sure to tell of room.
        step = state.sender.advance(file_sender_);
    } while (step.need == SocketSender::Need::more_room);
    switch (step.need) {
        case SocketSender::Need::room:
        case SocketSender::Need::more_room:
            state.is_writable = false;
            break;
        case SocketSender::Need::pages:
        case SocketSender::Need::chunk:
            start_reading(state);
            break;
        case SocketSender::Need::room_for_next:
            await_room(state);
            finish(state, step.result);
            break;
        case SocketSender::Need::nothing:
            finish(state, step.result);
            break;
    }
}

void EpollProactor::start_reading(const Descriptor& state) {
    pool_->submit(
        state.sender.read_call(internal_reading, places_[static_cast<std::size_t>(state.fd)]));
}

void EpollProactor::has_read(const BlockingPool::Done& done) {
    Descriptor& state = at(done.call.token.slot);
    if (!state.sender.is_reading(done.call.token)) {
        return;  // The socket was shut down meanwhile, which ended the operation.
    }
    state.sender.on_read(done.result);
    enqueue(state);
}

void EpollProactor::await_room(Descriptor& state) {
    // Not by the edge alone: if it was the file that ended, none would come.
    epoll_event event{.events = connection_events, .data = {.fd = state.fd}};
    state.is_writable = ::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_MOD, state.fd, &event) < 0;
}

std::size_t EpollProactor::poll(MonotonicTime deadline) {
    std::array<epoll_event, limits::completions_per_wait_max> events;
    const int timeout = deadline == MonotonicTime::min() ? 0 : milliseconds_until(deadline);
    const int count =
        ::epoll_wait(epoll_fd_.get(), events.data(), static_cast<int>(events.size()), timeout);
    TORC_ASSERT(count >= 0 || errno == EINTR);
    now_ = std::chrono::steady_clock::now();
    for (int index = 0; index < count; ++index) {
        const epoll_event& event = events[static_cast<std::size_t>(index)];
        if (event.data.fd == wake_fd_.get()) {
            take_pool_results();
        } else {
            take_event(event.data.fd, event.events);
        }
    }
    return static_cast<std::size_t>(std::max(count, 0));
}

void EpollProactor::take_event(int fd, std::uint32_t events) {
    Descriptor& state = descriptor(fd);
    constexpr auto ends = static_cast<std::uint32_t>(EPOLLERR | EPOLLHUP);
    if ((events & (static_cast<std::uint32_t>(EPOLLIN | EPOLLPRI | EPOLLRDHUP) | ends)) != 0) {
        state.is_readable = true;
        state.has_peer_ended |= (events & (static_cast<std::uint32_t>(EPOLLRDHUP) | ends)) != 0;
        if (state.pending == Pending::receive || state.pending == Pending::accept ||
            state.pending == Pending::await_event) {
            enqueue(state);
        }
    }
    if ((events & (static_cast<std::uint32_t>(EPOLLOUT) | ends)) != 0) {
        state.is_writable = true;
        if (state.pending == Pending::send && !state.sender.is_reading()) {
            enqueue(state);
        }
    }
}

void EpollProactor::take_pool_results() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_fd_.get(), &count, sizeof count);
    pool_->take_done(pool_results_);
    for (const BlockingPool::Done& done : pool_results_) {
        if (done.call.token.operation == internal_reading) {
            has_read(done);
        } else {
            batch_.add_ready(done.call.token, done.result);
        }
    }
    pool_results_.clear();
}

}  // namespace torc::io
