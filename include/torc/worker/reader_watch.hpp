#pragma once

#include <torc/base/clock.hpp>
#include <torc/io/proactor.hpp>
#include <torc/worker/connection_table.hpp>
#include <torc/worker/deadline_list.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace torc::worker {

/// Watches the connections of one worker that send, and how fast their peers read.
///
/// What a peer reads is what it has acknowledged: completions of sends tell far less, since the
/// kernel reports room in a socket's buffer when a third of it is free, and one operation may be
/// many megabytes. A response that leaves at once is never looked at.
class ReaderWatch {
public:
    /// `timeout`: how long a peer may take nothing. `bytes_per_second_min`: a peer that takes less
    /// may be ended when there is no room for others; 0: none may. The proactor outlives this.
    ReaderWatch(const io::Proactor& proactor, std::chrono::nanoseconds timeout,
                std::uint64_t bytes_per_second_min) noexcept;

    /// From now on these are the limits, for the connections that it watches too.
    void set_limits(std::chrono::nanoseconds timeout, std::uint64_t bytes_per_second_min) noexcept;

    /// A response begins to leave.
    void begin(ConnectionSlot& slot, MonotonicTime now) noexcept;
    /// A part of it has left.
    void go_on(ConnectionSlot& slot, MonotonicTime now) noexcept;

    /// When `take_expired` is due; `never` when nothing is sent.
    [[nodiscard]] MonotonicTime next() noexcept { return looks_.next(); }
    /// Looks at those that are due. Takes out one whose peer has taken nothing for the timeout, or
    /// has gone: nothing else tells of that while the file system is waited for. Null: there is
    /// none, as far as one call looks.
    [[nodiscard]] ConnectionSlot* take_expired(MonotonicTime now) noexcept;

    /// Takes out one whose peer has gone; null: there is none, as far as `looks_left` looks tell.
    /// Looks at those that are not due too, and at others in a later iteration.
    [[nodiscard]] ConnectionSlot* take_gone(MonotonicTime now, std::size_t& looks_left) noexcept;

    /// The slowest of those that may be ended for others: the peer takes less than the minimum, and
    /// has done so for some seconds. Where there is none, one whose peer has filled what its kernel
    /// has room for and reads nothing, as far as its closed window tells, which has stood still for
    /// `patience`: that which stopped soonest after it began. Looks at a bounded number, and at
    /// others the next time. Null: none of these may.
    [[nodiscard]] ConnectionSlot* find_slowest(MonotonicTime now,
                                               std::chrono::nanoseconds patience) noexcept;

    /// What the kernel still has of the responses of a connection that has sent all.
    enum class Rest : std::uint8_t {
        nothing,
        /// Some, which the peer may still take.
        awaited,
        /// Some, and the peer has taken nothing of it for the timeout.
        refused,
    };
    [[nodiscard]] Rest look_at_rest(ConnectionSlot& slot, MonotonicTime now) const noexcept;

private:
    [[nodiscard]] io::PeerProgress look(ConnectionSlot& slot, MonotonicTime now) const noexcept;

    const io::Proactor& proactor_;
    std::chrono::nanoseconds timeout_{};
    /// Over which a rate is told.
    std::chrono::nanoseconds window_{};
    double bytes_per_second_min_ = 0;
    /// By when they are looked at next.
    DeadlineList<ConnectionSlot> looks_;
};

}  // namespace torc::worker
