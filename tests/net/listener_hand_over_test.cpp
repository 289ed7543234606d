// How listeners come from another process.

#include <torc/net/listener.hpp>

#include "net/client.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace torc::net {
namespace {

using test::Client;

class ListenerHandOver : public ::testing::Test {
protected:
    /// The sockets of `listeners` as another process gets them.
    static std::vector<Inherited> inherited_from(const Listeners& listeners) {
        std::vector<Inherited> inherited;
        for (const Listeners::Passed& passed : listeners.passed()) {
            inherited.push_back({.socket = UniqueFd(::fcntl(passed.socket, F_DUPFD_CLOEXEC, 0)),
                                 .opened_by = passed.opened_by});
        }
        return inherited;
    }
    static Listeners take_over(const std::vector<ListenAddress>& addresses, std::uint16_t port,
                               unsigned workers, std::vector<Inherited> inherited) {
        return Listeners(
            addresses, port, workers, [](const Endpoint&) { return false; }, Wording::flags,
            std::move(inherited));
    }
    static std::uint16_t port_of(const Listeners& listeners) {
        return listeners.endpoints().front().port();
    }
    /// How many sockets each worker has.
    static std::vector<std::size_t> sockets_by_worker(Listeners& listeners, unsigned workers) {
        std::vector<std::size_t> counts;
        for (unsigned worker = 0; worker < workers; ++worker) {
            std::size_t count = 0;
            for (const ListeningSockets::Place& place : listeners.of(worker).places()) {
                count += static_cast<std::size_t>(place.socket >= 0 && !place.is_retired);
            }
            counts.push_back(count);
        }
        return counts;
    }

