#include <torc/worker/pace.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;

constexpr MonotonicTime noon{12h};
constexpr auto window = 60s;

/// A transfer that has begun, and was looked at when the connection had moved `total_bytes`.
Pace begun(std::uint64_t total_bytes = 0) {
    Pace pace;
    pace.begin(noon);
    EXPECT_TRUE(pace.look(total_bytes, noon, window));
    return pace;
}

TEST(PaceTest, CountsFromTheFirstLookOn) {
    Pace pace = begun(1'000'000);
    EXPECT_EQ(pace.bytes_per_second(noon + 10s), 0.0);
    EXPECT_TRUE(pace.look(1'005'000, noon + 10s, window));
    EXPECT_DOUBLE_EQ(pace.bytes_per_second(noon + 10s), 500.0);
    EXPECT_EQ(pace.total_bytes(), 1'005'000U);
}

TEST(PaceTest, TellsSinceWhenNothingMoves) {
    Pace pace = begun();
    EXPECT_EQ(pace.stalled_for(noon + 3s), 3s);
    EXPECT_FALSE(pace.look(0, noon + 3s, window));
    EXPECT_EQ(pace.stalled_for(noon + 4s), 4s);
    EXPECT_TRUE(pace.look(1, noon + 5s, window));
    EXPECT_EQ(pace.stalled_for(noon + 6s), 1s);
    pace.move(noon + 8s);
    EXPECT_EQ(pace.stalled_for(noon + 9s), 1s);
}

TEST(PaceTest, TellsForHowLongSomethingMoved) {
    Pace pace = begun();
    EXPECT_TRUE(pace.look(100, noon + 3s, window));
    EXPECT_FALSE(pace.look(100, noon + 9s, window));
    EXPECT_EQ(pace.moved_for(), 3s);
    pace.begin(noon + 10s);
    EXPECT_EQ(pace.moved_for(), 0s);
}

TEST(PaceTest, KeepsTheRateOfASteadyPeerHoweverLongItTakes) {
    Pace pace = begun();
    for (std::uint64_t second = 1; second <= 3600; ++second) {
        (void)pace.look(second * 20'000, noon + second * 1s, window);
    }
    EXPECT_NEAR(pace.bytes_per_second(noon + 3600s), 20'000, 1'000);
    EXPECT_LE(pace.observed_for(noon + 3600s), window);
}

TEST(PaceTest, CountsWhatComesInLargeStepsAsAFlow) {
    // As a reader of 20 kB/s looks whose kernel opens its window by 64 KiB at a time.
    Pace pace = begun();
    for (std::uint64_t step = 1; step <= 100; ++step) {
        (void)pace.look(step * 65'536, noon + step * 3s, window);
        (void)pace.look(step * 65'536, noon + step * 3s + 2s, window);
        EXPECT_GT(pace.bytes_per_second(noon + step * 3s + 2s), 10'000) << step;
    }
}

TEST(PaceTest, ForgetsThatAPeerWasFastOnce) {
    Pace pace = begun();
    (void)pace.look(60'000'000, noon + 60s, window);
    EXPECT_DOUBLE_EQ(pace.bytes_per_second(noon + 60s), 1'000'000.0);
    for (int second = 62; second <= 660; second += 2) {
        (void)pace.look(60'000'000, noon + second * 1s, window);
    }
    EXPECT_LT(pace.bytes_per_second(noon + 660s), 10.0);
}

TEST(PaceTest, BeginsAnewWithEachTransfer) {
    Pace pace = begun();
    (void)pace.look(1'000, noon + 1s, window);
    pace.begin(noon + 100s);
    EXPECT_EQ(pace.stalled_for(noon + 101s), 1s);
    EXPECT_EQ(pace.observed_for(noon + 101s), 0s);
    EXPECT_EQ(pace.bytes_per_second(noon + 101s), 0.0);
    EXPECT_TRUE(pace.look(5'000, noon + 101s, window));
    EXPECT_TRUE(pace.look(6'000, noon + 102s, window));
    EXPECT_DOUBLE_EQ(pace.bytes_per_second(noon + 102s), 1'000.0);
}

}  // namespace
}  // namespace torc::worker
