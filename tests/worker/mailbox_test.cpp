#include <torc/io/backend.hpp>
#include <torc/worker/mailbox.hpp>

#include "support/allocation_counter.hpp"
#include "support/sanitizers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;

class MailboxTest : public ::testing::Test {
protected:
    /// Whether somebody has woken the proactor.
    bool was_woken() {
        const auto begin = std::chrono::steady_clock::now();
        (void)proactor_->wait(begin + 200ms);
        return std::chrono::steady_clock::now() - begin < 200ms;
    }
    Mail take() {
        Mail mail;
        mailbox_.take(mail);
        return mail;
    }

    std::unique_ptr<io::Proactor> proactor_ =
        *io::make_proactor(io::Backend::epoll, {.connections_max = 16});
    Mailbox mailbox_;
    static constexpr net::Accepted connection_{.socket = 1'000'000, .listener = 2};
};

TEST_F(MailboxTest, IsEmptyAtFirst) {
    mailbox_.open(*proactor_);
    EXPECT_FALSE(mailbox_.has_mail());
    EXPECT_TRUE(take().connections.empty());
    EXPECT_EQ(take().stop, Stop::no);
}

TEST_F(MailboxTest, WakesAWorkerThatOpensIt) {
    mailbox_.wake();  // Which goes nowhere yet, though who asks wants it to look up.
    mailbox_.open(*proactor_);
    EXPECT_TRUE(was_woken());
}

TEST_F(MailboxTest, WakesTheWorkerForAConnection) {
    mailbox_.open(*proactor_);
    EXPECT_TRUE(mailbox_.hand_over(connection_));
    EXPECT_TRUE(mailbox_.has_mail());
    EXPECT_TRUE(was_woken());
    EXPECT_EQ(take().connections, std::vector{connection_});
    EXPECT_FALSE(mailbox_.has_mail());
    EXPECT_TRUE(take().connections.empty());
}

TEST_F(MailboxTest, WakesTheWorkerForAnOrder) {
    mailbox_.open(*proactor_);
    mailbox_.order(Stop::drain);
    EXPECT_TRUE(was_woken());
    EXPECT_EQ(take().stop, Stop::drain);
    mailbox_.order(Stop::now);
    EXPECT_TRUE(was_woken());
    mailbox_.order(Stop::drain);
    EXPECT_EQ(take().stop, Stop::now) << "a less urgent order has no effect";
}

TEST_F(MailboxTest, KeepsAnOrderForAWorkerThatDoesNotRunYet) {
    mailbox_.order(Stop::now);
    mailbox_.open(*proactor_);
    EXPECT_TRUE(was_woken());
    EXPECT_EQ(take().stop, Stop::now);
}

TEST_F(MailboxTest, TakesConnectionsWhileItIsOpen) {
    EXPECT_FALSE(mailbox_.takes_connections());
    EXPECT_FALSE(mailbox_.hand_over(connection_));
    mailbox_.open(*proactor_);
    EXPECT_TRUE(mailbox_.takes_connections());
    EXPECT_TRUE(mailbox_.hand_over(connection_));
    mailbox_.stop_hand_overs();
    EXPECT_FALSE(mailbox_.takes_connections());
    EXPECT_FALSE(mailbox_.hand_over(connection_));
    EXPECT_EQ(take().connections.size(), 1U) << "what came before is still there";
}

TEST_F(MailboxTest, WakesNobodyOnceItIsClosed) {
    mailbox_.open(*proactor_);
    EXPECT_TRUE(was_woken());
    mailbox_.stop_hand_overs();
    mailbox_.close();
    mailbox_.order(Stop::now);
    mailbox_.wake();
    EXPECT_FALSE(was_woken());
    mailbox_.resume_hand_overs();
    EXPECT_FALSE(mailbox_.takes_connections());
}

TEST_F(MailboxTest, GivesBackWhatAWorkerThatHangsHasNotTaken) {
    mailbox_.open(*proactor_);
    ASSERT_TRUE(mailbox_.hand_over(connection_));
    std::vector<net::Accepted> rest{{.socket = 1'000'001}};
    mailbox_.suspend_hand_overs(rest);
    EXPECT_EQ(rest.size(), 2U);
    EXPECT_EQ(rest.back(), connection_);
    EXPECT_FALSE(mailbox_.hand_over(connection_));
    mailbox_.resume_hand_overs();
    EXPECT_TRUE(mailbox_.hand_over(connection_));
    EXPECT_EQ(take().connections.size(), 1U);
}

TEST_F(MailboxTest, LeavesAConnectionToWhoHandsItOverWhenThereIsNoMemory) {
    if (torc::test::has_thread_sanitizer) {
        GTEST_SKIP() << "its operator new does not fail";
    }
    mailbox_.open(*proactor_);
    {
        const torc::test::FailingAllocations no_memory;
        EXPECT_FALSE(mailbox_.hand_over(connection_));
    }
    EXPECT_FALSE(mailbox_.has_mail());
}

TEST_F(MailboxTest, LosesNothingThatSeveralThreadsPutIn) {
    mailbox_.open(*proactor_);
    constexpr std::size_t threads = 3;
    constexpr std::size_t connections = 1000;
    std::vector<std::thread> others;
    for (std::size_t thread = 0; thread < threads; ++thread) {
        others.emplace_back([this] {
            for (std::size_t count = 0; count < connections; ++count) {
                EXPECT_TRUE(mailbox_.hand_over(connection_));
            }
            mailbox_.order(Stop::drain);
        });
    }
    std::size_t taken = 0;
    Mail mail;
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (taken < threads * connections && std::chrono::steady_clock::now() < give_up) {
        // A wake-up that is missed shows as a wait until the deadline.
        (void)proactor_->wait(give_up);
        if (mailbox_.has_mail()) {
            mailbox_.take(mail);
            taken += mail.connections.size();
        }
    }
    for (std::thread& other : others) {
        other.join();
    }
    EXPECT_EQ(taken, threads * connections);
    EXPECT_EQ(take().stop, Stop::drain);
}

}  // namespace
}  // namespace torc::worker
