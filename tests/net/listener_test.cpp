#include <torc/base/start_error.hpp>
#include <torc/net/listener.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace torc::net {
namespace {

Endpoint endpoint(const std::string& address, std::uint16_t port = 8080) {
    return resolve_addresses({address}, port).at(0);
}

/// What the server says when it can't start with these addresses; "" when it can.
std::string refusal(const std::vector<ListenAddress>& addresses, std::uint16_t port) {
    try {
        const Listeners listeners(addresses, port, 1);
        return "";
    } catch (const StartError& error) {
        return error.what();
    }
}

int option(int socket, int level, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    ::getsockopt(socket, level, name, &value, &length);
    return value;
}

UniqueFd connect_to(const Endpoint& endpoint) {
    UniqueFd client(::socket(endpoint.address()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(client.get(), endpoint.address(), endpoint.length()) < 0) {
        client.reset();
    }
    return client;
}

bool has_ipv6() {
    return refusal({"::1"}, 0).empty();
}

TEST(Listeners, ListenOnAFreePort) {
    const Listeners listeners({"127.0.0.1"}, 0, 1);
    ASSERT_EQ(listeners.endpoints().size(), 1U);
    EXPECT_NE(listeners.endpoints()[0].port(), 0);
    EXPECT_TRUE(connect_to(listeners.endpoints()[0]));
}

TEST(Listeners, ListenOnTheLoopbackByDefault) {
    const Listeners listeners({}, 0, 1);
    ASSERT_FALSE(listeners.endpoints().empty());
    for (const Endpoint& place : listeners.endpoints()) {
        EXPECT_TRUE(place.is_loopback());
        EXPECT_EQ(place.port(), listeners.endpoints()[0].port());
        EXPECT_TRUE(connect_to(place));
    }
}

TEST(Listeners, GiveEveryWorkerASocketForEveryEndpoint) {
    Listeners listeners({"127.0.0.1", "127.0.0.2"}, 0, 3);
    for (unsigned worker = 0; worker < 3; ++worker) {
        ListeningSockets& sockets = listeners.of(worker);
        ASSERT_EQ(sockets.places().size(), 2U);
        for (const ListeningSockets::Place& place : sockets.places()) {
            const int socket = place.socket;
            EXPECT_EQ(option(socket, SOL_SOCKET, SO_ACCEPTCONN), 1);
            EXPECT_EQ(option(socket, SOL_SOCKET, SO_REUSEPORT), 1);
            EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_NODELAY), 1);
            EXPECT_NE(::fcntl(socket, F_GETFD) & FD_CLOEXEC, 0);
            EXPECT_NE(::fcntl(socket, F_GETFL) & O_NONBLOCK, 0);
        }
    }
}

TEST(Listeners, MayShareAPortBetweenTheWildcardsOfBothFamilies) {
    if (!has_ipv6()) {
        GTEST_SKIP() << "no IPv6 here";
    }
    const Listeners listeners({"0.0.0.0", "::"}, 0, 2);
    ASSERT_EQ(listeners.endpoints().size(), 2U);
    EXPECT_EQ(listeners.endpoints()[0].port(), listeners.endpoints()[1].port());
}

TEST(Listeners, RefuseAPortThatAnotherProgramListensOn) {
    const UniqueFd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Endpoint any = endpoint("127.0.0.1", 0);
    ASSERT_EQ(::bind(other.get(), any.address(), any.length()), 0);
    ASSERT_EQ(::listen(other.get(), 1), 0);
    sockaddr_in bound{};
    socklen_t length = sizeof bound;
    ASSERT_EQ(::getsockname(other.get(), reinterpret_cast<sockaddr*>(&bound), &length), 0);
    const std::uint16_t port = ntohs(bound.sin_port);
    EXPECT_EQ(refusal({"127.0.0.1"}, port),
              "can't listen on 127.0.0.1:" + std::to_string(port) +
                  ": the port is in use; choose another with --port, or --port 0 for any that is "
                  "free");
    try {
        const Listeners listeners(
            {"127.0.0.1"}, port, 1, [](const Endpoint&) { return false; }, Wording::keys);
        FAIL() << "it listens";
    } catch (const StartError& error) {
        EXPECT_EQ(error.what(),
                  "can't listen on 127.0.0.1:" + std::to_string(port) +
                      ": the port is in use; choose another with server.listen, server.port or "
                      "--port, or the port 0 for any that is free");
    }
}

