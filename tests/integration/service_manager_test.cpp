// What torc tells the service manager that has started it, and what it is given by that.

#include "integration/support/service_manager.hpp"

#include <torc/base/unique_fd.hpp>

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "integration/support/server_test.hpp"
#include "support/temporary_directory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdint>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace torc::test {
namespace {

class Service : public ::testing::TestWithParam<std::string> {
protected:
    Service() { directory_.write("site/index.html", "hello"); }

    [[nodiscard]] LaunchOptions options(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(),
                         {(directory_.path() / "site").string(), "--io", GetParam()});
        LaunchOptions options = torc_with(std::move(arguments));
        options.environment = manager_.environment();
        return options;
    }
    /// With what the service manager has kept.
    [[nodiscard]] LaunchOptions options_of_restart(std::vector<std::string> arguments) const {
        LaunchOptions restart = options(std::move(arguments));
        for (const UniqueFd& socket : manager_.stored()) {
            restart.passed_sockets.push_back(socket.get());
        }
        restart.passed_names = manager_.stored_names();
        return restart;
    }
    [[nodiscard]] static std::string get(std::uint16_t port) {
        return HttpClient(port).get("/").body;
    }

    TemporaryDirectory directory_;
    ServiceManagerStandIn manager_{directory_.path()};
};

TORC_ON_BOTH_BACKENDS(Service);

TEST_P(Service, IsReadyOnceItServes) {
    ServerProcess server(options({"--port", "0"}));
    const std::string ready = manager_.await("READY=1");
    EXPECT_TRUE(ready.contains(fmt::format("http://127.0.0.1:{}/", server.port()))) << ready;
    EXPECT_EQ(get(server.port()), "hello");
    server.send_signal(SIGTERM);
    EXPECT_TRUE(manager_.await("STOPPING=1").contains("EXTEND_TIMEOUT_USEC="));
    EXPECT_EQ(server.exit_code(), 0);
}

