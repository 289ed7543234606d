#include "ring.hpp"

#include <torc/base/assert.hpp>

#include "uring_operations.hpp"

#include <poll.h>

#include <cerrno>
#include <cstddef>

namespace torc::io {
namespace {

/// Until the kernel is asked again that had no memory to take a submission.
constexpr int shortage_pause_ms = 1;

}  // namespace

Ring::~Ring() {
    if (is_open_) {
        io_uring_submit(&ring_);
        io_uring_queue_exit(&ring_);
    }
}

Result<void> Ring::open(std::uint32_t submissions, std::uint32_t completions) noexcept {
    io_uring_params parameters{};
    // SINGLE_ISSUER: one thread submits, so the kernel takes no lock for it; DEFER_TASKRUN needs
    // it. DEFER_TASKRUN: completions are worked off when the loop waits, in one batch, not by
    // interrupting it. SUBMIT_ALL: one bad submission completes with its error and does not hold up
    // those behind it. CQSIZE: room for every connection's completion at once, since an overflow is
    // slow to recover from. CLAMP: past the kernel's maximum take the maximum. Never a flag that
    // liburing 2.3 does not know: with NO_SQARRAY it writes over the ring's head.
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    parameters.cq_entries = completions;
    if (const int error = io_uring_queue_init_params(submissions, &ring_, &parameters); error < 0) {
        return std::unexpected(Errno(-error));
    }
    is_open_ = true;
    return {};
}

io_uring_sqe* Ring::next_submission() {
    if (!waiting_.empty()) {
        return &waiting_.emplace_back();
    }
    io_uring_sqe* submission = io_uring_get_sqe(&ring_);
    if (submission == nullptr) {
        submit();
        submission = io_uring_get_sqe(&ring_);
    }
    return submission != nullptr ? submission : &waiting_.emplace_back();
}

void Ring::tag(io_uring_sqe* submission, Token token) noexcept {
    TORC_ASSERT(is_used_operation(submission->opcode));
    submission->user_data = token.pack();
}

void Ring::queue_waiting() noexcept {
    std::size_t count = 0;
    for (; count < waiting_.size(); ++count) {
        io_uring_sqe* const submission = io_uring_get_sqe(&ring_);
        if (submission == nullptr) {
            break;
        }
        *submission = waiting_[count];
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
}

void Ring::submit() noexcept {
    check(io_uring_submit_and_get_events(&ring_));
}

void Ring::submit_and_wait() noexcept {
    const int result = io_uring_submit_and_wait(&ring_, 1);
    check(result);
    if (result == -EAGAIN || result == -ENOMEM) {
        // Nothing was waited for; without a pause the thread would ask again and again.
        ::poll(nullptr, 0, shortage_pause_ms);
    }
}

void Ring::check(int result) noexcept {
    // EINTR: a signal came. EBUSY, EAGAIN, ENOMEM: the kernel wants completions taken, or memory to
    // come back, first; what is queued stays queued for the next call. EBADR: the completion queue
    // was full and the kernel had no memory to keep a completion elsewhere, so it is lost.
    TORC_ASSERT(result >= 0 || result == -EINTR || result == -EBUSY || result == -EAGAIN ||
                result == -ENOMEM || result == -EBADR);
    has_lost_completions_ |= result == -EBADR;
}

}  // namespace torc::io
