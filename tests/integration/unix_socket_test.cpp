// Serving over Unix-domain sockets.

#include "integration/support/server_test.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace torc::test {
namespace {

class UnixSocket : public ServerTest {
protected:
    [[nodiscard]] std::filesystem::path path() const { return directory_.path() / "torc.sock"; }
    [[nodiscard]] std::string address() const { return "unix:" + path().string(); }
};
TORC_ON_BOTH_BACKENDS(UnixSocket);

TEST_P(UnixSocket, ServesAsAPortDoes) {
    const std::string large = patterned_bytes(5 << 20U);
    write("index.html", "hello");
    write("large.bin", large);
    start({"--address", address(), "--address", "127.0.0.1", "--access-log", "-"});
    EXPECT_TRUE(server().standard_error().contains(fmt::format("\n  {}\n", address())));
    HttpClient client(path());
    EXPECT_EQ(client.get("/").body, "hello");
    EXPECT_TRUE(is_same_bytes(client.get("/large.bin").body, large));
    EXPECT_EQ(get("/").body, "hello");
    EXPECT_TRUE(eventually([this] { return server().standard_output().contains("unix: - - ["); }))
        << server().standard_output();
}

TEST_P(UnixSocket, ServesOverItAlone) {
    write("index.html", "hello");
    start({"--address", address(), "--workers", "3"});
    std::vector<HttpClient> clients;
    for (int count = 0; count < 20; ++count) {
        clients.emplace_back(path());
    }
    for (HttpClient& client : clients) {
        EXPECT_EQ(client.get("/").body, "hello");
    }
    server().send_signal(SIGINT);
    EXPECT_TRUE(server().ends_within(std::chrono::seconds(15))) << "no worker waits for the others";
    EXPECT_EQ(server().exit_code(), 0);
    EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_P(UnixSocket, IsTakenOverFromAServerThatWasKilled) {
    write("index.html", "hello");
    start({"--address", address()});
    server().send_signal(SIGKILL);
    (void)server().exit_code();
    ASSERT_TRUE(std::filesystem::exists(path()));
    start({"--address", address()});
    EXPECT_EQ(HttpClient(path()).get("/").body, "hello");
}

TEST_P(UnixSocket, IsAddedAndRetiredByAReload) {
    write("index.html", "hello");
    const auto configure = [this](const std::string& listen) {
        directory_.write("torc.toml",
                         fmt::format("version = 1\n[server]\nlisten = [{}]\n[[site]]\nroot = "
                                     "\"{}\"\n",
                                     listen, site().string()));
    };
    configure("\"127.0.0.1:0\"");
    const std::string file = (directory_.path() / "torc.toml").string();
    server_ = std::make_unique<ServerProcess>(torc_with({"-c", file, "--io", GetParam()}));
    configure(fmt::format("\"127.0.0.1:0\", {{ address = \"{}\", mode = \"0600\" }}", address()));
    server().send_signal(SIGHUP);
    server().await_standard_error("configuration 1 serves");
    HttpClient kept(path());
    EXPECT_EQ(kept.get("/").body, "hello");
    configure("\"127.0.0.1:0\"");
    server().send_signal(SIGHUP);
    server().await_standard_error(fmt::format("no longer listens on {}", address()));
    EXPECT_FALSE(std::filesystem::exists(path()));
    EXPECT_EQ(kept.get("/").body, "hello") << "who is there may stay";
}

}  // namespace
}  // namespace torc::test
