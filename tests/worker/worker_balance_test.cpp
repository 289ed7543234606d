// Two workers that share their connections.

#include "worker/worker_harness.hpp"

namespace torc::worker {
namespace {

using test::Client;

/// One worker beside that of the harness, with a listener of its own that nobody connects to.
class WorkerBalanceTest : public test::WorkerTest {
protected:
    void SetUp() override {
        test::WorkerTest::SetUp();
        if (IsSkipped()) {
            return;
        }
        around_.mailbox = &mailboxes_[0];
        around_.balance = &balance_;
        other_.around.directory.write("file", "hello");
        other_.around.mailbox = &mailboxes_[1];
        other_.around.balance = &balance_;
        other_.around.index = 1;
        start();
        other_.start(GetParam());
        await_other();
    }
    /// Until the other worker can be handed connections.
    void await_other() {
        while (!mailboxes_[1].takes_connections()) {
            std::this_thread::yield();
        }
    }

    std::vector<Mailbox> mailboxes_ = std::vector<Mailbox>(2);
    Balance balance_{mailboxes_};
    test::RunningWorker other_;
};

INSTANTIATE_TEST_SUITE_P(Backends, WorkerBalanceTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         test::backend_name);

TEST_P(WorkerBalanceTest, ShareTheConnectionsOfOneListener) {
    std::vector<Client> clients;
    for (int i = 0; i < 9; ++i) {
        clients.push_back(connect());
        EXPECT_TRUE(clients.back().get("/file", 5).ends_with("hello"));
    }
    EXPECT_EQ(balance_.connections(0), 5U);
    EXPECT_EQ(balance_.connections(1), 4U);
    for (Client& client : clients) {
        EXPECT_TRUE(client.get("/file", 5).ends_with("hello"));
    }
}

TEST_P(WorkerBalanceTest, ForgetConnectionsThatEnd) {
    {
        std::vector<Client> clients;
        for (int i = 0; i < 4; ++i) {
            clients.push_back(connect());
            EXPECT_TRUE(clients.back().get("/file", 5).ends_with("hello"));
        }
    }
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (balance_.connections(0) + balance_.connections(1) > 0 &&
           std::chrono::steady_clock::now() < give_up) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(balance_.connections(0), 0U);
    EXPECT_EQ(balance_.connections(1), 0U);
}

TEST_P(WorkerBalanceTest, KeepTheirConnectionsWhenTheOtherStops) {
    other_.request_stop(Stop::drain);
    EXPECT_TRUE(other_.join());
    std::vector<Client> clients;
    for (int i = 0; i < 4; ++i) {
        clients.push_back(connect());
        EXPECT_TRUE(clients.back().get("/file", 5).ends_with("hello"));
    }
    EXPECT_EQ(balance_.connections(0), 4U);
}

}  // namespace
}  // namespace torc::worker
