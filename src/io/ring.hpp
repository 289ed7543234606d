#pragma once

#include <torc/base/errno.hpp>
#include <torc/io/proactor.hpp>

#include <liburing.h>

#include <cstdint>
#include <vector>

namespace torc::io {

/// Token::operation of the operations that UringProactor starts for itself.
enum Internal : std::uint8_t {
    internal_timer = Token::reserved_operations,
    internal_timer_update,
    internal_wake,
    internal_close,
    internal_cancel,
    internal_pages_read,
    internal_room_poll,
    internal_room_events,
    /// Of the pool, not of the ring.
    internal_chunk_read,
};

/// An initialised ring, torn down on destruction, and the submissions that it has no room for.
/// Neither moves nor copies: liburing keeps pointers into it.
class Ring {
public:
    Ring() = default;
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    /// Submits what is queued first: a descriptor whose close was asked for must not stay open.
    ~Ring();

    /// Makes the ring with the set-up flags that torc needs (see the .cpp) and at least
    /// `completions` places in its completion queue. Call once. Errors: those of io_uring_setup(2).
    [[nodiscard]] Result<void> open(std::uint32_t submissions, std::uint32_t completions) noexcept;

    [[nodiscard]] io_uring* get() noexcept { return &ring_; }

    /// An entry to prepare and to `tag`. Lives until the next call. Throws std::bad_alloc when the
    /// ring is full and the kernel, short of memory, takes nothing from it.
    [[nodiscard]] io_uring_sqe* next_submission();
    /// Puts `token` on a prepared submission.
    static void tag(io_uring_sqe* submission, Token token) noexcept;

    /// Moves submissions that found no room into the ring, as far as there is room now.
    void queue_waiting() noexcept;
    [[nodiscard]] bool has_waiting() const noexcept { return !waiting_.empty(); }
    /// Submits what is queued and takes what has completed.
    void submit() noexcept;
    /// The same, and waits until something completes or a signal comes.
    void submit_and_wait() noexcept;

    /// Whether the kernel had no memory to keep some completions, which then never come.
    [[nodiscard]] bool has_lost_completions() const noexcept { return has_lost_completions_; }

private:
    void check(int result) noexcept;

    io_uring ring_{};
    bool is_open_ = false;
    bool has_lost_completions_ = false;
    /// In their order; all come behind what is in the ring.
    std::vector<io_uring_sqe> waiting_;
};

}  // namespace torc::io
