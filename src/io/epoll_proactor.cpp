#include "epoll_proactor.hpp"

#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>

#include "socket_calls.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace torc::io {
namespace {

/// How many connections one listener may hand over before others have their turn.
constexpr int accepts_at_once_max = 64;

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
    auto wake = EventFd::create(EventFd::EmptyRead::fails);
    if (!wake) {
        return std::unexpected(wake.error());
    }
    wake_ = *std::move(wake);
    if (auto result = readiness_.open(wake_.descriptor()); !result) {
        return result;
    }
    now_ = read_clocks();
    return sends_.open();
}

void EpollProactor::begin(Descriptor& descriptor, const Result<void>& registered,
                          ReadHalf::Pending pending, Token token) {
    ReadHalf& half = descriptor.read;
    TORC_ASSERT(half.pending == ReadHalf::Pending::nothing);
    if (!registered) {
        batch_.add_ready(token, -registered.error().value());
        return;
    }
    half.pending = pending;
    half.token = token;
}

void EpollProactor::accept(Token token, int listener) {
    Descriptor& descriptor = readiness_.descriptor(listener);
    begin(descriptor, readiness_.register_listener(descriptor), ReadHalf::Pending::accept, token);
    readiness_.enqueue(descriptor, ReadinessTable::Half::read);
}

void EpollProactor::cancel_accept(Token token, int listener) {
    Descriptor& descriptor = readiness_.descriptor(listener);
    if (descriptor.read.pending != ReadHalf::Pending::accept || descriptor.read.token != token) {
        return;  // The stream has ended on its own; its last completion was reported or is about to
                 // be.
    }
    readiness_.unregister(descriptor);
    readiness_.forget(descriptor);
    batch_.add_ready(token, -ECANCELED);
}

void EpollProactor::receive(Token token, int socket) {
    Descriptor& descriptor = readiness_.descriptor(socket);
    begin(descriptor, readiness_.register_socket(descriptor), ReadHalf::Pending::receive, token);
    if (descriptor.read.is_ready) {
        readiness_.enqueue(descriptor, ReadinessTable::Half::read);
    }
}

void EpollProactor::send(Token token, int socket, const msghdr& message, bool more_follows) {
    send_rest(token, socket, message, 0, more_follows);
}

void EpollProactor::send_rest(Token token, int socket, const msghdr& message, std::size_t sent,
                              bool more_follows) {
    sends_.start(token, socket,
                 {.message = &message, .sent_bytes = sent, .more_follows = more_follows});
}

void EpollProactor::send_file(Token token, const FileSlice& slice) {
    sends_.start(token, slice);
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
    calls_.open(token, directory, path, how, lane);
}

void EpollProactor::stat(Token token, int fd, struct statx& status, Lane lane) {
    calls_.stat(token, fd, status, lane);
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
    calls_.read(token, fd, buffer, offset, lane);
}

void EpollProactor::await_input(Token token, int fd) {
    await_event(token, fd, EPOLLIN);
}

void EpollProactor::await_priority(Token token, int fd) {
    await_event(token, fd, EPOLLPRI);
}

void EpollProactor::await_event(Token token, int fd, std::uint32_t events) {
    Descriptor& descriptor = readiness_.descriptor(fd);
    // Asked anew each time, since the caller may leave something unread.
    begin(descriptor, readiness_.await_once(descriptor, events), ReadHalf::Pending::await_event,
          token);
}

void EpollProactor::run(Token token, BlockingJob& job, Lane lane) {
    calls_.run(token, job, lane);
}

void EpollProactor::close(int fd) {
    // Closing ends the registration too, for nobody else holds these files open.
    if (Descriptor* const descriptor = readiness_.find(fd); descriptor != nullptr) {
        TORC_ASSERT(descriptor->read.pending == ReadHalf::Pending::nothing &&
                    !descriptor->write.is_pending);
        readiness_.forget(*descriptor);
    }
    ::close(fd);
}

void EpollProactor::close_file(int fd, Lane lane) noexcept {
    calls_.close_file(fd, lane);
}

void EpollProactor::shutdown(int socket, int how) {
    ::shutdown(socket, how);
    if (Descriptor* const descriptor = readiness_.find(socket);
        how == SHUT_RDWR && descriptor != nullptr) {
        sends_.on_shutdown(*descriptor);
    }
}

