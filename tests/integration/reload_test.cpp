// Several sites, and a configuration that changes while they are served.

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "integration/support/start_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace torc::test {
namespace {

class Reload : public Start {
protected:
    Reload() {
        directory_.write("a/index.html", "a");
        directory_.write("b/index.html", "b");
        directory_.write("files/page.txt", "a file");
    }

    [[nodiscard]] std::string path(std::string_view name) const {
        return (directory_.path() / name).string();
    }
    void write(std::string_view sites) {
        file_ = directory_
                    .write("torc.toml", fmt::format("version = 1\n[server]\nport = 0\n"
                                                    "listen = [\"127.0.0.1\"]\n{}",
                                                    sites))
                    .string();
    }
    [[nodiscard]] std::string site(std::string_view host, std::string_view directory,
                                   std::string_view more = "") const {
        return fmt::format("[[site]]\nhosts = [\"{}\"]\nroot = \"{}\"\n{}", host, path(directory),
                           more);
    }
    [[nodiscard]] LaunchOptions options() const { return torc_with({"-c", file_}); }

    std::string file_;
};

TEST_F(Reload, ServesSitesByTheirHosts) {
    write(site("a.test", "a") + site("*.b.test", "b"));
    ServerProcess server(options());
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/").body, "a");
    EXPECT_EQ(HttpClient(server.port()).get("http://X.b.test:80/").body, "b");
    EXPECT_EQ(HttpClient(server.port()).get("http://b.test/").status, 421);
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Reload, ServesAreasFromDirectoriesOfTheirOwn) {
    write(site("a.test", "a",
               fmt::format("[[site.area]]\npath = \"/files/\"\nroot = \"{}\"\n", path("files"))));
    ServerProcess server(options());
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/files/page.txt").body, "a file");
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/files").field("Location"), "files/");
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/filesx").status, 404);
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Reload, FollowsRedirectsAndRules) {
    write(site("a.test", "a",
               "[[site.rule]]\nmatch = \"*.html\"\nset = { \"X-Page\" = \"yes\" }\n"
               "[[site.redirect]]\nfrom = \"/old/*\"\nto = \"/new/:splat\"\nstatus = 308\n"));
    ServerProcess server(options());
    const auto redirect = HttpClient(server.port()).get("http://a.test/old/x?y");
    EXPECT_EQ(redirect.status, 308);
    EXPECT_EQ(redirect.field("Location"), "/new/x?y");
    EXPECT_EQ(redirect.field("X-Page"), std::nullopt);
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/").field("X-Page"), "yes")
        << "what is sent is index.html";
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Reload, KeepsConnectionsAndFailsNoRequest) {
    const std::string first = site("a.test", "a") + site("b.test", "b");
    const std::string second = site("a.test", "a") + site("b.test", "files");
    write(first);
    ServerProcess server(options());
    std::atomic<bool> is_over = false;
    std::atomic<int> failures = 0;
    std::atomic<int> answers = 0;
    std::thread client([&] {
        HttpClient kept(server.port());
        while (!is_over) {
            HttpClient fresh(server.port());
            for (HttpClient* const one : {&kept, &fresh}) {
                failures += one->get("http://a.test/").body == "a" ? 0 : 1;
                ++answers;
            }
        }
    });
    for (int reload = 1; reload <= 20; ++reload) {
        write(reload % 2 == 0 ? first : second);
        server.send_signal(SIGHUP);
        server.await_standard_error(fmt::format("configuration {} serves", reload));
    }
    is_over = true;
    client.join();
    EXPECT_EQ(failures, 0);
    EXPECT_GT(answers, 20);
    EXPECT_EQ(HttpClient(server.port()).get("http://b.test/").body, "b");
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Reload, OfABrokenFileIsRefusedWithThePlace) {
    write(site("a.test", "a"));
    ServerProcess server(options());
    write(site("a.test", "a") + "zzz = 1\n");
    server.send_signal(SIGHUP);
    server.await_standard_error("what was loaded before serves on: " + file_ + ":8:1: unknown key");
    write(site("a.test", "a") + site("b.test", "absent"));
    server.send_signal(SIGHUP);
    server.await_standard_error("absent: no such directory");
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/").body, "a");
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace torc::test
