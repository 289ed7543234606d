// How the addresses change that a process listens on.

#include <torc/base/start_error.hpp>
#include <torc/net/listener.hpp>

#include "net/client.hpp"
#include "support/allocation_counter.hpp"
#include "support/sanitizers.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace torc::net {
namespace {

using test::Client;

class ListenerChange : public ::testing::Test {
protected:
    void TearDown() override {
        for (const Accepted& accepted : accepted_) {
            ::close(accepted.socket);
        }
    }
    void change(const std::vector<ListenAddress>& addresses, std::uint16_t port) {
        listeners_.apply(listeners_.prepare(addresses, port));
    }
    [[nodiscard]] std::uint16_t port() const { return listeners_.endpoints().front().port(); }
    [[nodiscard]] std::vector<ListeningSockets::Place> places(unsigned worker = 0) {
        return listeners_.of(worker).places();
    }
    /// As workers do with what was retired.
    void close_retired() {
        for (unsigned worker = 0; worker < workers; ++worker) {
            const std::vector<ListeningSockets::Place> there = places(worker);
            for (std::size_t index = 0; index < there.size(); ++index) {
                if (there[index].is_retired && there[index].socket >= 0) {
                    listeners_.of(worker).close(index, accepted_);
                }
            }
        }
    }
    [[nodiscard]] static Endpoint endpoint(const std::string& address, std::uint16_t port) {
        return resolve_addresses({address}, port).at(0);
    }

