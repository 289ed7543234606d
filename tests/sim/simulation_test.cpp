// The server under simulated clients, disks and clocks; see README.md.

#include "sim/simulation.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace torc::sim {
namespace {

/// Enough for each kind of fault to meet each phase some times, in a few seconds.
constexpr std::uint64_t seeds = 150;

/// For a failure: how to see what happened.
std::string how_to_repeat(const RunResult& result) {
    return "torc_sim --trace --steps 1 --seed " + std::to_string(result.seed) + ": " +
           result.failure;
}

void expect_good(std::uint64_t seed, const std::string& faults = {}) {
    const RunResult result = run({.seed = seed, .faults = faults});
    EXPECT_EQ(result.failure, "") << how_to_repeat(result);
    EXPECT_GT(result.events, 0U);
}

TEST(Simulation, EverySeedIsServedAsTheModelSays) {
    std::uint64_t responses = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const RunResult result = run({.seed = seed});
        ASSERT_EQ(result.failure, "") << how_to_repeat(result);
        responses += result.responses;
    }
    EXPECT_GT(responses, seeds);
}

TEST(Simulation, OneSeedIsOneHistory) {
    for (std::uint64_t seed = 1; seed <= seeds / 5; ++seed) {
        EXPECT_EQ(run({.seed = seed}).digest, run({.seed = seed}).digest) << "seed " << seed;
    }
    EXPECT_NE(run({.seed = 1}).digest, run({.seed = 2}).digest);
}

TEST(Simulation, WithoutFaultsEveryRequestHasItsResponse) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        expect_good(seed, "none");
    }
}

}  // namespace
}  // namespace torc::sim
