#include <torc/worker/shared_drain.hpp>

#include <gtest/gtest.h>

namespace torc::worker {
namespace {

TEST(SharedDrain, IsOverWhenNoWorkerWaitsAnyMore) {
    SharedDrain drain(2);
    EXPECT_FALSE(drain.is_over());
    drain.end_wait();
    EXPECT_FALSE(drain.is_over());
    drain.end_wait();
    EXPECT_TRUE(drain.is_over());
}

TEST(SharedDrain, GoesOnWhenOneWaitsAgain) {
    SharedDrain drain(2);
    drain.end_wait();
    drain.wait_again();
    drain.end_wait();
    EXPECT_FALSE(drain.is_over());
}

TEST(SharedDrain, ThatIsOverStaysSo) {
    SharedDrain drain(1);
    drain.end_wait();
    EXPECT_TRUE(drain.is_over());
    drain.wait_again();
    EXPECT_TRUE(drain.is_over()) << "another worker has stopped accepting by now";
}

}  // namespace
}  // namespace torc::worker
