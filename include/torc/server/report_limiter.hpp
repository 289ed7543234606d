#pragma once

#include <torc/base/clock.hpp>

#include <chrono>

namespace torc::server {

/// Lets one report in ten seconds pass, of what may happen thousands of times in each: the first
/// says what matters, and others would hide what else is said.
class ReportLimiter {
public:
    static constexpr std::chrono::seconds interval{10};

    /// Whether to report now; the interval then begins.
    [[nodiscard]] bool may_report(MonotonicTime now) noexcept {
        if (now < next_at_) {
            return false;
        }
        next_at_ = now + interval;
        return true;
    }

private:
    MonotonicTime next_at_ = MonotonicTime::min();
};

}  // namespace torc::server
