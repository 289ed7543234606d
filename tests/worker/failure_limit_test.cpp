#include <torc/worker/failure_limit.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace torc::worker {
namespace {

constexpr MonotonicTime noon{std::chrono::hours(12)};
constexpr std::uint64_t somebody = 1;
constexpr std::uint64_t another = 2;
constexpr auto moment = std::chrono::nanoseconds(1);

class FailureLimitTest : public ::testing::Test {
protected:
    void fail(int times, MonotonicTime now = noon) {
        for (int count = 0; count < times; ++count) {
            limit_.note(somebody, now);
        }
    }

    FailureLimit limit_{SecretKey{.first = 1, .second = 2}};
};

TEST_F(FailureLimitTest, LetsAClientFailSoManyTimesAndNoMore) {
    EXPECT_FALSE(limit_.blocks(somebody, noon));
    fail(FailureLimit::failures_max - 1);
    EXPECT_FALSE(limit_.blocks(somebody, noon));
    fail(1);
    EXPECT_TRUE(limit_.blocks(somebody, noon));
    EXPECT_FALSE(limit_.blocks(another, noon));
}

TEST_F(FailureLimitTest, ForgivesOneFailureAfterTheOther) {
    fail(FailureLimit::failures_max);
    const MonotonicTime later = noon + FailureLimit::forgiven_after;
    EXPECT_TRUE(limit_.blocks(somebody, later - moment));
    EXPECT_FALSE(limit_.blocks(somebody, later));
    fail(1, later);
    EXPECT_TRUE(limit_.blocks(somebody, later));
    EXPECT_FALSE(limit_.blocks(somebody, later + FailureLimit::forgiven_after));
}

TEST_F(FailureLimitTest, ForgivesThemAllInTheEnd) {
    fail(FailureLimit::failures_max);
    const MonotonicTime later = noon + FailureLimit::failures_max * FailureLimit::forgiven_after;
    fail(FailureLimit::failures_max - 1, later);
    EXPECT_FALSE(limit_.blocks(somebody, later));
}

TEST_F(FailureLimitTest, ForgetsClientsOnlyForOthersThatFailed) {
    fail(FailureLimit::failures_max);
    for (std::uint64_t network = 100; network < 100'000; ++network) {
        EXPECT_FALSE(limit_.blocks(network, noon));
    }
    EXPECT_TRUE(limit_.blocks(somebody, noon));
    for (std::uint64_t network = 100; network < 100'000; ++network) {
        limit_.note(network, noon);
    }
    EXPECT_FALSE(limit_.blocks(somebody, noon)) << "memory is bounded";
}

}  // namespace
}  // namespace torc::worker
