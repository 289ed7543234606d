#include <torc/io/backend.hpp>
#include <torc/worker/balance.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

namespace torc::worker {
namespace {

using Connections = std::vector<net::Accepted>;

class BalanceTest : public ::testing::Test {
protected:
    BalanceTest() {
        mailboxes_[0].open(*proactor_);
        mailboxes_[1].open(*proactor_);
    }
    void count_in(std::size_t worker, int connections) {
        for (int i = 0; i < connections; ++i) {
            balance_.count_in(worker);
        }
    }
    Connections take(std::size_t worker) {
        Mail mail;
        mailboxes_[worker].take(mail);
        return mail.connections;
    }

    std::unique_ptr<io::Proactor> proactor_ =
        *io::make_proactor(io::Backend::epoll, {.connections_max = 16});
    /// The third is never opened.
    std::vector<Mailbox> mailboxes_ = std::vector<Mailbox>(3);
    Balance balance_{mailboxes_};
};

TEST_F(BalanceTest, AConnectionStaysWhereThereAreAsManyAsElsewhere) {
    count_in(2, 1);
    EXPECT_FALSE(balance_.hand_over(0, {.socket = 7})) << "the first of all";
    balance_.count_in(0);
    EXPECT_FALSE(balance_.hand_over(1, {.socket = 7})) << "the first of this worker";
}

TEST_F(BalanceTest, AConnectionGoesToWhoHasFewer) {
    count_in(2, 9);
    count_in(0, 1);
    constexpr net::Accepted connection{.socket = 7, .listener = 2};
    EXPECT_TRUE(balance_.hand_over(0, connection));
    EXPECT_TRUE(mailboxes_[1].has_mail());
    EXPECT_EQ(balance_.connections(1), 1U);
    EXPECT_EQ(take(1), Connections{connection});
    EXPECT_FALSE(mailboxes_[1].has_mail());
    EXPECT_EQ(take(1), Connections());
}

TEST_F(BalanceTest, OfManyConnectionsAFewMoreAreNoReason) {
    count_in(2, 1000);
    count_in(1, 100);
    count_in(0, 110);
    EXPECT_FALSE(balance_.hand_over(0, {.socket = 7}));
    count_in(0, 5);
    EXPECT_TRUE(balance_.hand_over(0, {.socket = 7}));
}

TEST_F(BalanceTest, NineConnectionsOfOneListenerAreSharedByTwo) {
    count_in(2, 100);
    for (int socket = 1; socket <= 9; ++socket) {
        if (!balance_.hand_over(0, {.socket = socket})) {
            balance_.count_in(0);
        }
    }
    EXPECT_EQ(balance_.connections(0), 5U);
    EXPECT_EQ(balance_.connections(1), 4U);
}

TEST_F(BalanceTest, NothingIsHandedToWhoHasNotJoinedOrHasLeft) {
    count_in(0, 9);
    count_in(1, 9);
    EXPECT_FALSE(balance_.hand_over(0, {.socket = 7})) << "of those who have joined none has fewer";
    count_in(2, 100);
    count_in(0, 9);
    ASSERT_TRUE(balance_.hand_over(0, {.socket = 8}));
    mailboxes_[1].stop_hand_overs();
    EXPECT_EQ(take(1), Connections{{.socket = 8}});
    EXPECT_FALSE(balance_.hand_over(0, {.socket = 9}));
}

TEST_F(BalanceTest, NothingIsHandedToWhoIsExcluded) {
    count_in(0, 9);
    ASSERT_TRUE(balance_.hand_over(0, {.socket = 7}));
    Connections rest;
    balance_.exclude(1, rest);
    EXPECT_EQ(rest, Connections{{.socket = 7}}) << "what it has not taken goes to others";
    EXPECT_EQ(balance_.connections(1), 0U);
    EXPECT_EQ(take(1), Connections());
    EXPECT_FALSE(balance_.hand_over(0, {.socket = 8}));
    balance_.include(1);
    EXPECT_TRUE(balance_.hand_over(0, {.socket = 8}));
}

TEST_F(BalanceTest, WhoIsExcludedAndThenLeavesIsNotIncluded) {
    Connections rest;
    balance_.exclude(1, rest);
    mailboxes_[1].stop_hand_overs();
    balance_.include(1);
    count_in(0, 9);
    EXPECT_FALSE(balance_.hand_over(0, {.socket = 7}));
}

TEST_F(BalanceTest, ASocketOfNobodyGoesToWhoHasTheFewest) {
    count_in(0, 3);
    EXPECT_TRUE(balance_.give({.socket = 7}));
    EXPECT_EQ(take(1), Connections{{.socket = 7}});
    Connections rest;
    balance_.exclude(1, rest);
    EXPECT_TRUE(balance_.give({.socket = 8}));
    EXPECT_EQ(take(0), Connections{{.socket = 8}});
    balance_.exclude(0, rest);
    EXPECT_FALSE(balance_.has_taker());
    EXPECT_FALSE(balance_.give({.socket = 9}));
}

TEST_F(BalanceTest, WakesWhoGetsSomething) {
    count_in(2, 9);
    count_in(0, 3);
    ASSERT_TRUE(balance_.hand_over(0, {.socket = 7}));
    const auto begin = std::chrono::steady_clock::now();
    (void)proactor_->wait(begin + std::chrono::seconds(20));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

}  // namespace
}  // namespace torc::worker
