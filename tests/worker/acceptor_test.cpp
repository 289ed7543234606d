#include <torc/worker/acceptor.hpp>
#include <torc/worker/operation.hpp>

#include "support/allocation_counter.hpp"
#include "support/sanitizers.hpp"
#include "worker/worker_harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace torc::worker {
namespace {

using test::Client;

class AcceptorTest : public ::testing::TestWithParam<io::Backend> {
protected:
    void SetUp() override {
        if (GetParam() == io::Backend::uring && io::find_uring_obstacle()) {
            GTEST_SKIP() << "io_uring is not to be had here";
        }
        proactor_ = *io::make_proactor(GetParam(), {.connections_max = 16});
        acceptor_ = std::make_unique<Acceptor>(*proactor_, listeners_.of(0), test::print_reports);
        acceptor_->start();
    }
    void TearDown() override {
        for (const net::Accepted& accepted : accepted_) {
            ::close(accepted.socket);
        }
    }

    /// Waits once and gives the acceptor what completes; true: it wants room.
    bool turn(std::chrono::milliseconds patience = std::chrono::seconds(20)) {
        bool wants_room = false;
        for (const io::Completion& completion :
             proactor_->wait(proactor_->now().monotonic + patience)) {
            wants_room |=
                acceptor_->completed(completion, proactor_->now().monotonic, accepted_) > 0;
        }
        return wants_room;
    }
    [[nodiscard]] const net::Endpoint& endpoint() const { return listeners_.endpoints().front(); }