TEST_P(Service, SaysThatItIsAliveWhileItsWorkersAre) {
    ServerProcess server(options({"--port", "0"}));
    for (int count = 0; count < 3; ++count) {
        static_cast<void>(manager_.await("WATCHDOG=1"));
    }
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(Service, IsReadyAgainAfterAReloadWhetherOrNotThatWasRefused) {
    const std::string root = (directory_.path() / "site").string();
    const auto write = [&](std::string_view text) {
        return directory_.write("torc.toml", text).string();
    };
    const std::string right = fmt::format(
        "version = 1\n[server]\nlisten = [\"127.0.0.1:0\"]\n[[site]]\ndefault = true\n"
        "root = \"{}\"\n",
        root);
    LaunchOptions launch = torc_with({"-c", write(right)});
    launch.environment = manager_.environment();
    ServerProcess server(launch);
    static_cast<void>(manager_.await("READY=1"));
    for (const std::string& text : {right, std::string("version = 1\nno = 1\n"), right}) {
        write(text);
        server.send_signal(SIGHUP);
        EXPECT_TRUE(manager_.await("RELOADING=1").contains("MONOTONIC_USEC="));
        static_cast<void>(manager_.await("READY=1"));
    }
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(Service, IsStartedAnewWithTheListenersThatWereKept) {
    std::uint16_t port = 0;
    {
        ServerProcess server(options({"--port", "0", "--address", "127.0.0.1", "--workers", "2"}));
        port = server.port();
        static_cast<void>(manager_.await("READY=1"));
        EXPECT_EQ(manager_.stored().size(), 2U);
        EXPECT_FALSE(manager_.stored_names().contains(fmt::format(":{}", port)))
            << "a name may have no colon";
        server.send_signal(SIGTERM);
        EXPECT_EQ(server.exit_code(), 0);
    }
    // Nobody serves; who comes waits.
    HttpClient waiting(port);
    waiting.send(request_bytes("GET", "/"));
    ServerProcess again(options_of_restart(
        {"--port", fmt::format("{}", port), "--address", "127.0.0.1", "--workers", "2"}));
    EXPECT_EQ(waiting.receive_response().body, "hello");
    EXPECT_EQ(get(port), "hello");
    EXPECT_EQ(again.stop(), 0);
}

TEST_P(Service, ServesWhoComesBesideADownloadWhileItIsToBeStartedAnew) {
    constexpr std::size_t huge_bytes = std::size_t{24} * 1024 * 1024;
    directory_.write("site/huge.bin", std::string(huge_bytes, 'x'));
    ServerProcess server(options({"--port", "0", "--address", "127.0.0.1", "--workers", "3"}));
    static_cast<void>(manager_.await("READY=1"));
    HttpClient download(server.port(), 64 * 1024);
    download.send(request_bytes("GET", "/huge.bin"));
    EXPECT_EQ(download.receive_head().status, 200);
    server.send_signal(SIGTERM);
    static_cast<void>(manager_.await("STOPPING=1"));
    // Each worker is met by some, and the drain has begun for all of them.
    for (int count = 0; count < 200; ++count) {
        EXPECT_EQ(get(server.port()), "hello");
    }
    EXPECT_EQ(download.receive(huge_bytes).size(), huge_bytes);
    EXPECT_EQ(server.exit_code(), 0);
}

TEST_P(Service, ThatWasKilledIsStartedAnewWithTheListenersThatWereKept) {
    std::uint16_t port = 0;
    {
        ServerProcess server(options({"--port", "0", "--address", "127.0.0.1"}));
        port = server.port();
        static_cast<void>(manager_.await("READY=1"));
    }
    HttpClient waiting(port);
    waiting.send(request_bytes("GET", "/"));
    ServerProcess again(
        options_of_restart({"--port", fmt::format("{}", port), "--address", "127.0.0.1"}));
    EXPECT_EQ(waiting.receive_response().body, "hello");
    EXPECT_EQ(again.stop(), 0);
}

TEST_P(Service, ServesAllMembersOfAGroupWithFewerWorkersAndWithMore) {
    std::uint16_t port = 0;
    std::vector<std::string> arguments = {"--address", "127.0.0.1", "--port",
                                          "0",         "--workers", "4"};
    for (const char* workers : {"4", "1", "3"}) {
        arguments.back() = workers;
        ServerProcess server(options_of_restart(arguments));
        static_cast<void>(manager_.await("READY=1"));
        port = server.port();
        for (int count = 0; count < 40; ++count) {
            EXPECT_EQ(get(port), "hello");
        }
        server.send_signal(SIGTERM);
        EXPECT_EQ(server.exit_code(), 0);
    }
}

TEST_P(Service, KeepsNoMoreListenersThanItsManagerDoes) {
    manager_.set_store_size(3);
    ServerProcess server(options(
        {"--port", "0", "--address", "127.0.0.1", "--address", "127.0.0.2", "--workers", "2"}));
    const std::uint16_t port = server.port();
    static_cast<void>(manager_.await("READY=1"));
    EXPECT_EQ(manager_.stored().size(), 3U);
    EXPECT_TRUE(manager_.stored_names().contains("127.0.0.1"));
    EXPECT_TRUE(manager_.stored_names().contains("127.0.0.2"));
    server.await_standard_error("the service manager keeps 3 of 4 listening sockets");
    // The one that is not kept is closed, and the others have those who come.
    server.send_signal(SIGTERM);
    EXPECT_EQ(server.exit_code(), 0);
    ServerProcess again(
        options_of_restart({"--port", fmt::format("{}", port), "--address", "127.0.0.1",
                            "--address", "127.0.0.2", "--workers", "2"}));
    static_cast<void>(manager_.await("READY=1"));
    EXPECT_EQ(manager_.stored().size(), 3U) << "and not those that this one has opened in addition";
    for (int count = 0; count < 40; ++count) {
        EXPECT_EQ(get(port), "hello");
    }
    EXPECT_EQ(again.stop(), 0);
}

TEST_P(Service, ForgetsTheListenersOfAnAddressThatAReloadTakesAway) {
    const auto write = [&](std::string_view listen) {
        return directory_
            .write("torc.toml", fmt::format("version = 1\n[server]\nport = 0\nlisten = [{}]\n"
                                            "[[site]]\ndefault = true\nroot = \"{}\"\n",
                                            listen, (directory_.path() / "site").string()))
            .string();
    };
    LaunchOptions launch = torc_with({"-c", write(R"("127.0.0.1", "127.0.0.2")")});
    launch.environment = manager_.environment();
    ServerProcess server(launch);
    static_cast<void>(manager_.await("READY=1"));
    EXPECT_TRUE(manager_.stored_names().contains("127.0.0.2"));
    write(R"("127.0.0.1")");
    server.send_signal(SIGHUP);
    static_cast<void>(manager_.await("FDSTOREREMOVE=1"));
    EXPECT_FALSE(manager_.stored_names().contains("127.0.0.2"));
    EXPECT_TRUE(manager_.stored_names().contains("127.0.0.1"));
    EXPECT_EQ(server.stop(), 0);
}

/// What stands behind `key` in config/torc.service, by words.
std::vector<std::string> words_of_unit(std::string_view key) {
    std::istringstream unit(contents_of(TORC_SOURCE "/config/torc.service"));
    std::vector<std::string> words;
    for (std::string line; std::getline(unit, line);) {
        if (line.starts_with(key)) {
            std::istringstream rest(line.substr(key.size()));
            words.assign(std::istream_iterator<std::string>(rest), {});
        }
    }
    return words;
}

TEST_P(Service, OfTheUnitServesByTheFileThatGoesWithItAndSaysWhetherAReloadWasRefused) {
    const std::string admin = "TORC_ADMIN=unix:" + (directory_.path() / "admin.sock").string();
    std::string text = contents_of(TORC_SOURCE "/config/examples/service.toml");
    const auto replace = [&text](std::string_view before, const std::string& after) {
        ASSERT_TRUE(text.contains(before)) << before;
        text.replace(text.find(before), before.size(), after);
    };
    replace(R"("0.0.0.0:80", "[::]:80")", "\"127.0.0.1:0\"");
    replace("/srv/www", (directory_.path() / "site").string());
    const std::string file = directory_.write("torc.toml", text).string();
    std::vector<std::string> start = words_of_unit("ExecStart=");
    ASSERT_EQ(start,
              (std::vector<std::string>{"/usr/local/bin/torc", "--config", "/etc/torc/torc.toml"}));
    LaunchOptions launch = torc_with({"--config", file, "--io", GetParam()});
    launch.environment = manager_.environment();
    launch.environment.push_back(admin);
    ServerProcess server(launch);
    EXPECT_EQ(get(server.port()), "hello");
    const std::vector<std::string> words = words_of_unit("ExecReload=");
    ASSERT_EQ(words, (std::vector<std::string>{"/usr/local/bin/torc", "reload"}));
    LaunchOptions reload = torc_with({words.begin() + 1, words.end()});
    reload.environment = {admin};
    EXPECT_EQ(run_to_end(reload).exit_code, 0);
    directory_.write("torc.toml", text + "no = 1\n");
    const FinishedRun refused = run_to_end(reload);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_TRUE(refused.standard_error.contains("unknown key")) << refused.standard_error;
    EXPECT_EQ(get(server.port()), "hello");
    EXPECT_EQ(server.stop(), 0);
}

/// As a socket unit opens one: blocking, and no member of a group.
UniqueFd open_listener(std::uint16_t& port) {
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) < 0 ||
        ::listen(socket.get(), 16) < 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) < 0) {
        throw std::runtime_error("no listener");
    }
    port = ntohs(address.sin_port);
    return socket;
}

