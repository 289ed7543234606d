#include <torc/worker/address_limit.hpp>

#include "support/allocation_counter.hpp"
#include "support/sanitizers.hpp"

#include <gtest/gtest.h>

namespace torc::worker {
namespace {

constexpr std::uint64_t somebody = 1;
constexpr std::uint64_t another = 2;

TEST(AddressLimitTest, LetsAClientHaveAsManyConnectionsAsItMay) {
    AddressLimit limit(2);
    EXPECT_TRUE(limit.enter(10, somebody));
    EXPECT_TRUE(limit.enter(11, somebody));
    EXPECT_FALSE(limit.enter(12, somebody));
    EXPECT_TRUE(limit.enter(12, another));
}

TEST(AddressLimitTest, LetsAnotherComeForOneThatGoes) {
    AddressLimit limit(1);
    EXPECT_TRUE(limit.enter(10, somebody));
    limit.leave(10);
    EXPECT_TRUE(limit.enter(11, somebody));
    EXPECT_FALSE(limit.enter(12, somebody));
}

TEST(AddressLimitTest, CountsNothingForAConnectionThatWasRefused) {
    AddressLimit limit(1);
    EXPECT_TRUE(limit.enter(10, somebody));
    EXPECT_FALSE(limit.enter(11, somebody));
    limit.leave(11);
    EXPECT_FALSE(limit.enter(12, somebody));
    limit.leave(10);
    EXPECT_TRUE(limit.enter(12, somebody));
}

TEST(AddressLimitTest, WithoutALimitCountsNobody) {
    AddressLimit limit(0);
    EXPECT_FALSE(limit.is_limited());
    EXPECT_TRUE(limit.enter(10, somebody));
    limit.set_connections_max(1);
    EXPECT_TRUE(limit.is_limited());
    EXPECT_TRUE(limit.enter(11, somebody)) << "the first one came before";
    EXPECT_FALSE(limit.enter(12, somebody));
    limit.leave(10);
    EXPECT_FALSE(limit.enter(12, somebody));
}

TEST(AddressLimitTest, LetsThoseStayWhoAreMoreThanALowerLimitAllows) {
    AddressLimit limit(2);
    EXPECT_TRUE(limit.enter(10, somebody));
    EXPECT_TRUE(limit.enter(11, somebody));
    limit.set_connections_max(1);
    limit.leave(10);
    EXPECT_FALSE(limit.enter(12, somebody));
    limit.leave(11);
    EXPECT_TRUE(limit.enter(12, somebody));
}

TEST(AddressLimitTest, RefusesAConnectionThatThereIsNoMemoryToCount) {
    if (torc::test::has_thread_sanitizer) {
        GTEST_SKIP() << "its operator new does not fail";
    }
    AddressLimit limit(1);
    {
        const torc::test::FailingAllocations no_memory;
        EXPECT_FALSE(limit.enter(10, somebody));
    }
    EXPECT_TRUE(limit.enter(10, somebody));
}

}  // namespace
}  // namespace torc::worker
