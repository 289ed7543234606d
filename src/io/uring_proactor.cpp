#include "uring_proactor.hpp"

#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>

#include "thread_sanitizer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace torc::io {

Result<std::unique_ptr<Proactor>> UringProactor::create(const ProactorOptions& options) {
    std::unique_ptr<UringProactor> proactor(new UringProactor());
    if (const auto result = proactor->initialise(options); !result) {
        return std::unexpected(result.error());
    }
    return proactor;
}

UringProactor::~UringProactor() = default;

Result<void> UringProactor::initialise(const ProactorOptions& options) {
    // One completion for each connection, and as many again for loads, closes and accepts.
    const std::uint32_t completions =
        std::clamp(options.connections_max * 2, 2 * limits::submission_queue_entries,
                   limits::completion_queue_entries_max);
    if (auto result = ring_.open(limits::submission_queue_entries, completions); !result) {
        return result;
    }
    // Saves the kernel a look-up of the ring's descriptor in each enter; not having it is no harm.
    io_uring_register_ring_fd(ring_.get());
    std::array<unsigned, 2> thread_limits = {limits::ring_bounded_threads_max,
                                             limits::ring_unbounded_threads_max};
    if (const int error = io_uring_register_iowq_max_workers(ring_.get(), thread_limits.data());
        error < 0) {
        return std::unexpected(Errno(-error));
    }
    if (auto result = buffers_.open(ring_); !result) {
        return result;
    }
    if (auto result = sends_.open(); !result) {
        return result;
    }
    auto wake = EventFd::create(EventFd::EmptyRead::waits);
    if (!wake) {
        return std::unexpected(wake.error());
    }
    wake_ = *std::move(wake);
    arm_wake();
    // Entered once here, so that a filter that forbids no more than this shows as an error of
    // creation.
    if (const int error = io_uring_submit(ring_.get()); error < 0) {
        return std::unexpected(Errno(-error));
    }
    now_ = read_clocks();
    return {};
}

