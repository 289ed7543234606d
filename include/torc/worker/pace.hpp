#pragma once

#include <torc/base/clock.hpp>

#include <chrono>
#include <cstdint>

namespace torc::worker {

/// How fast a peer takes or sends bytes, by the looks that were taken at it.
///
/// The rate is that of a window of time. When the window is full, half of it is forgotten, in bytes
/// and in time: the rate stays what it is, and what lies back counts less and less, so that nobody
/// lives on having been fast once.
class Pace {
public:
    /// A transfer begins; what was before it does not count.
    void begin(MonotonicTime now) noexcept {
        began_at_ = now;
        moved_at_ = now;
        window_begins_at_ = never;
    }
    /// The peer has taken something; how much is seen by the next look.
    void move(MonotonicTime now) noexcept { moved_at_ = now; }
    /// `total_bytes`: moved since the connection began. The first look of a transfer only sets the
    /// mark from which bytes count. Gives whether some moved since the last look, or that there was
    /// none.
    bool look(std::uint64_t total_bytes, MonotonicTime now,
              std::chrono::nanoseconds window) noexcept;

    /// As of the last look.
    [[nodiscard]] std::uint64_t total_bytes() const noexcept { return total_bytes_; }
    /// Since bytes were last seen to move.
    [[nodiscard]] std::chrono::nanoseconds stalled_for(MonotonicTime now) const noexcept {
        return now - moved_at_;
    }
    /// From the beginning of the transfer to the last time that bytes were seen to move. It stays
    /// short when a peer reads nothing: all that moves is what its kernel has room for, at once.
    [[nodiscard]] std::chrono::nanoseconds moved_for() const noexcept {
        return moved_at_ - began_at_;
    }
    /// How long the window is by now; 0 before the first look.
    [[nodiscard]] std::chrono::nanoseconds observed_for(MonotonicTime now) const noexcept {
        return window_begins_at_ == never ? std::chrono::nanoseconds(0) : now - window_begins_at_;
    }
    /// Over the window; 0 before the second look.
    [[nodiscard]] double bytes_per_second(MonotonicTime now) const noexcept;

private:
    MonotonicTime began_at_{};
    MonotonicTime moved_at_{};
    /// `never`: nobody has looked since the transfer began.
    MonotonicTime window_begins_at_ = never;
    std::uint64_t window_bytes_ = 0;
    std::uint64_t total_bytes_ = 0;
};

}  // namespace torc::worker