TEST(Listeners, RefuseThePortOfAnotherTorc) {
    const Listeners first({"127.0.0.1"}, 0, 2);
    const std::uint16_t port = first.endpoints()[0].port();
    EXPECT_NE(refusal({"127.0.0.1"}, port).find("the port is in use"), std::string::npos);
    EXPECT_NE(refusal({}, port).find("the port is in use"), std::string::npos);
}

TEST(Listeners, AskAgainForAPortForAsLongAsTheyMay) {
    auto first = std::make_unique<Listeners>(std::vector<ListenAddress>{"127.0.0.1"}, 0, 1);
    const Endpoint place = first->endpoints()[0];
    int waits = 0;
    const Listeners second({"127.0.0.1"}, place.port(), 1, [&](const Endpoint& taken) {
        EXPECT_EQ(taken.url(), place.url());
        if (++waits == 3) {
            first.reset();
        }
        return true;
    });
    EXPECT_EQ(waits, 3);
    EXPECT_EQ(second.endpoints()[0].port(), place.port());
}

TEST(Listeners, TakeAPortWhoseConnectionsAreStillClosing) {
    std::uint16_t port = 0;
    {
        Listeners listeners({"127.0.0.1"}, 0, 1);
        port = listeners.endpoints()[0].port();
        ListeningSockets& sockets = listeners.of(0);
        show_silent_connections(sockets.places()[0].socket);
        const UniqueFd client = connect_to(listeners.endpoints()[0]);
        const UniqueFd accepted(::accept(sockets.places()[0].socket, nullptr, nullptr));
        ASSERT_TRUE(accepted);
    }
    EXPECT_EQ(refusal({"127.0.0.1"}, port), "");
}

TEST(Listeners, HandOverAConnectionWithItsFirstBytes) {
    Listeners listeners({"127.0.0.1"}, 0, 1);
    ListeningSockets& sockets = listeners.of(0);
    const auto accept = [&] {
        return UniqueFd(::accept4(sockets.places()[0].socket, nullptr, nullptr, SOCK_CLOEXEC));
    };
    const UniqueFd client = connect_to(listeners.endpoints()[0]);
    EXPECT_FALSE(accept());
    ASSERT_EQ(::send(client.get(), "x", 1, MSG_NOSIGNAL), 1);
    EXPECT_TRUE(accept());
}

TEST(Listeners, HandOverASilentConnectionInTheEnd) {
    Listeners listeners({"127.0.0.1"}, 0, 1);
    ListeningSockets& sockets = listeners.of(0);
    const UniqueFd client = connect_to(listeners.endpoints()[0]);
    pollfd event{.fd = sockets.places()[0].socket, .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&event, 1, 20'000), 1);
}

TEST(Listeners, FinishHandshakesButBeginNoneWhenNewConnectionsAreIgnored) {
    for (const char* address : {"127.0.0.1", "::1"}) {
        if (std::string_view(address) == "::1" && !has_ipv6()) {
            continue;
        }
        Listeners listeners({address}, 0, 1);
        ListeningSockets& sockets = listeners.of(0);
        // Kept back: its handshake is over for the client alone.
        const UniqueFd begun = connect_to(listeners.endpoints()[0]);
        ASSERT_TRUE(begun);
        ignore_new_connections(sockets.places()[0].socket);
        const UniqueFd ignored(::socket(listeners.endpoints()[0].address()->sa_family,
                                        SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const Endpoint& place = listeners.endpoints()[0];
        EXPECT_EQ(::connect(ignored.get(), place.address(), place.length()), -1);
        EXPECT_EQ(errno, EINPROGRESS);
        ASSERT_EQ(::send(begun.get(), "x", 1, MSG_NOSIGNAL), 1);
        EXPECT_TRUE(
            UniqueFd(::accept4(sockets.places()[0].socket, nullptr, nullptr, SOCK_CLOEXEC)));
        pollfd event{.fd = ignored.get(), .events = POLLOUT, .revents = 0};
        EXPECT_EQ(::poll(&event, 1, 0), 0);
    }
}

TEST(Listeners, RefuseAnAddressOfAnotherMachine) {
    EXPECT_EQ(refusal({"192.0.2.1"}, 0),
              "can't listen on 192.0.2.1:0: this machine does not have that address; see `ip "
              "address`");
}

TEST(Listeners, SayWhichPortMayBeMeantByAnAddressThatTheMachineDoesNotHave) {
    if (!has_ipv6()) {
        GTEST_SKIP() << "there is no IPv6 here";
    }
    EXPECT_EQ(refusal({"2001:db8::1:4105"}, 80),
              "can't listen on [2001:db8::1:4105]:80: this machine does not have that address; see "
              "`ip address`, or did you mean [2001:db8::1]:4105?");
}

}  // namespace
}  // namespace torc::net
