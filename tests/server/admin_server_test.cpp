#include <torc/base/event_fd.hpp>
#include <torc/base/start_error.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/net/listener.hpp>
#include <torc/server/admin_server.hpp>
#include <torc/server/orders.hpp>
#include <torc/server/server_state.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::server {
namespace {

class AdminServerTest : public ::testing::Test {
protected:
    AdminServerTest() {
        server_.emplace(AdminServer::Parts{
            .state = state_, .statistics = {}, .mailboxes = {}, .orders = orders_});
        server_->apply(server_->open("unix:" + path_, std::nullopt));
        server_->start();
    }

    [[nodiscard]] UniqueFd connect() const {
        UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const timeval time{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path_.data(), path_.size());
        EXPECT_EQ(
            ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
        return socket;
    }
    static void send(const UniqueFd& socket, std::string_view text) {
        EXPECT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    static std::string receive_all(const UniqueFd& socket) {
        std::string received;
        std::array<char, 4096> buffer{};
        ssize_t count = 0;
        while ((count = ::recv(socket.get(), buffer.data(), buffer.size(), 0)) > 0) {
            received.append(buffer.data(), static_cast<std::size_t>(count));
        }
        return received;
    }
    static bool is_readable(int descriptor, int milliseconds) {
        pollfd event{.fd = descriptor, .events = POLLIN, .revents = 0};
        return ::poll(&event, 1, milliseconds) == 1;
    }

    torc::test::TemporaryDirectory directory_;
    const std::string path_ = (directory_.path() / "admin.sock").string();
    SharedServerState state_;
    OrderQueue orders_;
    std::optional<AdminServer> server_;
};

TEST_F(AdminServerTest, IsNotNeededForAnOrderToEnd) {
    UniqueFd client = connect();
    send(client, "POST /reopen HTTP/1.1\r\nHost: torc\r\n\r\n");
    ASSERT_TRUE(is_readable(orders_.descriptor(), 20'000));
    const std::vector<SharedOrder> orders = orders_.take();
    client.reset();
    server_.reset();
    // Some of these have the numbers of its own.
    std::array<EventFd, 16> others;
    std::ranges::generate(others, EventFd::create_at_start);
    ASSERT_EQ(orders.size(), 1U);
    orders.front()->finish({});
    EXPECT_TRUE(std::ranges::none_of(
        others, [](const EventFd& other) { return is_readable(other.descriptor(), 0); }));
}

TEST_F(AdminServerTest, SaysHowToListenOnOtherAddressesWithOnePort) {
    const auto refusal_of = [&](const std::string& address) -> std::string {
        try {
            (void)server_->open(std::nullopt, address);
        } catch (const StartError& error) {
            return error.what();
        }
        return "";
    };
    const net::Listeners other({"127.0.0.1:0"}, 0, 1);
    const std::string taken = other.endpoints().front().host_and_port();
    EXPECT_EQ(refusal_of(taken),
              "server.metrics: can't listen on " + taken + ": the port is in use; choose another");
    const std::string port = taken.substr(taken.find(':'));
    server_->apply(server_->open(std::nullopt, "127.0.0.2" + port));
    EXPECT_EQ(refusal_of("0.0.0.0" + port),
              "server.metrics: can't listen on 0.0.0.0" + port +
                  ": the port is in use; choose another; to have the same port of other addresses, "
                  "first reload with \"off\"");
}

TEST_F(AdminServerTest, TakesNoOrderWhenItEnds) {
    const UniqueFd client = connect();
    send(client, "POST /stop HTTP/1.1\r\n");
    const UniqueFd next = connect();
    send(next, "GET /livez HTTP/1.1\r\nHost: torc\r\n\r\n");
    EXPECT_NE(receive_all(next), "") << "so the one before is accepted, too";
    server_->stop_listening();
    send(client, "Host: torc\r\n\r\n");
    server_.reset();
    const std::string response = receive_all(client);
    EXPECT_TRUE(response.starts_with("HTTP/1.1 503")) << response;
    EXPECT_TRUE(response.contains("ask again")) << response;
    EXPECT_TRUE(orders_.take().empty());
}

}  // namespace
}  // namespace torc::server
