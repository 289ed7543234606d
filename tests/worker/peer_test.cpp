#include "peer.hpp"

#include <torc/base/unique_fd.hpp>
#include <torc/io/backend.hpp>

#include <gtest/gtest.h>

#include <ifaddrs.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace torc::worker {
namespace {

class PeerTest : public ::testing::Test {
protected:
    std::unique_ptr<io::Proactor> proactor_ = io::make_proactor(io::Backend::epoll, {}).value();
};

/// The end that a server has of a connection with itself at this address.
UniqueFd accepted_at(const std::string& address) {
    const net::Endpoint any_port = net::resolve_addresses({address}, 0).at(0);
    const int family = any_port.address()->sa_family;
    const UniqueFd listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listener.get(), any_port.address(), any_port.length()), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    EXPECT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &length), 0);
    static std::vector<UniqueFd> peers;
    peers.emplace_back(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(peers.back().get(), reinterpret_cast<sockaddr*>(&bound), length), 0);
    return UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

/// An address of the machine's own beside the loopback ones; empty: it has none.
std::string own_address() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) {
        return {};
    }
    std::string found;
    for (const ifaddrs* each = first; each != nullptr && found.empty(); each = each->ifa_next) {
        if (each->ifa_addr != nullptr && each->ifa_addr->sa_family == AF_INET) {
            const net::Endpoint place(each->ifa_addr, sizeof(sockaddr_in));
            found = place.is_loopback() ? "" : place.host();
        }
    }
    ::freeifaddrs(first);
    return found;
}

TEST_F(PeerTest, KnowsALoopbackAddress) {
    for (const char* address : {"127.0.0.1", "127.0.0.2", "::1"}) {
        EXPECT_TRUE(is_peer_here(*proactor_, accepted_at(address).get())) << address;
    }
}

TEST_F(PeerTest, KnowsAnotherAddressOfTheMachine) {
    const std::string address = own_address();
    if (address.empty()) {
        GTEST_SKIP() << "this machine has no other address";
    }
    EXPECT_TRUE(is_peer_here(*proactor_, accepted_at(address).get())) << address;
}

TEST_F(PeerTest, KnowsAUnixSocket) {
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    const UniqueFd one(pair[0]);
    const UniqueFd other(pair[1]);
    EXPECT_TRUE(is_peer_here(*proactor_, one.get()));
}

TEST_F(PeerTest, KnowsNothingOfASocketWithoutAPeer) {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_FALSE(is_peer_here(*proactor_, socket.get()));
}

TEST_F(PeerTest, GivesTheOtherEnd) {
    const UniqueFd socket = accepted_at("127.0.0.2");
    const auto peer = peer_of(*proactor_, socket.get());
    ASSERT_TRUE(peer);
    EXPECT_TRUE(peer->is_loopback());
    EXPECT_NE(peer->port(), 0);
}

TEST_F(PeerTest, ReportsAPeerThatIsNotThere) {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto peer = peer_of(*proactor_, socket.get());
    ASSERT_FALSE(peer);
    EXPECT_EQ(peer.error(), Errno(ENOTCONN));
}

}  // namespace
}  // namespace torc::worker
