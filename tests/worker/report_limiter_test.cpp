#include <torc/worker/report_limiter.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace torc::worker {
namespace {

constexpr MonotonicTime noon{std::chrono::hours(12)};

TEST(ReportLimiter, LetsOneReportPassInItsInterval) {
    ReportLimiter limiter;
    EXPECT_TRUE(limiter.may_report(noon));
    EXPECT_FALSE(limiter.may_report(noon + ReportLimiter::interval - std::chrono::nanoseconds(1)));
    EXPECT_TRUE(limiter.may_report(noon + ReportLimiter::interval));
}

TEST(OnceReporter, ReportsEachSubjectOnce) {
    OnceReporter reporter;
    EXPECT_TRUE(reporter.may_report("a", noon));
    EXPECT_FALSE(reporter.may_report("a", noon + std::chrono::hours(1)));
    EXPECT_TRUE(reporter.may_report("b", noon + std::chrono::hours(1)));
}

TEST(OnceReporter, ReportsLaterWhatIsHeldBackBehindManyOthers) {
    OnceReporter reporter;
    for (unsigned count = 0; count < OnceReporter::reports_per_interval_max; ++count) {
        EXPECT_TRUE(reporter.may_report(std::to_string(count), noon));
    }
    EXPECT_FALSE(reporter.may_report("b", noon));
    EXPECT_TRUE(reporter.may_report("b", noon + ReportLimiter::interval));
    EXPECT_FALSE(reporter.may_report("b", noon + 2 * ReportLimiter::interval));
}

TEST(OnceReporter, ForgetsWhatItReportedWhenThatIsTooMuch) {
    OnceReporter reporter;
    MonotonicTime now = noon;
    for (std::size_t count = 0; count <= OnceReporter::subjects_max; ++count) {
        EXPECT_TRUE(reporter.may_report(std::to_string(count), now));
        now += ReportLimiter::interval;
    }
    EXPECT_TRUE(reporter.may_report("0", now));
}

}  // namespace
}  // namespace torc::worker
