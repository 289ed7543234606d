// What a proactor tells of a socket's peer, and how it parts with one.

#include "full_socket.hpp"
#include "proactor_fixture.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

namespace torc::io::test {
namespace {

class ProactorPeer : public ProactorTest {
protected:
    static std::uint16_t port_of(int socket) {
        sockaddr_in address{};
        socklen_t length = sizeof address;
        check(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
        return ntohs(address.sin_port);
    }
    /// Whether the kernel has that connection, be it one that no process has any more. Both ports
    /// count: connections of other programs, and those that wait out their time, may have either.
    static bool is_connected(std::uint16_t own_port, std::uint16_t peer_port) {
        std::array<char, 16> own_end{};
        std::array<char, 16> peer_end{};
        std::snprintf(own_end.data(), own_end.size(), ":%04X", own_port);
        std::snprintf(peer_end.data(), peer_end.size(), ":%04X", peer_port);
        std::ifstream table("/proc/self/net/tcp");
        // The columns: a number, the local address, the remote one.
        std::string number;
        std::string local;
        std::string remote;
        for (std::string line; std::getline(table, line);) {
            std::istringstream(line) >> number >> local >> remote;
            if (local.ends_with(own_end.data()) && remote.ends_with(peer_end.data())) {
                return true;
            }
        }
        return false;
    }
    static std::uint16_t port_of(const Result<SocketAddress>& address) {
        return ntohs(reinterpret_cast<const sockaddr_in*>(&address.value().storage)->sin_port);
    }
    /// How many bytes come before the end of the stream or a reset.
    static std::size_t count_bytes(int socket) {
        std::array<char, 64 * 1024> buffer;
        std::size_t count = 0;
        while (true) {
            const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got <= 0) {
                return count;
            }
            count += static_cast<std::size_t>(got);
        }
    }
    /// Waits until the kernel has seen what `holds` wants of the peer's progress.
    template <typename Condition>
    [[nodiscard]] bool eventually(int socket, Condition holds) {
        const MonotonicTime give_up = std::chrono::steady_clock::now() + patience;
        while (!holds(proactor().peer_progress(socket))) {
            if (std::chrono::steady_clock::now() > give_up) {
                return false;
            }
        }
        return true;
    }
};

TEST_P(ProactorPeer, KnowsTheAddressesOfBothEnds) {
    const auto connection = connect();
    EXPECT_EQ(port_of(proactor().peer_address(connection.socket)), port_of(connection.peer.get()));
    EXPECT_EQ(port_of(proactor().own_address(connection.socket)), port_of(connection.socket));
    const UniqueFd alone(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    EXPECT_EQ(proactor().peer_address(alone.get()).error(), Errno(ENOTCONN));
}

TEST_P(ProactorPeer, CountsWhoWaitsToBeAccepted) {
    const UniqueFd listener = listen_on_loopback(8);
    EXPECT_EQ(proactor().waiting_connections(listener.get()), 0U);
    const std::array clients{connect_to(listener.get()), connect_to(listener.get())};
    EXPECT_EQ(proactor().waiting_connections(listener.get()), clients.size());
    EXPECT_EQ(proactor().waiting_connections(clients[0].get()), 0U) << "it is no listener";
}

INSTANTIATE_TEST_SUITE_P(Backends, ProactorPeer, every_backend(), backend_name);

TEST_P(ProactorPeer, CountsWhatThePeerHasAcknowledged) {
    const auto connection = connect();
    const std::uint64_t before = proactor().peer_progress(connection.socket).acknowledged_bytes;
    const Message message{"hello"};
    (void)finish(send(connection.socket, message));
    EXPECT_TRUE(eventually(connection.socket, [&](const PeerProgress& progress) {
        return progress.acknowledged_bytes == before + 5 && !progress.has_unacknowledged;
    }));
    EXPECT_FALSE(proactor().peer_progress(connection.socket).is_window_closed);
}

TEST_P(ProactorPeer, TellsThatAPeerDoesNotReadAndThatItReadsAgain) {
    const auto connection = connect();
    fill(connection.socket);
    ASSERT_TRUE(eventually(connection.socket, [](const PeerProgress& progress) {
        return progress.is_window_closed && progress.has_unacknowledged;
    }));
    const std::uint64_t before = proactor().peer_progress(connection.socket).acknowledged_bytes;
    std::string bytes;
    EXPECT_TRUE(eventually(connection.socket, [&](const PeerProgress& progress) {
        (void)read_some(connection.peer.get(), bytes, 64 * 1024);
        return progress.acknowledged_bytes > before;
    }));
    EXPECT_TRUE(eventually(connection.socket, [&](const PeerProgress& progress) {
        (void)read_some(connection.peer.get(), bytes, 64 * 1024);
        return !progress.has_unacknowledged;
    }));
}

TEST_P(ProactorPeer, TellsThatAPeerHasGone) {
    auto connection = connect();
    EXPECT_FALSE(proactor().peer_progress(connection.socket).has_gone);
    half_close(connection.peer.get(), connection.socket);
    EXPECT_FALSE(proactor().peer_progress(connection.socket).has_gone) << "it may still read";
    reset_connection(connection.peer);
    EXPECT_TRUE(eventually(connection.socket,
                           [](const PeerProgress& progress) { return progress.has_gone; }));
}

TEST_P(ProactorPeer, TellsNothingOfWhatIsNoSocket) {
    const PeerProgress progress = proactor().peer_progress(-1);
    EXPECT_EQ(progress.acknowledged_bytes, 0U);
    EXPECT_FALSE(progress.has_unacknowledged);
    EXPECT_FALSE(progress.is_window_closed);
    EXPECT_FALSE(progress.has_gone);
}

TEST_P(ProactorPeer, IsResetAtTheCloseWhenItIsToBe) {
    for (const bool is_reset : {false, true}) {
        const auto connection = connect();
        fill(connection.socket);
        if (is_reset) {
            proactor().reset_on_close(connection.socket);
        }
        proactor().shutdown(connection.socket, SHUT_RDWR);
        close(connection.socket);
        turn();
        // Of a reset the error is known at once, of an orderly end when all was read.
        pollfd event{.fd = connection.peer.get(), .events = 0, .revents = 0};
        const int wait_ms = is_reset ? 20'000 : 100;
        EXPECT_EQ(::poll(&event, 1, wait_ms), is_reset ? 1 : 0);
        EXPECT_EQ((event.revents & POLLERR) != 0, is_reset);
    }
}

TEST_P(ProactorPeer, IsGivenUpWhenItTakesNothingOfWhatIsLeft) {
    const auto connection = connect();
    const std::uint16_t own_port = port_of(connection.socket);
    const std::uint16_t peer_port = port_of(connection.peer.get());
    const std::size_t filled = fill(connection.socket);
    ASSERT_TRUE(is_connected(own_port, peer_port));
    proactor().give_up_after(connection.socket, std::chrono::milliseconds(100));
    proactor().shutdown(connection.socket, SHUT_RDWR);
    close(connection.socket);
    turn();
    const MonotonicTime give_up = std::chrono::steady_clock::now() + patience;
    while (is_connected(own_port, peer_port) && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::yield();
    }
    EXPECT_FALSE(is_connected(own_port, peer_port));
    // What its kernel has taken it may still read; the rest never comes.
    EXPECT_LT(count_bytes(connection.peer.get()), filled);
}

}  // namespace
}  // namespace torc::io::test
