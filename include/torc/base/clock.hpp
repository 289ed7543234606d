#pragma once

#include <chrono>

namespace torc {

/// A point on the monotonic clock (CLOCK_MONOTONIC): for deadlines and durations, never for a Date.
using MonotonicTime = std::chrono::steady_clock::time_point;

/// A point on the wall clock with the nanoseconds that file times have.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// The deadline of whoever waits for nothing.
inline constexpr MonotonicTime never = MonotonicTime::max();

}  // namespace torc