void UringProactor::accept(Token token, int listener) {
    io_uring_sqe* submission = ring_.next_submission();
    io_uring_prep_multishot_accept(submission, listener, nullptr, nullptr,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
    Ring::tag(submission, token);
}

void UringProactor::cancel_accept(Token token, int /*listener*/) {
    io_uring_sqe* submission = ring_.next_submission();
    io_uring_prep_cancel64(submission, token.pack(), 0);
    Ring::tag(submission, Token{.operation = internal_cancel});
}

void UringProactor::receive(Token token, int socket) {
    io_uring_sqe* submission = ring_.next_submission();
    RingBuffers::prepare_receive(submission, socket);
    Ring::tag(submission, token);
}

void UringProactor::send(Token token, int socket, const msghdr& message, bool more_follows) {
    // WAITALL: the kernel goes on after a short send, so that one completion nearly always means
    // all or an error. Not always: it gives up after so many tries (128 in Linux 6.18), which a
    // half-closed peer uses up at once.
    const int flags = MSG_NOSIGNAL | MSG_WAITALL | (more_follows ? MSG_MORE : 0);
    io_uring_sqe* submission = ring_.next_submission();
    if (message.msg_iovlen == 1) {
        const iovec& piece = message.msg_iov[0];
        io_uring_prep_send(submission, socket, piece.iov_base, piece.iov_len, flags);
    } else {
        io_uring_prep_sendmsg(submission, socket, &message, static_cast<unsigned>(flags));
    }
    Ring::tag(submission, token);
}

void UringProactor::send_rest(Token token, int socket, const msghdr& message, std::size_t sent,
                              bool more_follows) {
    sends_.start(token, socket,
                 {.message = &message, .sent_bytes = sent, .more_follows = more_follows});
}

void UringProactor::send_file(Token token, const FileSlice& slice) {
    sends_.start(token, slice);
}

void UringProactor::open(Token token, int directory, const char* path, const open_how& how,
                         Lane lane) {
    if (!is_local(lane)) {
        calls_.open(token, directory, path, how, lane);
        return;
    }
    io_uring_sqe* submission = ring_.next_submission();
    // liburing takes the structure without const; the kernel only reads it.
    io_uring_prep_openat2(submission, directory, path, const_cast<open_how*>(&how));
    Ring::tag(submission, token);
}

void UringProactor::stat(Token token, int fd, struct statx& status, Lane lane) {
    if (!is_local(lane)) {
        calls_.stat(token, fd, status, lane);
        return;
    }
    io_uring_sqe* submission = ring_.next_submission();
    io_uring_prep_statx(submission, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status);
    Ring::tag(submission, token);
}

void UringProactor::read(Token token, int fd, std::span<std::byte> buffer, std::uint64_t offset,
                         Lane lane) {
    if (!is_local(lane)) {
        // The ring takes O_NONBLOCK, with which files are opened, for a promise not to wait, and
        // would read such a file on this thread.
        calls_.read(token, fd, buffer, offset, lane);
        return;
    }
    io_uring_sqe* submission = ring_.next_submission();
    io_uring_prep_read(submission, fd, buffer.data(), static_cast<unsigned>(buffer.size()), offset);
    Ring::tag(submission, token);
}

void UringProactor::await_input(Token token, int fd) {
    io_uring_sqe* submission = ring_.next_submission();
    io_uring_prep_poll_add(submission, fd, POLLIN);
    Ring::tag(submission, token);
}

void UringProactor::await_priority(Token token, int fd) {
    io_uring_sqe* submission = ring_.next_submission();
    io_uring_prep_poll_add(submission, fd, POLLPRI);
    Ring::tag(submission, token);
}

void UringProactor::run(Token token, BlockingJob& job, Lane lane) {
    calls_.run(token, job, lane);
}

void UringProactor::close(int fd) {
    io_uring_sqe* submission = ring_.next_submission();
    io_uring_prep_close(submission, fd);
    note_closed_by_ring(fd);
    submission->flags |= IOSQE_CQE_SKIP_SUCCESS;
    Ring::tag(submission, Token{.operation = internal_close});
}

void UringProactor::close_file(int fd, Lane lane) noexcept {
    calls_.close_file(fd, lane);
}

void UringProactor::shutdown(int socket, int how) {
    // Not on the ring: IORING_OP_SHUTDOWN always goes to a kernel thread.
    ::shutdown(socket, how);
    if (how == SHUT_RDWR) {
        sends_.on_shutdown(socket);
    }
}

void UringProactor::wake() noexcept {
    wake_.signal();
}

void UringProactor::arm_wake() {
    io_uring_sqe* submission = ring_.next_submission();
    io_uring_prep_read(submission, wake_.descriptor(), &wake_count_, sizeof wake_count_, 0);
    Ring::tag(submission, Token{.operation = internal_wake});
}

void UringProactor::arm_timer(MonotonicTime deadline) {
    // A timeout in the ring, kept until it fires, not one for each wait: setting and cancelling a
    // kernel timer in every iteration costs more than the rest of its bookkeeping.
    if (deadline >= armed_deadline_) {
        return;
    }
    const bool is_armed = std::exchange(armed_deadline_, deadline) != never;
    const auto since_boot = deadline.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
    timer_.tv_sec = seconds.count();
    timer_.tv_nsec = std::chrono::nanoseconds(since_boot - seconds).count();
    io_uring_sqe* submission = ring_.next_submission();
    const Token timer{.operation = internal_timer};
    if (is_armed) {
        // Brought forward, not left to fire for nothing: such timers would be more and more. If it
        // has fired meanwhile, its completion ends this wait, and the next one arms it anew.
        io_uring_prep_timeout_update(submission, &timer_, timer.pack(), IORING_TIMEOUT_ABS);
        submission->flags |= IOSQE_CQE_SKIP_SUCCESS;
        Ring::tag(submission, Token{.operation = internal_timer_update});
    } else {
        io_uring_prep_timeout(submission, &timer_, 0, IORING_TIMEOUT_ABS);
        Ring::tag(submission, timer);
    }
}

std::span<const Completion> UringProactor::wait(MonotonicTime deadline) {
    buffers_.give_back();
    ring_.queue_waiting();
    batch_.begin();
    const bool is_due = deadline <= now_.monotonic;
    if (!is_due && deadline != never) {
        arm_timer(deadline);
    }
    if (batch_.empty() && !is_due && !ring_.has_waiting()) {
        ring_.submit_and_wait();
    } else {
        ring_.submit();
    }
    now_ = read_clocks();
    reap();
    batch_.fill();
    return batch_.completions();
}

void UringProactor::reap() {
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* entry = nullptr;
    io_uring_for_each_cqe(ring_.get(), head, entry) {
        if (!batch_.has_room()) {
            break;
        }
        ++seen;
        take_completion(*entry);
    }
    io_uring_cq_advance(ring_.get(), seen);
}

void UringProactor::take_completion(const io_uring_cqe& entry) {
    const Token token = Token::unpack(entry.user_data);
    if (token.operation >= Token::reserved_operations) {
        take_internal_completion(token, entry.res);
        return;
    }
    batch_.add({.token = token,
                .result = entry.res,
                .more = (entry.flags & IORING_CQE_F_MORE) != 0,
                .data = buffers_.lend(entry)});
}

void UringProactor::take_internal_completion(Token token, std::int32_t result) {
    switch (static_cast<Internal>(token.operation)) {
        case internal_timer:
            armed_deadline_ = never;
            break;
        case internal_wake:
            arm_wake();
            calls_.take_results(batch_, [this](Token call, std::int32_t call_result) {
                sends_.on_chunk_read(call, call_result);
            });
            break;
        case internal_timer_update:  // Completes with an error only: the timer has just fired.
        case internal_close:         // Completes with an error only, which nobody can mend.
        case internal_cancel:        // The stream's own last completion says all.
            break;
        case internal_pages_read:
            sends_.on_pages_read(token.slot, result);
            break;
        case internal_room_poll:
            sends_.on_room_polled(token.slot, result);
            break;
        case internal_room_events:
            sends_.on_room_events();
            break;
        case internal_chunk_read:  // Not of the ring.
            assertion_failed("the ring completes what the ring was given");
    }
}

}  // namespace torc::io
