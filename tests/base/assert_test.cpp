#include <torc/base/assert.hpp>

#include <gtest/gtest.h>

namespace torc {
namespace {

TEST(Assert, PassesOverATrueCondition) {
    TORC_ASSERT(1 + 1 == 2);
}

TEST(Assert, EvaluatesItsConditionOnce) {
    int evaluations = 0;
    TORC_ASSERT(++evaluations > 0);
    EXPECT_EQ(evaluations, 1);
}

TEST(Assert, IsOneStatement) {
    bool reached_else = false;
    if (reached_else) {
        TORC_ASSERT(true);
    } else {
        reached_else = true;
    }
    EXPECT_TRUE(reached_else);
}

TEST(AssertDeathTest, AbortsNamingTheConditionAndItsPlace) {
    const bool slot_is_free = false;
    EXPECT_EXIT(TORC_ASSERT(slot_is_free), testing::KilledBySignal(SIGABRT),
                "assert_test\\.cpp:[0-9]+: .*assertion failed: slot_is_free");
}

}  // namespace
}  // namespace torc
