#pragma once

#include <chrono>
#include <cstdint>

namespace torc {

/// A point on the monotonic clock (CLOCK_MONOTONIC): for deadlines and durations, never for a Date.
using MonotonicTime = std::chrono::steady_clock::time_point;

/// A point on the wall clock with the nanoseconds that file times have.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

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

/// The deadline of whoever waits for nothing.
inline constexpr MonotonicTime never = MonotonicTime::max();

}  // namespace torc