TEST_P(Service, ServesTheSocketOfASocketUnitInsteadOfItsDefault) {
    std::uint16_t port = 0;
    const UniqueFd socket = open_listener(port);
    LaunchOptions launch = options({"--workers", "2"});
    launch.passed_sockets = {socket.get()};
    launch.passed_names = "torc.socket";
    ServerProcess server(launch);
    EXPECT_EQ(server.port(), port);
    for (int count = 0; count < 20; ++count) {
        EXPECT_EQ(get(port), "hello");
    }
    EXPECT_TRUE(manager_.await("READY=1").contains(fmt::format(":{}/", port)));
    EXPECT_EQ(manager_.stored().size(), 0U) << "it has that already";
    server.send_signal(SIGTERM);
    EXPECT_EQ(server.exit_code(), 0);
    // The next one is started by who connects.
    HttpClient waiting(port);
    waiting.send(request_bytes("GET", "/"));
    ServerProcess again(launch);
    EXPECT_EQ(waiting.receive_response().body, "hello");
    EXPECT_EQ(again.stop(), 0);
}

TEST_P(Service, KnowsItsOwnListenersByTheWholeName) {
    std::uint16_t port = 0;
    const UniqueFd socket = open_listener(port);
    LaunchOptions launch = options({"--address", "127.0.0.2", "--port", "0"});
    launch.passed_sockets = {socket.get()};
    launch.passed_names = "torc-public.socket";
    ServerProcess server(launch);
    EXPECT_EQ(get(port), "hello");
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(Service, ServesTheSocketOfASocketUnitBesideItsAddresses) {
    std::uint16_t port = 0;
    const UniqueFd socket = open_listener(port);
    LaunchOptions launch = options({"--address", "127.0.0.2", "--port", "0"});
    launch.passed_sockets = {socket.get()};
    launch.passed_names = "torc.socket";
    ServerProcess server(launch);
    EXPECT_TRUE(server.standard_error().contains("http://127.0.0.2:")) << server.standard_error();
    EXPECT_EQ(get(port), "hello");
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace torc::test
