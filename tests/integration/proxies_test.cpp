// Behind proxies: the PROXY protocol, and X-Forwarded-For.

#include "integration/support/server_test.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace torc::test {
namespace {

class Proxies : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        if (IsSkipped()) {
            return;
        }
        write("index.html", "hello");
        write("inside/index.html", "secret");
    }
    /// Starts the server. `server`: lines of its table.
    void start_with(const std::string& server, const std::string& site_lines = "") {
        configure(server, site_lines);
        server_ = std::make_unique<ServerProcess>(
            torc_with({"-c", file(), "--io", GetParam(), "--access-log", "-"}));
    }
    void configure(const std::string& server, const std::string& site_lines = "") const {
        directory_.write(
            "torc.toml",
            fmt::format("version = 1\n[server]\nport = 0\n{}\n[[site]]\nroot = \"{}\"\n{}", server,
                        site().string(), site_lines));
    }
    [[nodiscard]] std::string file() const { return (directory_.path() / "torc.toml").string(); }
    [[nodiscard]] bool eventually_logs(const std::string& text) {
        return eventually([&] { return server().standard_output().contains(text); });
    }

    /// A listener of which this test's clients are the proxies.
    static constexpr const char* behind_proxy =
        R"(listen = [{ address = "127.0.0.1", proxy_protocol = "require", proxy_from = ["127.0.0.0/8"] }])";
    static constexpr const char* behind_stranger =
        R"(listen = [{ address = "127.0.0.1", proxy_protocol = "require", proxy_from = ["10.0.0.0/8"] }])";
    static constexpr const char* header = "PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n";
};
TORC_ON_BOTH_BACKENDS(Proxies);

TEST_P(Proxies, NameTheClientByAProxyHeader) {
    start_with(behind_proxy);
    HttpClient client = connect();
    client.send(header + request_bytes("GET", "/"));
    EXPECT_EQ(client.receive_response().body, "hello");
    EXPECT_EQ(client.get("/").body, "hello") << "one header is for all requests";
    EXPECT_TRUE(eventually_logs("192.0.2.7 - - [")) << server().standard_output();
    HttpClient check = connect();
    check.send("PROXY UNKNOWN\r\n" + request_bytes("GET", "/"));
    EXPECT_EQ(check.receive_response().body, "hello");
    EXPECT_TRUE(eventually_logs("127.0.0.1 - - [")) << server().standard_output();
}

TEST_P(Proxies, AreTheOnlyOnesThatMayConnectThere) {
    start_with(behind_stranger);
    HttpClient client = connect();
    EXPECT_TRUE(client.ending().has_value());
    server().await_standard_error("127.0.0.1 is none of the proxies in proxy_from");
}

TEST_P(Proxies, MustSendAHeader) {
    start_with(behind_proxy);
    HttpClient client = connect();
    client.send(request_bytes("GET", "/"));
    EXPECT_EQ(client.receive_to_end().bytes, "");
    server().await_standard_error(
        "a connection of 127.0.0.1 is closed: its PROXY header is malformed");
}

TEST_P(Proxies, SpeakOverAUnixDomainSocketToo) {
    const std::filesystem::path path = directory_.path() / "torc.sock";
    start_with(fmt::format(
        R"(listen = ["127.0.0.1", {{ address = "unix:{}", proxy_protocol = "require" }}])",
        path.string()));
    HttpClient client(path);
    client.send(header + request_bytes("GET", "/"));
    EXPECT_EQ(client.receive_response().body, "hello");
    EXPECT_TRUE(eventually_logs("192.0.2.7 - - [")) << server().standard_output();
    EXPECT_EQ(get("/").body, "hello") << "there no header is wanted";
}

TEST_P(Proxies, HaveTheirClientsCountedEachForItself) {
    start_with(std::string(behind_proxy) + "\nmax_connections_per_address = 1");
    HttpClient first = connect();
    first.send(header + request_bytes("GET", "/"));
    EXPECT_EQ(first.receive_response().body, "hello");
    HttpClient second = connect();
    second.send(header + request_bytes("GET", "/"));
    EXPECT_EQ(second.receive_to_end().bytes, "") << "its client has one already";
    HttpClient other = connect();
    other.send("PROXY TCP4 192.0.2.8 192.0.2.1 4711 80\r\n" + request_bytes("GET", "/"));
    EXPECT_EQ(other.receive_response().body, "hello");
}

TEST_P(Proxies, AreWantedOrNotByAReload) {
    start_with("listen = [\"127.0.0.1\"]");
    EXPECT_EQ(get("/").body, "hello");
    configure(behind_proxy);
    server().send_signal(SIGHUP);
    server().await_standard_error("configuration 1 serves");
    HttpClient client = connect();
    client.send(header + request_bytes("GET", "/"));
    EXPECT_EQ(client.receive_response().body, "hello");
    EXPECT_TRUE(eventually_logs("192.0.2.7 - - [")) << server().standard_output();
}

