#include <torc/worker/deadline_list.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;

constexpr MonotonicTime noon{std::chrono::hours(12)};

struct Element : DeadlineLink {};

class DeadlineListTest : public ::testing::Test {
protected:
    void TearDown() override {
        first_.unlink();
        second_.unlink();
    }

    DeadlineList<Element> list_{10s};
    Element first_;
    Element second_;
};

TEST_F(DeadlineListTest, NeverExpiresWhenItIsEmpty) {
    EXPECT_EQ(list_.next(), never);
    EXPECT_EQ(list_.first(), nullptr);
    EXPECT_EQ(list_.take_expired(never), nullptr);
}

TEST_F(DeadlineListTest, ExpiresAtTheDeadlineAndNotBefore) {
    list_.start(first_, noon);
    EXPECT_EQ(list_.next(), noon + 10s);
    EXPECT_EQ(list_.take_expired(noon + 10s - 1ns), nullptr);
    EXPECT_EQ(list_.take_expired(noon + 10s), &first_);
}

TEST_F(DeadlineListTest, AnotherTimeoutIsOneForThoseThatWaitAlready) {
    list_.start(first_, noon);
    list_.start(second_, noon + 1s);
    list_.set_timeout(3s);
    EXPECT_EQ(list_.next(), noon + 3s);
    EXPECT_EQ(list_.take_expired(noon + 3s), &first_);
    EXPECT_EQ(list_.take_expired(noon + 3s), nullptr);
    list_.set_timeout(60s);
    EXPECT_EQ(list_.next(), noon + 61s);
}

TEST_F(DeadlineListTest, TakesOutWhatExpired) {
    list_.start(first_, noon);
    ASSERT_EQ(list_.take_expired(noon + 10s), &first_);
    EXPECT_FALSE(first_.is_linked());
    EXPECT_EQ(list_.take_expired(noon + 10s), nullptr);
    EXPECT_EQ(list_.next(), never);
}

TEST_F(DeadlineListTest, ExpiresInTheOrderOfStarts) {
    list_.start(first_, noon);
    list_.start(second_, noon + 1s);
    EXPECT_EQ(list_.first(), &first_);
    EXPECT_EQ(list_.take_expired(noon + 10s), &first_);
    EXPECT_EQ(list_.take_expired(noon + 10s), nullptr);
    EXPECT_EQ(list_.take_expired(noon + 11s), &second_);
}

TEST_F(DeadlineListTest, AStartAnewGoesToTheEnd) {
    list_.start(first_, noon);
    list_.start(second_, noon + 1s);
    list_.start(first_, noon + 2s);
    EXPECT_EQ(list_.next(), noon + 11s);
    EXPECT_EQ(list_.first(), &second_);
}

TEST_F(DeadlineListTest, AStartTakesTheElementOutOfAnotherList) {
    DeadlineList<Element> other(1s);
    other.start(first_, noon);
    list_.start(first_, noon);
    EXPECT_EQ(other.next(), never);
    EXPECT_EQ(list_.next(), noon + 10s);
}

TEST_F(DeadlineListTest, ForgetsAnElementThatIsUnlinked) {
    list_.start(first_, noon);
    list_.start(second_, noon + 1s);
    first_.unlink();
    EXPECT_EQ(list_.next(), noon + 11s);
}

}  // namespace
}  // namespace torc::worker
