// Access logs of sites, and how they come and go while torc serves.

#include "integration/support/server_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

class SiteLogs : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("page.txt", "a page\n");
    }

    [[nodiscard]] std::string path(std::string_view name) const {
        return (directory_.path() / name).string();
    }
    [[nodiscard]] std::string log(std::string_view name) const { return contents_of(path(name)); }
    [[nodiscard]] std::ptrdiff_t lines(std::string_view name) const {
        return std::ranges::count(log(name), '\n');
    }

    /// `server_log`, `a_log`: values in TOML; `a_log` is what the site a.test says of its log.
    void configure(std::string_view server_log, std::string_view a_log) {
        directory_.write(
            "torc.toml",
            fmt::format("version = 1\n[server]\nlisten = [\"127.0.0.1\"]\nport = 0\n"
                        "io = \"{}\"\nworkers = 2\n[server.log]\naccess = {}\n"
                        "[[site]]\nhosts = [\"a.test\"]\nroot = \"{}\"\n{}\n"
                        "[[site]]\nhosts = [\"b.test\"]\nroot = \"{}\"\n",
                        GetParam(), server_log, site().string(), a_log, site().string()));
    }
    [[nodiscard]] std::string quoted(std::string_view name) const {
        return fmt::format("\"{}\"", path(name));
    }
    void start_configured() {
        server_ = std::make_unique<ServerProcess>(torc_with({"-c", path("torc.toml")}));
    }
    void reload() {
        server().send_signal(SIGHUP);
        server().await_standard_error(fmt::format("configuration {} serves", ++generation_));
    }
    int get_page_of(std::string_view host) {
        return get(fmt::format("http://{}/page.txt", host)).status;
    }

private:
    int generation_ = 0;
};

TORC_ON_BOTH_BACKENDS(SiteLogs);

TEST_P(SiteLogs, HaveTheRequestsOfTheirSitesAndTheServersHasAllOthers) {
    configure(quoted("server.log"), "access_log = " + quoted("a.log"));
    start_configured();
    EXPECT_EQ(get_page_of("a.test"), 200);
    EXPECT_EQ(get_page_of("b.test"), 200);
    EXPECT_EQ(get_page_of("c.test"), 421);
    {
        HttpClient client = connect();
        client.send("GET / HTTP/1.1\r\nHost: a.test\r\nno colon\r\n\r\n");
        EXPECT_EQ(client.receive_response().status, 400);
    }
    EXPECT_EQ(server().stop(), 0);
    EXPECT_EQ(lines("a.log"), 1);
    EXPECT_EQ(lines("server.log"), 3);
    EXPECT_TRUE(log("server.log").contains(" 421 "));
    EXPECT_TRUE(log("server.log").contains("\"GET / HTTP/1.1\" 400 "));
}

TEST_P(SiteLogs, AreOffForASiteThatSaysSo) {
    configure(quoted("server.log"), "access_log = \"off\"");
    start_configured();
    EXPECT_EQ(get_page_of("a.test"), 200);
    EXPECT_EQ(get_page_of("b.test"), 200);
    EXPECT_EQ(server().stop(), 0);
    EXPECT_EQ(lines("server.log"), 1);
}

TEST_P(SiteLogs, ComeWithAReloadForConnectionsThatAreThereToo) {
    configure("\"off\"", "");
    start_configured();
    HttpClient client = connect();
    EXPECT_EQ(client.get("http://a.test/page.txt").status, 200);
    configure(fmt::format("{{ file = {}, format = \"combined-plus\" }}", quoted("server.log")),
              fmt::format("access_log = {{ file = {}, format = \"json\" }}", quoted("a.log")));
    reload();
    EXPECT_EQ(client.get("http://a.test/page.txt").status, 200);
    EXPECT_EQ(client.get("http://b.test/page.txt").status, 200);
    EXPECT_EQ(server().stop(), 0);
    EXPECT_EQ(lines("a.log"), 1);
    EXPECT_TRUE(log("a.log").contains(R"("remote_ip":"127.0.0.1")"));
    EXPECT_EQ(lines("server.log"), 1);
    EXPECT_TRUE(log("server.log").starts_with("127.0.0.1 - - ["));
}

