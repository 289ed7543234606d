// Pages that were loaded before a deploy get the scripts that they name after it.

#include "integration/support/server_test.hpp"
#include "support/precompressed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

/// Of each release one, as build tools make them.
constexpr std::array<std::string_view, 5> hashes = {"BfX9a2_k", "C7dQz1Lp", "Dk3vR8xW", "B0nZt5Yq",
                                                    "CxU4m-7H"};

std::string script_of(std::size_t release) {
    return fmt::format("/assets/index-{}.js", hashes.at(release));
}

class KeepPrevious : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        if (IsSkipped()) {
            return;
        }
        for (std::size_t release = 0; release < hashes.size(); ++release) {
            write_to(release, "/index.html", std::to_string(release));
            write_to(release, script_of(release), "script " + std::to_string(release));
        }
        std::filesystem::remove(site());
        std::filesystem::create_directory_symlink("release-0", site());
    }
    void write_to(std::size_t release, std::string_view path, std::string_view contents) const {
        directory_.write(fmt::format("release-{}{}", release, path), contents);
    }
    [[nodiscard]] std::filesystem::path release_path(std::size_t release) const {
        return directory_.path() / fmt::format("release-{}", release);
    }
    /// As `ln -sfn` and `mv -T` do, until the page of the release is served.
    [[nodiscard]] bool deploy(std::size_t release) {
        const std::filesystem::path next = directory_.path() / "next";
        std::filesystem::create_directory_symlink(fmt::format("release-{}", release), next);
        std::filesystem::rename(next, site());
        return eventually_serves("/", 200, std::to_string(release));
    }
    /// Serves by a configuration file, with `site` in its only site.
    void start_by_file(std::size_t release, std::string_view more) {
        write_file(release, more);
        server_ = std::make_unique<ServerProcess>(torc_with({"-c", file().string()}));
    }
    void reload(std::size_t release, std::string_view more, int times) {
        write_file(release, more);
        server().send_signal(SIGHUP);
        server().await_standard_error(fmt::format("configuration {} serves", times));
    }

private:
    [[nodiscard]] std::filesystem::path file() const { return directory_.path() / "torc.toml"; }
    void write_file(std::size_t release, std::string_view more) const {
        directory_.write("torc.toml",
                         fmt::format("version = 1\n[server]\nport = 0\nlisten = [\"127.0.0.1\"]\n"
                                     "io = \"{}\"\n[[site]]\nroot = \"{}\"\n{}",
                                     GetParam(), release_path(release).string(), more));
    }
};

TORC_ON_BOTH_BACKENDS(KeepPrevious);

TEST_P(KeepPrevious, ServesTheScriptsOfThePagesBeforeAndNothingElseOfThem) {
    write_to(0, "/about.html", "about");
    write_to(0, "/app.js", "a name for ever");
    start({"--keep-previous", "10m", "--spa", "index.html"});
    EXPECT_EQ(get("/").body, "0");
    EXPECT_EQ(get(script_of(1)).status, 404);
    EXPECT_TRUE(deploy(1));
    EXPECT_TRUE(deploy(2));
    for (const std::size_t release : {0U, 1U, 2U}) {
        const Response script = get(script_of(release), "Accept: text/html\r\n");
        EXPECT_EQ(script.body, fmt::format("script {}", release));
        EXPECT_EQ(script.field("Cache-Control"), "public, max-age=31536000, immutable");
    }
    EXPECT_EQ(get("/about.html", "Accept: text/html\r\n").body, "2") << "the page for all else";
    EXPECT_EQ(get("/app.js").status, 404);
    EXPECT_EQ(get(script_of(3)).status, 404);
}

TEST_P(KeepPrevious, ServesNoneUnlessTold) {
    start();
    EXPECT_EQ(get(script_of(0)).status, 200);
    EXPECT_TRUE(deploy(1));
    EXPECT_EQ(get(script_of(0)).status, 404);
}

TEST_P(KeepPrevious, ServesWhatWasThereAsAnyFile) {
    const std::string script(16'384, 'x');
    const std::string coded = gzip_like("coded", script);
    write_to(0, script_of(0), script);
    write_to(0, script_of(0) + ".gz", coded);
    start({"--keep-previous", "10m"});
    EXPECT_TRUE(deploy(1));
    const Response whole = get(script_of(0));
    EXPECT_EQ(whole.body, script);
    const std::string tag = whole.field("ETag").value_or("none");
    EXPECT_EQ(get(script_of(0), "If-None-Match: " + tag + "\r\n").status, 304);
    const Response part = get(script_of(0), "Range: bytes=0-3\r\n");
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "xxxx");
    EXPECT_EQ(get(script_of(0), "Accept-Encoding: gzip\r\n").body, coded);
    EXPECT_EQ(request("HEAD", script_of(0)).field("Content-Length"), "16384");
}

TEST_P(KeepPrevious, ServesWhatTheNewReleaseHasInItsPlace) {
    write_to(1, script_of(0), "of the new release");
    start({"--keep-previous", "10m"});
    EXPECT_TRUE(deploy(1));
    EXPECT_EQ(get(script_of(0)).body, "of the new release");
    std::filesystem::remove(site() / script_of(0).substr(1));
    EXPECT_TRUE(eventually_serves(script_of(0), 200, "script 0"));
    write_to(1, script_of(0), "it is back");
    EXPECT_TRUE(eventually_serves(script_of(0), 200, "it is back"));
}