TEST_P(Proxies, AreBelievedWhatTheyForwardIfTheyAreTrusted) {
    start_with(
        "listen = [\"127.0.0.1\"]\ntrusted_proxies = [\"127.0.0.0/8\"]\n"
        "client_address = \"x-forwarded-for\"",
        "[[site.area]]\npath = \"/inside/\"\nallow = [\"10.0.0.0/8\"]\n");
    HttpClient client = connect();
    EXPECT_EQ(client.get("/inside/").status, 403);
    EXPECT_EQ(client.get("/inside/", "X-Forwarded-For: 10.0.0.1, 192.0.2.7\r\n").status, 403);
    EXPECT_TRUE(eventually_logs("192.0.2.7 - - [")) << server().standard_output();
    EXPECT_EQ(client.get("/inside/", "X-Forwarded-For: 192.0.2.7, 10.0.0.1\r\n").body, "secret");
    EXPECT_TRUE(eventually_logs("10.0.0.1 - - [")) << server().standard_output();
    configure("listen = [\"127.0.0.1\"]\nclient_address = \"x-forwarded-for\"",
              "[[site.area]]\npath = \"/inside/\"\nallow = [\"10.0.0.0/8\"]\n");
    server().send_signal(SIGHUP);
    server().await_standard_error("configuration 1 serves");
    EXPECT_EQ(client.get("/inside/", "X-Forwarded-For: 10.0.0.1\r\n").status, 403)
        << "nobody is trusted";
}

/// HAProxy in front of the server, as its users have it.
class BehindHaproxy : public Proxies {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(program)) {
            GTEST_SKIP() << "haproxy is not installed (scripts/setup test)";
        }
        Proxies::SetUp();
    }
    /// Starts it with `protocol` ("send-proxy-v2"); gives the port on which it listens. It connects
    /// from 127.0.0.9, and this test's clients from 127.0.0.1.
    std::uint16_t start_haproxy(const std::string& protocol) {
        // A socket that this process got a port for, handed over as standard input.
        const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
        EXPECT_EQ(::listen(listener.get(), 16), 0);
        EXPECT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
        const std::string configuration =
            directory_
                .write("haproxy.cfg",
                       fmt::format("global\n    maxconn 100\n"
                                   "defaults\n    mode http\n    retries 0\n"
                                   "    timeout connect 5s\n    timeout client 30s\n"
                                   "    timeout server 30s\n"
                                   "frontend front\n    bind fd@0\n    default_backend back\n"
                                   "backend back\n    option httpchk GET /check\n"
                                   "    source 127.0.0.9\n"
                                   "    server torc 127.0.0.1:{} {} check check-send-proxy "
                                   "inter 50ms\n",
                                   server().port(), protocol))
                .string();
        haproxy_ =
            std::make_unique<Subprocess>(LaunchOptions{.program = program,
                                                       .arguments = {"-db", "-f", configuration},
                                                       .standard_input = listener.get()});
        return ntohs(address.sin_port);
    }

    static constexpr const char* program = "/usr/sbin/haproxy";
    std::unique_ptr<Subprocess> haproxy_;
};
TORC_ON_BOTH_BACKENDS(BehindHaproxy);

TEST_P(BehindHaproxy, FindsTheExampleForItRight) {
    Subprocess check(
        {.program = program,
         .arguments = {"-c", "-f", TORC_SOURCE "/config/examples/haproxy/haproxy.cfg"}});
    EXPECT_EQ(check.exit_code(), 0) << check.standard_error();
}

TEST_P(BehindHaproxy, IsToldOfClientsByBothVersionsOfTheHeader) {
    write("check", "well");
    start_with(
        R"(listen = [{ address = "127.0.0.1", proxy_protocol = "require", proxy_from = ["127.0.0.9"] }])");
    for (const char* const protocol :
         {"send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c"}) {
        const std::size_t logged = server().standard_output().size();
        HttpClient client(start_haproxy(protocol));
        EXPECT_EQ(client.get("/").body, "hello") << protocol;
        EXPECT_EQ(client.get("/").body, "hello") << protocol;
        EXPECT_TRUE(eventually([&] {
            return server().standard_output().find("127.0.0.1 - - [", logged) != std::string::npos;
        })) << protocol;
        EXPECT_TRUE(eventually([&] {
            return server().standard_output().find("127.0.0.9 - - [", logged) != std::string::npos;
        })) << protocol
            << ": its own checks are no client's";
    }
    EXPECT_FALSE(server().standard_error().contains("malformed")) << server().standard_error();
}

}  // namespace
}  // namespace torc::test
