#pragma once

#include <torc/base/clock.hpp>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

namespace torc::worker {

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

/// Lets one report of each subject pass, and of all together a few in ten seconds. Thread-safe.
class OnceReporter {
public:
    static constexpr std::size_t subjects_max = 1024;
    /// Who tries a few files at once sees what is wrong with each of them.
    static constexpr unsigned reports_per_interval_max = 16;

    /// Whether to report of `subject` now. Of one that was held back as others had just been
    /// reported, the next call may.
    [[nodiscard]] bool may_report(std::string_view subject, MonotonicTime now);

private:
    std::mutex mutex_;
    MonotonicTime interval_ends_at_ = MonotonicTime::min();
    unsigned reports_left_ = 0;
    /// What was reported. When there are too many they are forgotten, and may be reported again.
    std::unordered_set<std::string> reported_;
};

}  // namespace torc::worker