TEST_P(SiteLogs, AreClosedWhenAReloadDropsThem) {
    configure(quoted("server.log"), "access_log = " + quoted("a.log"));
    start_configured();
    EXPECT_EQ(get_page_of("a.test"), 200);
    configure(quoted("other.log"), "");
    reload();
    EXPECT_EQ(get_page_of("a.test"), 200);
    const auto is_open = [this](const std::string& name) {
        std::error_code error;
        for (const auto& each :
             std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", server().pid()))) {
            if (std::filesystem::read_symlink(each, error) == path(name)) {
                return true;
            }
        }
        return false;
    };
    EXPECT_TRUE(eventually([&] { return !is_open("a.log") && !is_open("server.log"); }));
    EXPECT_EQ(lines("a.log"), 1);
    EXPECT_EQ(lines("server.log"), 0);
    EXPECT_EQ(server().stop(), 0);
    EXPECT_EQ(lines("other.log"), 1);
}

TEST_P(SiteLogs, ThatCannotBeOpenedRefuseAReload) {
    configure(quoted("server.log"), "");
    start_configured();
    configure(quoted("other.log"), "access_log = " + quoted("absent/a.log"));
    server().send_signal(SIGHUP);
    server().await_standard_error(
        "the configuration is refused, and what was loaded before serves on: site.access_log " +
        path("absent/a.log") + " of site 'a.test': can't be written: No such file");
    EXPECT_EQ(get_page_of("a.test"), 200);
    EXPECT_EQ(server().stop(), 0);
    EXPECT_EQ(lines("server.log"), 1);
    EXPECT_EQ(log("other.log"), "");
}

TEST_P(SiteLogs, LoseNoLineWhenReloadsMoveThemUnderLoad) {
    constexpr int reloads = 6;
    constexpr int clients = 3;
    configure(quoted("0.log"), "");
    start_configured();
    std::atomic<bool> is_over = false;
    std::atomic<int> requests = 0;
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client) {
        threads.emplace_back([&] {
            HttpClient connection = connect();
            while (!is_over) {
                EXPECT_EQ(connection.get("http://a.test/page.txt").status, 200);
                ++requests;
            }
        });
    }
    for (int number = 1; number <= reloads; ++number) {
        const int before = requests;
        EXPECT_TRUE(eventually([&] { return requests > before + 10; }));
        // In turn the server's, the site's own, and in another format.
        const std::string name = quoted(fmt::format("{}.log", number));
        configure(number % 2 == 0 ? name : std::string("\"off\""),
                  number % 2 == 0
                      ? std::string()
                      : fmt::format("access_log = {{ file = {}, format = \"json\" }}", name));
        reload();
    }
    is_over = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(server().stop(), 0);
    std::ptrdiff_t all = 0;
    for (int number = 0; number <= reloads; ++number) {
        const std::ptrdiff_t here = lines(fmt::format("{}.log", number));
        EXPECT_GT(here, 0) << number;
        all += here;
    }
    EXPECT_EQ(all, requests);
}

TEST_P(SiteLogs, AreAllOpenedAnewAtASignal) {
    configure(quoted("server.log"), "access_log = " + quoted("a.log"));
    start_configured();
    EXPECT_EQ(get_page_of("a.test"), 200);
    EXPECT_EQ(get_page_of("b.test"), 200);
    for (const std::string_view name : {"server.log", "a.log"}) {
        std::filesystem::rename(path(name), path(name) + ".1");
    }
    server().send_signal(SIGUSR1);
    server().await_standard_error("SIGUSR1: opening 2 access logs anew");
    // The new files are there before the first line that goes to them.
    std::ptrdiff_t requests = 1;
    const auto ask_both = [&] {
        ++requests;
        EXPECT_EQ(get_page_of("a.test"), 200);
        EXPECT_EQ(get_page_of("b.test"), 200);
    };
    EXPECT_TRUE(eventually([&] {
        ask_both();
        return std::filesystem::exists(path("server.log")) &&
               std::filesystem::exists(path("a.log")) && lines("server.log") > 0 &&
               lines("a.log") > 0;
    }));
    EXPECT_EQ(server().stop(), 0);
    for (const std::string name : {"server.log", "a.log"}) {
        EXPECT_GT(lines(name + ".1"), 0) << name;
        EXPECT_EQ(lines(name) + lines(name + ".1"), requests) << name;
    }
}

}  // namespace
}  // namespace torc::test
