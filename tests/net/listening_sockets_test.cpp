#include <torc/net/listener.hpp>
#include <torc/net/listening_sockets.hpp>

#include "net/client.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <vector>

namespace torc::net {
namespace {

using test::Client;

class ListeningSocketsTest : public ::testing::Test {
protected:
    void TearDown() override {
        for (const Accepted& accepted : accepted_) {
            ::close(accepted.socket);
        }
    }
    /// A client whose connection waits to be accepted.
    [[nodiscard]] Client connect() const {
        Client client(listeners_.endpoints().front());
        EXPECT_TRUE(client.connect());
        client.send("x");
        return client;
    }

    Listeners listeners_{{"127.0.0.1"}, 0, 1};
    ListeningSockets& sockets_ = listeners_.of(0);
    std::vector<Accepted> accepted_;
};

TEST_F(ListeningSocketsTest, LetAnotherThreadTakeWhatWaits) {
    const std::vector<Client> clients = [this] {
        std::vector<Client> made;
        for (int count = 0; count < 5; ++count) {
            made.push_back(connect());
        }
        return made;
    }();
    sockets_.take_waiting(accepted_, 2);
    EXPECT_EQ(accepted_.size(), 2U);
    sockets_.take_waiting(accepted_, 100);
    EXPECT_EQ(accepted_.size(), 5U);
    sockets_.take_waiting(accepted_, 100);
    EXPECT_EQ(accepted_.size(), 5U);
}

TEST_F(ListeningSocketsTest, TellWhichOfThemAConnectionCameTo) {
    Listeners two({"127.0.0.1", "127.0.0.2"}, 0, 1);
    Client client(two.endpoints().back());
    ASSERT_TRUE(client.connect());
    client.send("x");
    while (accepted_.empty()) {
        two.of(0).take_waiting(accepted_, 100);
    }
    EXPECT_EQ(accepted_.front().listener, 1U);
}

TEST_F(ListeningSocketsTest, GiveWhatWaitsWhenOneIsClosed) {
    const Client client = connect();
    sockets_.close(0, accepted_);
    EXPECT_EQ(accepted_.size(), 1U);
    EXPECT_EQ(sockets_.places()[0].socket, -1);
    EXPECT_TRUE(sockets_.is_free(0));
    EXPECT_FALSE(Client(listeners_.endpoints().front()).connect());
    sockets_.take_waiting(accepted_, 100);
    EXPECT_EQ(accepted_.size(), 1U);
}

}  // namespace
}  // namespace torc::net