    static constexpr unsigned workers = 2;
    Listeners listeners_{{"127.0.0.1"}, 0, workers};
    std::vector<Accepted> accepted_;
};

TEST_F(ListenerChange, ListensAtOnceOnWhatIsNew) {
    const std::uint16_t first_port = port();
    change({"127.0.0.1", "127.0.0.2"}, 0);
    ASSERT_EQ(listeners_.endpoints().size(), 2U);
    EXPECT_EQ(listeners_.endpoints()[0].port(), first_port);
    EXPECT_EQ(listeners_.endpoints()[1].port(), first_port) << "one free port for all of them";
    for (unsigned worker = 0; worker < workers; ++worker) {
        EXPECT_EQ(places(worker).size(), 2U);
    }
    EXPECT_TRUE(Client(listeners_.endpoints()[1]).connect());
}

TEST_F(ListenerChange, KeepsTheSocketsOfWhatIsAskedForAgain) {
    const int socket = places()[0].socket;
    change({"127.0.0.1"}, 0);
    change({"127.0.0.2", "127.0.0.1"}, 0);
    EXPECT_EQ(places()[0].socket, socket);
    EXPECT_FALSE(places()[0].is_retired);
    EXPECT_EQ(listeners_.endpoints()[0].host(), "127.0.0.1");
}

TEST_F(ListenerChange, RetiresWhatIsNotAskedForAnyMore) {
    change({"127.0.0.2"}, 0);
    for (unsigned worker = 0; worker < workers; ++worker) {
        EXPECT_TRUE(places(worker)[0].is_retired);
        EXPECT_FALSE(places(worker)[1].is_retired);
    }
    ASSERT_EQ(listeners_.endpoints().size(), 1U);
    EXPECT_EQ(listeners_.endpoints()[0].host(), "127.0.0.2");
}

TEST_F(ListenerChange, MayGoToAllAddressesAndBack) {
    const std::uint16_t fixed = port();
    change({"0.0.0.0"}, fixed);
    EXPECT_TRUE(listeners_.endpoints()[0].is_wildcard());
    EXPECT_TRUE(Client(endpoint("127.0.0.3", fixed)).connect());
    close_retired();
    EXPECT_TRUE(Client(endpoint("127.0.0.1", fixed)).connect());
    change({"127.0.0.1"}, fixed);
    close_retired();
    EXPECT_TRUE(Client(endpoint("127.0.0.1", fixed)).connect());
    EXPECT_FALSE(Client(endpoint("127.0.0.3", fixed)).connect());
}

TEST_F(ListenerChange, KeepsTheSocketsOfOneAddressWhereAllAreListenedOn) {
    const std::uint16_t fixed = port();
    const int socket = places()[0].socket;
    change({"0.0.0.0"}, fixed);
    EXPECT_FALSE(places()[0].is_retired) << "the kernel gives it what is for it";
    change({"127.0.0.1"}, fixed);
    EXPECT_EQ(places()[0].socket, socket);
    EXPECT_FALSE(places()[0].is_retired);
    EXPECT_TRUE(places()[1].is_retired);
    change({"127.0.0.2"}, fixed);
    EXPECT_TRUE(places()[0].is_retired);
}

TEST_F(ListenerChange, KeepsAFreePortThatAChangeFound) {
    const Listeners other({"127.0.0.1"}, 0, 1);
    Listeners listeners({"127.0.0.2"}, other.endpoints()[0].port(), 1);
    listeners.apply(listeners.prepare({"127.0.0.2"}, 0));
    const std::uint16_t found = listeners.endpoints()[0].port();
    EXPECT_NE(found, other.endpoints()[0].port());
    listeners.apply(listeners.prepare({"127.0.0.2", "127.0.0.3"}, 0));
    EXPECT_EQ(listeners.endpoints()[0].port(), found);
    EXPECT_EQ(listeners.endpoints()[1].port(), found);
}

TEST_F(ListenerChange, KeepsAFreePortThatAnAddressAskedForByItself) {
    change({"127.0.0.1:0"}, 8080);
    const std::uint16_t free_port = port();
    EXPECT_NE(free_port, 8080);
    change({"127.0.0.1:0", "127.0.0.2:0"}, 8080);
    EXPECT_EQ(listeners_.endpoints(),
              (std::vector{endpoint("127.0.0.1", free_port), endpoint("127.0.0.2", free_port)}));
}

TEST_F(ListenerChange, TakesNoMemoryOnceItBegins) {
    if (torc::test::has_thread_sanitizer) {
        GTEST_SKIP() << "its operator new does not fail";
    }
    auto prepared = listeners_.prepare({"127.0.0.1", "127.0.0.2"}, 0);
    {
        const torc::test::FailingAllocations no_memory;
        EXPECT_THROW((void)listeners_.apply(std::move(prepared)), std::bad_alloc);
    }
    EXPECT_EQ(places().size(), 1U);
    EXPECT_EQ(listeners_.endpoints().size(), 1U);
}

TEST_F(ListenerChange, ReturnsToWhatItHasJustLeft) {
    const std::uint16_t fixed = port();
    change({"127.0.0.2"}, fixed);
    change({"127.0.0.1"}, fixed);
    close_retired();
    EXPECT_TRUE(Client(endpoint("127.0.0.1", fixed)).connect());
}

TEST_F(ListenerChange, GivesAPlaceAgainOnceAllWorkersHaveClosedWhatWasThere) {
    change({"127.0.0.2"}, 0);
    change({"127.0.0.3"}, 0);
    EXPECT_EQ(places().size(), 3U) << "nothing was closed yet";
    close_retired();
    change({"127.0.0.4"}, 0);
    EXPECT_EQ(places().size(), 3U);
    EXPECT_TRUE(Client(listeners_.endpoints()[0]).connect());
}

TEST_F(ListenerChange, ChangesNothingWhenAPortIsTaken) {
    const Listeners other({"127.0.0.2"}, 0, 1);
    const std::uint16_t taken = other.endpoints()[0].port();
    try {
        change({"127.0.0.3", "127.0.0.2"}, taken);
        ADD_FAILURE() << "a stranger has it";
    } catch (const StartError& error) {
        EXPECT_NE(std::string(error.what()).find("the port is in use"), std::string::npos);
    }
    EXPECT_EQ(places().size(), 1U);
    EXPECT_FALSE(places()[0].is_retired);
    EXPECT_FALSE(Client(endpoint("127.0.0.3", taken)).connect());
    EXPECT_TRUE(Client(listeners_.endpoints()[0]).connect());
}

}  // namespace
}  // namespace torc::net