void EpollProactor::wake() noexcept {
    wake_.signal();
}

std::span<const Completion> EpollProactor::wait(MonotonicTime deadline) {
    for (std::uint16_t index = 0; index < lent_buffers_; ++index) {
        buffers_.take_back(index);
    }
    lent_buffers_ = 0;
    batch_.begin();
    run_queue();
    // A caller that serves one peer at a time has sent its response now and would look in vain for
    // the next request. Never twice in a row, so that what can be done at once does not delay what
    // is waited for.
    if (!batch_.empty() && is_quiet_) {
        is_quiet_ = false;
        now_ = read_clocks();
    } else {
        is_quiet_ = poll(batch_.empty() ? deadline : MonotonicTime::min()) <= 1;
        run_queue();
    }
    batch_.fill();
    return batch_.completions();
}

void EpollProactor::run_queue() {
    readiness_.run_queue([this] { return batch_.has_room(); },
                         [this](Descriptor& descriptor, ReadinessTable::Half half) {
                             if (half == ReadinessTable::Half::read) {
                                 attempt_read(descriptor);
                             } else {
                                 sends_.attempt(descriptor);
                             }
                         });
}

void EpollProactor::attempt_read(Descriptor& descriptor) {
    switch (descriptor.read.pending) {
        case ReadHalf::Pending::nothing:
            break;
        case ReadHalf::Pending::accept:
            attempt_accept(descriptor);
            break;
        case ReadHalf::Pending::receive:
            attempt_receive(descriptor);
            break;
        case ReadHalf::Pending::await_event:
            finish(descriptor.read, 1);
            break;
    }
}

void EpollProactor::finish(ReadHalf& half, std::int32_t result) {
    half.pending = ReadHalf::Pending::nothing;
    batch_.add({.token = half.token, .result = result, .more = false, .data = {}});
}

void EpollProactor::attempt_accept(Descriptor& descriptor) {
    const Token token = descriptor.read.token;
    for (int count = 0; count < accepts_at_once_max && batch_.has_room(); ++count) {
        const int socket = ::accept4(descriptor.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket >= 0) {
            batch_.add({.token = token, .result = socket, .more = true, .data = {}});
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            const int error = errno;
            readiness_.unregister(descriptor);
            finish(descriptor.read, -error);
            readiness_.forget(descriptor);
            return;
        }
    }
    // Level-triggered: what is left in the queue is reported again.
}

void EpollProactor::attempt_receive(Descriptor& descriptor) {
    ReadHalf& half = descriptor.read;
    // A batch with room for one more completion has lent fewer buffers than there are.
    TORC_ASSERT(lent_buffers_ < limits::receive_buffers);
    const std::uint16_t index = lent_buffers_;
    if (index == buffers_.ready()) {
        buffers_.make_more_ready();
    }
    static_cast<void>(buffers_.lend(index, limits::receive_buffer_bytes));
    ssize_t got = 0;
    do {
        got = receive_from(descriptor.fd, buffers_.address(index), limits::receive_buffer_bytes);
    } while (got < 0 && errno == EINTR);
    const int error = errno;
    buffers_.take_back(index);
    if (got < 0) {
        if (error == EAGAIN) {
            half.is_ready = false;
        } else {
            finish(half, -error);
        }
        return;
    }
    const auto count = static_cast<std::size_t>(got);
    // Less than there was room for: the socket is empty, and the next bytes bring an edge.
    half.is_ready = count == limits::receive_buffer_bytes || half.has_peer_ended;
    ++lent_buffers_;
    half.pending = ReadHalf::Pending::nothing;
    batch_.add({.token = half.token,
                .result = static_cast<std::int32_t>(got),
                .more = false,
                .data = buffers_.lend(index, count)});
}

std::size_t EpollProactor::poll(MonotonicTime deadline) {
    const int timeout_ms = deadline == MonotonicTime::min() ? 0 : milliseconds_until(deadline);
    const ReadinessTable::Polled polled = readiness_.poll(timeout_ms);
    now_ = read_clocks();
    if (polled.is_woken) {
        wake_.clear();
        calls_.take_results(
            batch_, [this](Token token, std::int32_t result) { sends_.on_read(token, result); });
    }
    return polled.events;
}

}  // namespace torc::io
