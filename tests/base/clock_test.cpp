#include <torc/base/clock.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace torc {
namespace {

using namespace std::chrono_literals;

TEST(MillisecondsUntil, AreRoundedUp) {
    EXPECT_EQ(milliseconds_until(never), -1);
    const int left = milliseconds_until(monotonic_now() + 60s + 1ns);
    EXPECT_GT(left, 50'000);
    EXPECT_LE(left, 60'001);
}

TEST(MillisecondsUntil, AreNoneForWhatIsDue) {
    EXPECT_EQ(milliseconds_until(monotonic_now()), 0);
    EXPECT_EQ(milliseconds_until(monotonic_now() - 1h), 0);
    EXPECT_EQ(milliseconds_until(MonotonicTime::min()), 0) << "due, however long ago that is";
}

TEST(MillisecondsUntil, AreAnHourAtTheMost) {
    EXPECT_EQ(milliseconds_until(monotonic_now() + 24h), 3'600'000);
    EXPECT_EQ(milliseconds_until(never - 1ns), 3'600'000);
}

}  // namespace
}  // namespace torc
