// What of the server's own settings changes while it runs.

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "integration/support/slow_file_system.hpp"
#include "integration/support/start_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>

namespace torc::test {
namespace {

class ReloadServer : public Start {
protected:
    ReloadServer() { directory_.write("site/index.html", "hello"); }

    /// `server`: lines of the table [server].
    void write(std::string_view server) {
        file_ = directory_
                    .write("torc.toml",
                           fmt::format("version = 1\n[server]\n{}\n[[site]]\ndefault = true\n"
                                       "root = \"{}\"\n",
                                       server, (directory_.path() / "site").string()))
                    .string();
    }
    void reload(ServerProcess& server) {
        server.send_signal(SIGHUP);
        server.await_standard_error(fmt::format("configuration {} serves", ++generation_));
    }
    [[nodiscard]] LaunchOptions options() const { return torc_with({"-c", file_}); }

    std::string file_;
    int generation_ = 0;
};

TEST_F(ReloadServer, ListensOnWhatIsAddedAndClosesWhatIsRemovedWithoutAFailure) {
    write("listen = [\"127.0.0.1\"]\nport = 0");
    ServerProcess server(options());
    HttpClient kept(server.port());
    EXPECT_EQ(kept.get("/").body, "hello");
    write(fmt::format("listen = [\"127.0.0.1:{}\", \"[::1]:{}\"]", server.port(), server.port()));
    reload(server);
    server.await_standard_error(fmt::format("listens on http://[::1]:{}/ too", server.port()));
    EXPECT_EQ(kept.get("/").body, "hello");
    EXPECT_EQ(HttpClient(server.port()).get("/").body, "hello");
    write(fmt::format("listen = [\"[::1]:{}\"]", server.port()));
    reload(server);
    server.await_standard_error(
        fmt::format("no longer listens on http://127.0.0.1:{}/", server.port()));
    EXPECT_EQ(kept.get("/").body, "hello") << "who is there may stay";
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(ReloadServer, KeepsAllAsItIsWhenAPortIsTaken) {
    write("listen = [\"127.0.0.1\"]\nport = 0\ntimeouts.idle = \"60s\"");
    ServerProcess server(options());
    ServerProcess other(torc_with({(directory_.path() / "site").string(), "--port", "0"}));
    write(
        fmt::format("listen = [\"127.0.0.1:{}\", \"127.0.0.1:{}\"]", server.port(), other.port()));
    server.send_signal(SIGHUP);
    server.await_standard_error(
        fmt::format("what was loaded before serves on: can't listen on 127.0.0.1:{}: the port is "
                    "in use; choose "
                    "another with server.listen",
                    other.port()));
    EXPECT_EQ(HttpClient(server.port()).get("/").body, "hello");
    EXPECT_EQ(other.stop(), 0);
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(ReloadServer, EndsWhoIsIdleByTheNewTimeout) {
    write("listen = [\"127.0.0.1\"]\nport = 0\ntimeouts.idle = \"10m\"");
    ServerProcess server(options());
    HttpClient idle(server.port());
    EXPECT_EQ(idle.get("/").body, "hello");
    write("listen = [\"127.0.0.1\"]\nport = 0\ntimeouts.idle = \"1s\"");
    reload(server);
    EXPECT_TRUE(idle.is_at_end()) << "it began to wait before the reload";
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(ReloadServer, RefusesAHeadThatIsLongerThanOneMayBeByNow) {
    write("listen = [\"127.0.0.1\"]\nport = 0\nmax_request_head = \"32k\"");
    ServerProcess server(options());
    HttpClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x'));
    HttpClient other(server.port());
    EXPECT_EQ(other.get("/").body, "hello") << "by then the beginning was read";
    write("listen = [\"127.0.0.1\"]\nport = 0\nmax_request_head = \"9k\"");
    reload(server);
    client.send("x");
    EXPECT_EQ(client.receive_response().status, 431);
    EXPECT_EQ(other.get("/").body, "hello");
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(ReloadServer, SaysLessOrMoreByTheNewLevel) {
    write("listen = [\"127.0.0.1\"]\nport = 0\nlog.level = \"info\"");
    ServerProcess server(options());
    write("listen = [\"127.0.0.1\"]\nport = 0\ncache_memory = \"1m\"\nlog.level = \"error\"");
    server.send_signal(SIGHUP);
    server.await_standard_error("takes effect at the next start");
    write("listen = [\"127.0.0.1\"]\nport = 0\nlog.level = \"info\"");
    server.send_signal(SIGHUP);
    server.await_standard_error("configuration 2 serves");
    EXPECT_EQ(server.standard_error().find("configuration 1 serves"), std::string::npos);
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(ReloadServer, SaysWhatWaitsForARestart) {
    write("listen = [\"127.0.0.1\"]\nport = 0\nworkers = 1");
    ServerProcess server(options());
    write("listen = [\"127.0.0.1\"]\nport = 0\nworkers = 2");
    reload(server);
    server.await_standard_error("server.workers: 1 → 2 takes effect at the next start");
    EXPECT_EQ(server.stop(), 0);
}

class ReloadOfSlowRoot : public SlowSiteTest {
protected:
    LaunchOptions options(std::string_view sites) const {
        const auto file = directory_.write(
            "torc.toml",
            fmt::format("version = 1\n[server]\nport = 0\nlisten = [\"127.0.0.1\"]\nio = \"{}\"\n"
                        "timeouts.load = \"1s\"\n[[site]]\nroot = \"{}\"\ndefault = true\n{}",
                        GetParam(), site().string(), sites));
        return torc_with({"-c", file.string()});
    }
    /// Reloads to a second site, whose root does not respond.
    void begin() {
        write("hot.txt", "hot\n");
        slow().set_valid_for(std::chrono::milliseconds(0));
        slow().heed_signals();
        server_ = std::make_unique<ServerProcess>(options(""));
        slow().stall("all");
        (void)options(fmt::format("[[site]]\nroot = \"{}\"\nhosts = [\"slow.test\"]\n",
                                  (site() / "slow").string()));
        server().send_signal(SIGHUP);
        server().await_standard_error("a file system has not responded for 1 s");
        EXPECT_EQ(get("/hot.txt").body, "hot\n");
    }
};

TORC_ON_BOTH_BACKENDS(ReloadOfSlowRoot);

TEST_P(ReloadOfSlowRoot, ComesAboutWhenItResponds) {
    begin();
    slow().release();
    server().await_standard_error("configuration 1 serves, 2 sites");
    EXPECT_EQ(server().stop(), 0);
}

TEST_P(ReloadOfSlowRoot, IsGivenUpForTheNextOne) {
    begin();
    (void)options("");
    server().send_signal(SIGHUP);
    server().await_standard_error("configuration 1 serves, 1 site");
    EXPECT_EQ(server().stop(), 0);
}

TEST_P(ReloadOfSlowRoot, DoesNotHoldUpAStop) {
    begin();
    EXPECT_EQ(server().stop(), 0);
}

}  // namespace
}  // namespace torc::test