TEST_P(KeepPrevious, ServesNeitherMoreNorLessAfterADeployWasTakenBack) {
    start({"--keep-previous", "10m"});
    EXPECT_TRUE(deploy(1));
    EXPECT_TRUE(deploy(0));
    EXPECT_EQ(get(script_of(0)).body, "script 0");
    EXPECT_EQ(get(script_of(1)).body, "script 1");
    std::filesystem::remove(site() / script_of(0).substr(1));
    EXPECT_TRUE(eventually_serves(script_of(0), 404)) << "the release of now is not also before";
}

TEST_P(KeepPrevious, ServesNothingOfAReleaseThatWasDeleted) {
    start({"--keep-previous", "10m"});
    EXPECT_TRUE(deploy(1));
    EXPECT_EQ(get(script_of(0)).body, "script 0");
    std::filesystem::remove_all(release_path(0));
    EXPECT_TRUE(eventually_serves(script_of(0), 404));
    EXPECT_EQ(get(script_of(1)).body, "script 1");
}

/// Whether a process has something open at `path` or beneath it.
bool has_open(pid_t pid, const std::filesystem::path& path) {
    return std::ranges::any_of(
        std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid)),
        [&](const auto& entry) {
            std::error_code error;
            return std::filesystem::read_symlink(entry, error).string().starts_with(path.string());
        });
}

TEST_P(KeepPrevious, HasNothingOpenOfAReleaseWhoseTimeIsOver) {
    constexpr std::size_t large_bytes = 1'000'000;  // It is sent from the disk.
    write_to(0, script_of(0), std::string(large_bytes, 'x'));
    start({"--keep-previous", "2s"});
    EXPECT_TRUE(deploy(1));
    EXPECT_TRUE(has_open(server().pid(), release_path(0)));
    (void)get(script_of(0));  // So that it is cached.
    EXPECT_TRUE(eventually_serves(script_of(0), 404));
    EXPECT_TRUE(eventually([&] { return !has_open(server().pid(), release_path(0)); }));
}

TEST_P(KeepPrevious, CountsRootsThatAReloadReplaced) {
    constexpr std::string_view keep = "keep_previous = \"10m\"\n";
    constexpr std::string_view closed =
        "keep_previous = \"10m\"\n[[site.area]]\npath = \"/assets/\"\ndeny = [\"127.0.0.1\"]\n";
    start_by_file(0, keep);
    reload(1, keep, 1);
    EXPECT_EQ(get("/").body, "1");
    EXPECT_EQ(get(script_of(0)).body, "script 0");
    reload(1, "keep_previous = \"10m\"\nclean_urls = true\n", 2);
    EXPECT_EQ(get(script_of(0)).body, "script 0") << "something else was changed";
    reload(2, keep, 3);
    EXPECT_EQ(get(script_of(0)).body, "script 0");
    EXPECT_EQ(get(script_of(1)).body, "script 1");
    reload(2, closed, 4);
    EXPECT_EQ(get(script_of(0)).status, 403);
    EXPECT_EQ(get(script_of(2)).status, 403);
    reload(2, keep, 5);
    EXPECT_EQ(get(script_of(0)).status, 404) << "what was for some is not for all";
    EXPECT_EQ(get(script_of(2)).body, "script 2");
}

/// Clients that load a page, and its script once there was a deploy.
class KeepPreviousUnderLoad : public KeepPrevious {
protected:
    /// On one connection after the other, until `is_over_`.
    void load_pages() {
        try {
            while (!is_over_) {
                HttpClient client = connect();
                const int before = deploys_;
                const std::string release = client.get("/").body;
                do {
                    const Response script = client.get(script_of(std::stoul(release)));
                    if (script.status != 200 || script.body != "script " + release) {
                        complain(release + ": " + script.head + script.body);
                    }
                } while (deploys_ == before && !is_over_);
                ++pages_;
            }
        } catch (const std::exception& error) {
            complain(error.what());
        }
    }
    void complain(const std::string& complaint) {
        const std::scoped_lock lock(mutex_);
        complaints_ += complaint + '\n';
    }

    [[nodiscard]] std::string complaints() {
        const std::scoped_lock lock(mutex_);
        return complaints_;
    }

    std::atomic<bool> is_over_ = false;
    std::atomic<int> deploys_ = 0;
    /// That met a deploy.
    std::atomic<int> pages_ = 0;
    std::mutex mutex_;
    std::string complaints_;
};

TORC_ON_BOTH_BACKENDS(KeepPreviousUnderLoad);

TEST_P(KeepPreviousUnderLoad, FailsNoPageOverSeveralDeploys) {
    start({"--keep-previous", "10m"});
    std::vector<std::jthread> clients;
    for (int client = 0; client < 4; ++client) {
        clients.emplace_back([this] { load_pages(); });
    }
    for (std::size_t release = 1; release < hashes.size(); ++release) {
        EXPECT_TRUE(deploy(release));
        const int pages = pages_;
        ++deploys_;
        EXPECT_TRUE(eventually([&] { return pages_ > pages || !complaints().empty(); }));
    }
    is_over_ = true;
    clients.clear();
    EXPECT_EQ(complaints(), "");
}

}  // namespace
}  // namespace torc::test
