// Rules and redirects that a site has in its root, in _headers and _redirects.

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "integration/support/slow_file_system.hpp"
#include "integration/support/start_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace torc::test {
namespace {

class SiteFiles : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("index.html", "home");
        write("old.html", "still there");
    }

    /// Of a configuration with one site that reads its files. `keys`: more of the site's.
    LaunchOptions options(std::string_view keys = "") const {
        const auto file = directory_.write(
            "torc.toml",
            fmt::format("version = 1\n[server]\nport = 0\nlisten = [\"127.0.0.1\"]\nworkers = 1\n"
                        "io = \"{}\"\n[[site]]\nroot = \"{}\"\nsite_files = true\n{}",
                        GetParam(), site().string(), keys));
        return torc_with({"-c", file.string()});
    }
    void serve(std::string_view keys = "") {
        server_ = std::make_unique<ServerProcess>(options(keys));
    }
    void reload(int number) {
        server().send_signal(SIGHUP);
        server().await_standard_error(fmt::format("configuration {} serves", number));
    }
    [[nodiscard]] std::string path(std::string_view name) const { return (site() / name).string(); }
};

TORC_ON_BOTH_BACKENDS(SiteFiles);

TEST_P(SiteFiles, AreFollowed) {
    write("_redirects", "/blog/:slug  /posts/:slug\n/shop/*  https://shop.test/:splat  308\n");
    write("_headers",
          "/old\n  X-Page: yes\n  Cache-Control: max-age=60\n/*\n  X-Frame-Options: DENY\n");
    serve();
    const auto redirect = get("/blog/x?y");
    EXPECT_EQ(redirect.status, 301);
    EXPECT_EQ(redirect.field("Location"), "/posts/x?y");
    EXPECT_EQ(redirect.field("X-Frame-Options"), "DENY");
    EXPECT_EQ(get("/shop/a/b").status, 308);
    EXPECT_EQ(get("/shop/a/b").field("Location"), "https://shop.test/a/b");
    const auto page = get("/old.html");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.field("X-Page"), "yes");
    EXPECT_EQ(page.field("Cache-Control"), "max-age=60");
    EXPECT_EQ(get("/").field("X-Page"), std::nullopt);
    EXPECT_EQ(get("/").field("X-Frame-Options"), "DENY");
}

TEST_P(SiteFiles, AreNotFollowedWhereTheConfigurationSaysOtherwise) {
    write("_redirects", "/a /theirs\n/b /theirs\n");
    write("_headers", "/*\n  X-A: theirs\n  X-B: theirs\n");
    serve(
        "rule = [{ match = \"*\", set = { X-A = \"own\" } }]\n"
        "redirect = [{ from = \"/a\", to = \"/own\" }]\nsite_files_status = 302\n");
    EXPECT_EQ(get("/a").field("Location"), "/own");
    EXPECT_EQ(get("/a").status, 301);
    EXPECT_EQ(get("/b").field("Location"), "/theirs");
    EXPECT_EQ(get("/b").status, 302);
    EXPECT_EQ(get("/").field("X-A"), "own");
    EXPECT_EQ(get("/").field("X-B"), "theirs");
}

TEST_P(SiteFiles, RedirectWhereThereIsAFileOnlyIfTheySaySo) {
    write("_redirects", "/old.html /new\n/index.html /elsewhere 302!\n");
    serve();
    EXPECT_EQ(get("/old.html").body, "still there");
    EXPECT_EQ(get("/index.html").field("Location"), "/elsewhere");
    std::filesystem::remove(site() / "old.html");
    EXPECT_TRUE(eventually_serves("/old.html", 301));
}

TEST_P(SiteFiles, AreNeverServedOrListed) {
    write("_redirects", "/a /b\n");
    write("_redirects.gz", "packed");
    write("_headers", "");
    write("deep/_headers", "a file as others");
    std::filesystem::remove(site() / "index.html");
    serve("listing = true\n");
    for (const char* target : {"/_redirects", "/_headers", "/_redirects.gz", "/%5fredirects",
                               "/_REDIRECTS", "/_headers/", "/deep/../_headers", "/_headers?x"}) {
        EXPECT_EQ(get(target).status, 404) << target;
        EXPECT_EQ(request("HEAD", target).status, 404) << target;
    }
    const std::string listing = get("/").body;
    EXPECT_TRUE(listing.contains("old.html"));
    EXPECT_FALSE(listing.contains("_redirects") || listing.contains("_headers")) << listing;
    EXPECT_EQ(get("/deep/_headers").body, "a file as others");
}

TEST_P(SiteFiles, AreReadAgainAtAReload) {
    serve();
    EXPECT_EQ(get("/a").status, 404);
    write("_redirects", "/a /b\n");
    write("_headers", "/*\n  X-A: 1\n");
    EXPECT_EQ(get("/_redirects").status, 404) << "though there was none at the start";
    reload(1);
    EXPECT_EQ(get("/a").field("Location"), "/b");
    EXPECT_EQ(get("/").field("X-A"), "1");
    write("_redirects", "/a /c\n");
    std::filesystem::remove(site() / "_headers");
    reload(2);
    EXPECT_EQ(get("/a").field("Location"), "/c");
    EXPECT_EQ(get("/").field("X-A"), std::nullopt);
}

