#include <torc/server/report_limiter.hpp>

namespace torc::server {

bool OnceReporter::may_report(std::string_view subject, MonotonicTime now) {
    const std::scoped_lock lock(mutex_);
    std::string text(subject);
    if (reported_.contains(text) || !limiter_.may_report(now)) {
        return false;
    }
    if (reported_.size() == subjects_max) {
        reported_.clear();
    }
    reported_.insert(std::move(text));
    return true;
}

}  // namespace torc::server
