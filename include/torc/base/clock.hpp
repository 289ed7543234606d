#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace torc {

/// A point on the monotonic clock (CLOCK_MONOTONIC): for deadlines and durations, never for a Date.
using MonotonicTime = std::chrono::steady_clock::time_point;

/// A point on the wall clock with the nanoseconds that file times have.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Both clocks, read once for all that one iteration of a loop does.
struct Now {
    MonotonicTime monotonic{};
    WallTime wall{};
};

/// Reads both clocks (clock_gettime(2), as a rule without a system call). A loop reads them once an
/// iteration, see io::Proactor::now.
[[nodiscard]] inline Now read_clocks() noexcept {
    return {.monotonic = std::chrono::steady_clock::now(),
            .wall = std::chrono::time_point_cast<std::chrono::nanoseconds>(
                std::chrono::system_clock::now())};
}

/// Reads the monotonic clock: for threads that have no loop, and for how long a step took.
[[nodiscard]] inline MonotonicTime monotonic_now() noexcept {
    return std::chrono::steady_clock::now();
}

/// The time of an inode, as statx(2) gives it. Times before 1678 and after 2261, which any tool may
/// set, become those.
[[nodiscard]] constexpr WallTime to_wall_time(std::int64_t seconds,
                                              std::uint32_t nanoseconds) noexcept {
    constexpr auto earliest =
        std::chrono::ceil<std::chrono::seconds>(WallTime::min().time_since_epoch());
    constexpr auto latest =
        std::chrono::floor<std::chrono::seconds>(WallTime::max().time_since_epoch()) -
        std::chrono::seconds(1);
    if (seconds < earliest.count() || seconds > latest.count()) {
        return WallTime(seconds < 0 ? earliest : latest);
    }
    return WallTime(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds));
}

/// No deadline: later than every time.
inline constexpr MonotonicTime never = MonotonicTime::max();

/// The earliest of several times. A loop asks in each iteration, and from std::min of a list g++
/// makes three times as many instructions.
template <typename... Times>
[[nodiscard]] constexpr MonotonicTime earliest(MonotonicTime first, Times... others) noexcept {
    ((first = std::min(first, others)), ...);
    return first;
}

/// How long poll(2) or epoll_wait(2) is to wait for `deadline`: rounded up, so that what is due
/// then is due; at most an hour, so call it in a loop; -1 for `never`.
[[nodiscard]] inline int milliseconds_until(MonotonicTime deadline) noexcept {
    if (deadline == never) {
        return -1;
    }
    const MonotonicTime now = monotonic_now();
    if (deadline <= now) {
        return 0;  // The difference to MonotonicTime::min() would not be one.
    }
    constexpr std::chrono::milliseconds longest = std::chrono::hours(1);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
    return static_cast<int>(std::min(left, longest).count());
}

}  // namespace torc