    net::Listeners listeners_{{"127.0.0.1"}, 0, 1};
    std::unique_ptr<io::Proactor> proactor_;
    std::unique_ptr<Acceptor> acceptor_;
    std::vector<net::Accepted> accepted_;
};

INSTANTIATE_TEST_SUITE_P(Backends, AcceptorTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         test::backend_name);

TEST_P(AcceptorTest, GivesTheSocketsOfConnectionsThatCome) {
    std::vector<Client> clients;
    for (int count = 0; count < 3; ++count) {
        clients.emplace_back(endpoint());
        ASSERT_TRUE(clients.back().connect());
        clients.back().send("x");
    }
    while (accepted_.size() < 3) {
        EXPECT_FALSE(turn());
    }
    EXPECT_TRUE(acceptor_->is_busy());
}

TEST_P(AcceptorTest, TellsWhichListenerAConnectionCameTo) {
    net::Listeners two({"127.0.0.1", "127.0.0.2"}, 0, 1);
    proactor_ = *io::make_proactor(GetParam(), {.connections_max = 16});
    acceptor_ = std::make_unique<Acceptor>(*proactor_, two.of(0), test::print_reports);
    acceptor_->start();
    Client client(two.endpoints().back());
    ASSERT_TRUE(client.connect());
    client.send("x");
    while (accepted_.empty()) {
        EXPECT_FALSE(turn());
    }
    EXPECT_EQ(accepted_.front().listener, 1U);
}

TEST_P(AcceptorTest, ClosesItsListenersInTheMomentInWhichTheKernelHasStopped) {
    (void)turn(std::chrono::milliseconds(0));
    acceptor_->stop(accepted_);
    while (acceptor_->is_busy()) {
        (void)turn();
    }
    // Without another turn.
    EXPECT_FALSE(Client(endpoint()).connect());
}

TEST_P(AcceptorTest, AcceptsOnWhatIsAddedOnceItLooks) {
    listeners_.apply(listeners_.prepare({"127.0.0.1", "127.0.0.2"}, 0));
    Client client(listeners_.endpoints().back());
    ASSERT_TRUE(client.connect());
    client.send("x");
    acceptor_->follow(proactor_->now().monotonic);
    acceptor_->start();
    while (accepted_.empty()) {
        EXPECT_FALSE(turn());
    }
    EXPECT_EQ(accepted_.front().listener, 1U);
}

TEST_P(AcceptorTest, GivesWhatHasComeToWhatIsRetiredBeforeItIsClosed) {
    const net::Endpoint old = endpoint();
    (void)turn(std::chrono::milliseconds(0));
    listeners_.apply(listeners_.prepare({"127.0.0.2"}, 0));
    Client client(old);
    ASSERT_TRUE(client.connect());
    client.send("x");
    EXPECT_EQ(acceptor_->next_deadline(), never);
    acceptor_->follow(proactor_->now().monotonic);
    acceptor_->start();
    const MonotonicTime closes_at = acceptor_->next_deadline();
    EXPECT_NE(closes_at, never);
    while (accepted_.empty()) {
        EXPECT_FALSE(turn());
    }
    EXPECT_FALSE(listeners_.of(0).is_free(0));
    acceptor_->expire(closes_at, accepted_);
    EXPECT_EQ(acceptor_->next_deadline(), never);
    while (!listeners_.of(0).is_free(0)) {
        EXPECT_FALSE(turn());
    }
    EXPECT_FALSE(Client(old).connect());
    EXPECT_TRUE(Client(endpoint()).connect());
    EXPECT_EQ(accepted_.size(), 1U);
}

TEST_P(AcceptorTest, FollowsNothingAnyMoreOnceItBeganToStop) {
    listeners_.keep();
    EXPECT_EQ(acceptor_->begin_stop(proactor_->now().monotonic), ListenersAfterwards::kept);
    listeners_.apply(listeners_.prepare({"127.0.0.2"}, 0));
    acceptor_->follow(proactor_->now().monotonic);
    EXPECT_EQ(acceptor_->next_deadline(), never);
    acceptor_->stop(accepted_);
    while (acceptor_->is_busy()) {
        (void)turn();
    }
    EXPECT_TRUE(listeners_.of(0).is_free(0));
}

TEST_P(AcceptorTest, ClosesWhatNobodyKeepsAfterAMomentAndAcceptsOnWhatIsKept) {
    listeners_.apply(listeners_.prepare({"127.0.0.1", "127.0.0.2"}, 0));
    acceptor_->follow(proactor_->now().monotonic);
    acceptor_->start();
    listeners_.of(0).keep(1);
    const MonotonicTime now = proactor_->now().monotonic;
    EXPECT_EQ(acceptor_->begin_stop(now), ListenersAfterwards::kept) << "of one of the two";
    EXPECT_EQ(acceptor_->next_deadline(), now + drain_listening);
    acceptor_->expire(now + drain_listening, accepted_);
    while (!listeners_.of(0).is_free(0)) {
        EXPECT_FALSE(turn());
    }
    EXPECT_FALSE(Client(listeners_.endpoints().front()).connect());
    Client late(listeners_.endpoints().back());
    ASSERT_TRUE(late.connect());
    late.send("x");
    while (accepted_.empty()) {
        EXPECT_FALSE(turn());
    }
    EXPECT_EQ(accepted_.front().listener, 1U);
}

TEST_P(AcceptorTest, GivesWhatWaitsInTheQueueWhenItStops) {
    (void)turn(std::chrono::milliseconds(0));
    Client client(endpoint());
    ASSERT_TRUE(client.connect());
    client.send("x");
    acceptor_->stop(accepted_);
    while (acceptor_->is_busy()) {
        (void)turn();
    }
    EXPECT_EQ(accepted_.size(), 1U);
}

TEST_P(AcceptorTest, ClosesAConnectionThatThereIsNoMemoryFor) {
    if (torc::test::has_thread_sanitizer) {
        GTEST_SKIP() << "its operator new does not fail";
    }
    Client client(endpoint());
    ASSERT_TRUE(client.connect());
    client.send("x");
    std::span<const io::Completion> completions;
    while (completions.empty()) {
        completions = proactor_->wait(proactor_->now().monotonic + std::chrono::seconds(20));
    }
    {
        const torc::test::FailingAllocations no_memory;
        EXPECT_EQ(acceptor_->completed(completions.front(), proactor_->now().monotonic, accepted_),
                  0U);
    }
    EXPECT_TRUE(accepted_.empty());
    (void)turn(std::chrono::milliseconds(0));  // A ring closes with the next wait.
    EXPECT_TRUE(client.is_ended());
    EXPECT_TRUE(acceptor_->is_busy());
}

TEST_P(AcceptorTest, RestsAfterAnErrorThatItDoesNotKnow) {
    net::ListeningSockets deaf;
    // It does not listen, so each accept(2) is EINVAL.
    deaf.add(0, UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
    const test::Reports reports;
    proactor_ = *io::make_proactor(GetParam(), {.connections_max = 16});
    acceptor_ = std::make_unique<Acceptor>(*proactor_, deaf, reports.sink);
    acceptor_->start();
    for (int tries = 0; tries < 3; ++tries) {
        while (acceptor_->is_busy()) {
            EXPECT_FALSE(turn());
        }
        const MonotonicTime again_at = acceptor_->next_deadline();
        ASSERT_NE(again_at, never);
        EXPECT_GT(again_at, proactor_->now().monotonic + std::chrono::milliseconds(50));
        acceptor_->resume();
        EXPECT_FALSE(acceptor_->is_busy()) << "room is not what it misses";
        acceptor_->expire(again_at, accepted_);
        EXPECT_TRUE(acceptor_->is_busy());
    }
    EXPECT_EQ(reports.texts(),
              std::vector<std::string>{
                  "a listener accepts no connections: Invalid argument; it is tried again every "
                  "100 ms"})
        << "once in a while";
}

}  // namespace
}  // namespace torc::worker