    using Counts = std::vector<std::size_t>;
};

TEST_F(ListenerHandOver, GivesEachWorkerOneSocket) {
    const Listeners before({"127.0.0.1"}, 0, 2);
    Listeners after = take_over({"127.0.0.1"}, port_of(before), 2, inherited_from(before));
    EXPECT_EQ(sockets_by_worker(after, 2), (Counts{1, 1}));
    EXPECT_EQ(after.endpoints(), before.endpoints());
}

TEST_F(ListenerHandOver, LeavesNoMemberOfAGroupToNobodyWhenWorkersAreFewer) {
    const Listeners before({"127.0.0.1"}, 0, 5);
    Listeners after = take_over({"127.0.0.1"}, port_of(before), 2, inherited_from(before));
    EXPECT_EQ(sockets_by_worker(after, 2), (Counts{3, 2}));
}

TEST_F(ListenerHandOver, OpensMoreWhenWorkersAreMore) {
    const Listeners before({"127.0.0.1"}, 0, 1);
    Listeners after = take_over({"127.0.0.1"}, port_of(before), 3, inherited_from(before));
    EXPECT_EQ(sockets_by_worker(after, 3), (Counts{1, 1, 1}));
}

TEST_F(ListenerHandOver, KeepsThePortThatWasFree) {
    const Listeners before({"127.0.0.1"}, 0, 1);
    const Listeners after = take_over({"127.0.0.1"}, 0, 1, inherited_from(before));
    EXPECT_EQ(port_of(after), port_of(before));
}

TEST_F(ListenerHandOver, KeepsAFreePortThatAnAddressAskedForByItself) {
    const Listeners before({"127.0.0.1:0"}, 8080, 1);
    const Listeners after = take_over({"127.0.0.1:0"}, 8080, 1, inherited_from(before));
    EXPECT_EQ(port_of(after), port_of(before));
}

TEST_F(ListenerHandOver, BindsWhatIsMissingAndRetiresWhatNobodyWants) {
    const Listeners before({"127.0.0.1", "127.0.0.2"}, 0, 1);
    Listeners after =
        take_over({"127.0.0.2", "127.0.0.3"}, port_of(before), 1, inherited_from(before));
    EXPECT_EQ(after.endpoints().size(), 2U);
    EXPECT_EQ(sockets_by_worker(after, 1), Counts{3}) << "until this process is sure to serve";
    EXPECT_EQ(after.settle(Keeps::no), std::vector{before.endpoints().front()});
    EXPECT_EQ(sockets_by_worker(after, 1), Counts{2});
    const auto places = after.of(0).places();
    ASSERT_EQ(places.size(), 3U);
    EXPECT_TRUE(places[0].is_retired);
    EXPECT_GE(places[0].socket, 0) << "until a worker has taken what waits there";
}

TEST_F(ListenerHandOver, ListensOnAllAddressesWhereItListenedOnOne) {
    const Listeners before({"127.0.0.1"}, 0, 1);
    Listeners after = take_over({"0.0.0.0"}, port_of(before), 1, inherited_from(before));
    EXPECT_EQ(after.endpoints().size(), 1U);
    EXPECT_TRUE(after.endpoints().front().is_wildcard());
}

TEST_F(ListenerHandOver, KeepsWhatOthersHaveOpenedWhateverTheAddresses) {
    const Listeners others({"127.0.0.1"}, 0, 1);
    std::vector<Inherited> inherited = inherited_from(others);
    inherited.front().opened_by = OpenedBy::others;
    Listeners after = take_over({"127.0.0.2"}, 0, 1, std::move(inherited));
    static_cast<void>(after.settle(Keeps::no));
    EXPECT_EQ(sockets_by_worker(after, 1), Counts{2});
    after.apply(after.prepare({"127.0.0.3"}, 0));
    EXPECT_EQ(sockets_by_worker(after, 1), Counts{2});
    const Endpoint endpoint = others.endpoints().front();
    EXPECT_TRUE(std::ranges::none_of(
        after.own_sockets(), [&](const Listeners::Own& own) { return own.endpoint == endpoint; }));
    EXPECT_TRUE(after.of(0).is_kept(0)) << "who waits there when this process ends waits on";
}

TEST_F(ListenerHandOver, KeepsOneOfEachAddressBeforeASecondOfAny) {
    Listeners listeners({"127.0.0.1", "127.0.0.2"}, 0, 2);
    const std::vector<Listeners::Own> own = listeners.own_sockets();
    ASSERT_EQ(own.size(), 4U);
    EXPECT_NE(own[0].endpoint, own[1].endpoint);
    EXPECT_NE(own[2].endpoint, own[3].endpoint);
    listeners.keep_alone(std::span(own).first(3));
    for (const Listeners::Own& each : own) {
        EXPECT_EQ(listeners.of(each.worker).is_kept(each.index), &each != &own.back());
    }
    listeners.keep_alone({});
    EXPECT_FALSE(listeners.of(own[0].worker).is_kept(own[0].index));
}

TEST_F(ListenerHandOver, WithoutAddressesListensOnNothingElse) {
    const Listeners others({"127.0.0.1"}, 0, 1);
    std::vector<Inherited> inherited = inherited_from(others);
    inherited.front().opened_by = OpenedBy::others;
    const Listeners after = take_over({}, 8080, 1, std::move(inherited));
    EXPECT_EQ(after.endpoints(), others.endpoints());
}

TEST_F(ListenerHandOver, MakesABlockingListenerOneThatDoesNotBlock) {
    const Listeners before({"127.0.0.1"}, 0, 1);
    std::vector<Inherited> inherited = inherited_from(before);
    ::fcntl(inherited.front().socket.get(), F_SETFL, 0);
    Listeners after = take_over({"127.0.0.1"}, port_of(before), 1, std::move(inherited));
    EXPECT_NE(::fcntl(after.of(0).places()[0].socket, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(ListenerHandOver, ClosesWhatDoesNotListen) {
    std::vector<Inherited> inherited;
    inherited.push_back({.socket = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))});
    inherited.push_back({.socket = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))});
    inherited.push_back({.socket = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC))});
    Listeners listeners = take_over({"127.0.0.1"}, 0, 1, std::move(inherited));
    EXPECT_EQ(sockets_by_worker(listeners, 1), Counts{1});
}

TEST_F(ListenerHandOver, TakesWhoWaitsThoughSomebodyElseHasTheListenerToo) {
    Listeners before({"127.0.0.1"}, 0, 1);
    const std::vector<Inherited> kept = inherited_from(before);
    Client client(before.endpoints().front());
    ASSERT_TRUE(client.connect());
    ASSERT_TRUE(client.send("x"));
    before.keep();
    std::vector<Accepted> accepted;
    before.of(0).close(0, accepted);
    ASSERT_EQ(accepted.size(), 1U) << "the kernel may have woken nobody else for it";
    ::close(accepted.front().socket);
    EXPECT_TRUE(Client(before.endpoints().front()).connect()) << "the other still listens";
}

}  // namespace
}  // namespace torc::net
