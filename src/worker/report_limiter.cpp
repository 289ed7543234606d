#include <torc/worker/report_limiter.hpp>

namespace torc::worker {

bool OnceReporter::may_report(std::string_view subject, MonotonicTime now) {
    const std::scoped_lock lock(mutex_);
    std::string text(subject);
    if (reported_.contains(text)) {
        return false;
    }
    if (now >= interval_ends_at_) {
        interval_ends_at_ = now + ReportLimiter::interval;
        reports_left_ = reports_per_interval_max;
    }
    if (reports_left_ == 0) {
        return false;
    }
    --reports_left_;
    if (reported_.size() == subjects_max) {
        reported_.clear();
    }
    reported_.insert(std::move(text));
    return true;
}

}  // namespace torc::worker