TEST_P(SiteFiles, AreReadWhereTheRootLeadsAtAReload) {
    const auto other = directory_.path() / "other";
    directory_.write("other/_redirects", "/a /other\n");
    directory_.write("other/index.html", "other");
    write("_redirects", "/a /b\n");
    serve();
    std::filesystem::rename(site(), directory_.path() / "before");
    std::filesystem::rename(other, site());
    reload(1);
    EXPECT_EQ(get("/a").field("Location"), "/other");
}

TEST_P(SiteFiles, AreRefusedWithThePlaceAtAReloadWhenTheyAreWrong) {
    write("_redirects", "/a /b\n");
    serve();
    write("_redirects", "/a /c\n/d /e 200\n");
    write("_headers", "X: 1\n");
    server().send_signal(SIGHUP);
    server().await_standard_error("what was loaded before serves on: " + path("_redirects") +
                                  ":2: status 200 is a rewrite");
    server().await_standard_error(path("_headers") + ":1: there is no path above");
    EXPECT_EQ(get("/a").field("Location"), "/b");
}

TEST_P(SiteFiles, AreRefusedWithThePlaceAtTheStartWhenTheyAreWrong) {
    write("_redirects", "/a\n");
    expect_failure(options(), {path("_redirects") + ":1: give two paths"});
}

TEST_P(SiteFiles, HarmNothingWhenTheyAreNoFiles) {
    ASSERT_EQ(::mkfifo(path("_redirects").c_str(), 0600), 0);
    expect_failure(options(), {path("_redirects") + ": no regular file"});
    std::filesystem::remove(path("_redirects"));
    write("_redirects/a", "x");
    expect_failure(options(), {path("_redirects") + ": no regular file"});
    std::filesystem::remove_all(path("_redirects"));

    directory_.write("outside", "secret");
    std::filesystem::create_symlink("../outside", path("_redirects"));
    expect_failure(options(), {path("_redirects") + ": a symbolic link"});
    expect_failure(options("symlinks = \"all\"\n"), {path("_redirects") + ": a symbolic link"});
    std::filesystem::remove(path("_redirects"));

    std::filesystem::create_symlink("old.html", path("_redirects"));
    write("old.html", "/a /b\n");
    expect_failure(options("symlinks = \"none\"\n"), {path("_redirects") + ": a symbolic link"});
    serve();
    EXPECT_EQ(get("/a").status, 301) << "by a link within the root";
    EXPECT_EQ(get("/_redirects").status, 404);
    server().send_signal(SIGHUP);
    server().await_standard_error("configuration 1 serves");
    std::filesystem::remove(path("_redirects"));
    ASSERT_EQ(::mkfifo(path("_redirects").c_str(), 0600), 0);
    server().send_signal(SIGHUP);
    server().await_standard_error("no regular file");
    EXPECT_EQ(get("/a").status, 301);
}

TEST_P(SiteFiles, AreLookedAtByCheck) {
    write("_headers", "/*\n  X: 1\n");
    (void)options();
    const std::string file = (directory_.path() / "torc.toml").string();
    EXPECT_EQ(run_to_end(torc_with({"check", "-c", file})).exit_code, 0);
    write("_headers", "/*\n  X\n");
    for (const char* command : {"--check", "--print-config"}) {
        const FinishedRun run = run_to_end(torc_with({command, "-c", file}));
        EXPECT_EQ(run.exit_code, 1);
        EXPECT_EQ(run.standard_error,
                  path("_headers") +
                      ":2: give a field as \"Name: value\", or a path that begins with a slash\n");
    }
}

TEST_P(SiteFiles, AreNoneOfASingleFile) {
    const auto file = directory_.write(
        "torc.toml", fmt::format("version = 1\n[server]\nport = 0\n[[site]]\nroot = \"{}\"\n"
                                 "site_files = true\n",
                                 path("index.html")));
    expect_failure(torc_with({"-c", file.string()}), {"leave out site_files"}, usage_error);
}

class SlowSiteFiles : public SlowSiteTest {
protected:
    LaunchOptions options() const {
        const auto file = directory_.write(
            "torc.toml",
            fmt::format("version = 1\n[server]\nport = 0\nlisten = [\"127.0.0.1\"]\nio = \"{}\"\n"
                        "[server.timeouts]\nload = \"1s\"\n"
                        "[[site]]\nroot = \"{}\"\ndefault = true\n"
                        "[[site]]\nroot = \"{}\"\nhosts = [\"slow.test\"]\nsite_files = true\n"
                        "listing = true\n",
                        GetParam(), site().string(), (site() / "slow").string()));
        return torc_with({"-c", file.string()});
    }
};

TORC_ON_BOTH_BACKENDS(SlowSiteFiles);

TEST_P(SlowSiteFiles, ThatCanNotBeReadHoldUpNeitherAStartNorAReload) {
    write("hot.txt", "hot\n");
    slow().set_valid_for(std::chrono::milliseconds(0));
    server_ = std::make_unique<ServerProcess>(options());
    slow().stall("lookup");
    server().send_signal(SIGHUP);
    server().await_standard_error("_redirects and _headers can't be read");
    EXPECT_EQ(get("/hot.txt").body, "hot\n");
    slow().release();
    server().send_signal(SIGHUP);
    server().await_standard_error("configuration 1 serves");
    EXPECT_EQ(server().stop(), 0);
    server_.reset();

    slow().heed_signals();
    slow().stall("lookup");
    expect_failure(options(), {"has not responded for 1 s"});
}

}  // namespace
}  // namespace torc::test
