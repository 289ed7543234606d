#include <torc/base/start_error.hpp>
#include <torc/server/root_opener.hpp>
#include <torc/worker/snapshot.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::server {
namespace {

class RootOpenerTest : public ::testing::Test {
protected:
    RootOpenerTest() {
        directory_.write("a/index.html", "a");
        directory_.write("b/index.html", "b");
    }

    [[nodiscard]] std::string path(std::string_view name) const {
        return (directory_.path() / name).string();
    }
    [[nodiscard]] config::AreaSettings area(std::string_view name) const {
        return {.directory = path(name)};
    }
    /// Of one site, which reads its files.
    worker::SharedSnapshot snapshot_of(std::string_view name,
                                       const worker::Snapshot* previous = nullptr) {
        config::Settings settings;
        settings.sites.front().whole = area(name);
        settings.sites.front().has_site_files = true;
        LogOpener logs(previous, "--access-log");
        return RootOpener(previous, io::Backend::epoll, reports_)
            .open_all(std::move(settings), logs);
    }
    std::string refusal_of(config::AreaSettings area, const worker::Snapshot* previous = nullptr) {
        try {
            (void)RootOpener(previous, io::Backend::epoll, reports_).open(area);
        } catch (const StartError& error) {
            return error.what();
        }
        return "";
    }

    torc::test::TemporaryDirectory directory_;
    worker::ReportSink reports_ = [](const worker::Report& /*report*/) {};
};

TEST_F(RootOpenerTest, OpensADirectoryOnce) {
    RootOpener opener(nullptr, io::Backend::epoll, reports_);
    config::AreaSettings one = area("a");
    config::AreaSettings other = area("a");
    EXPECT_EQ(opener.open(one), opener.open(other));
}

TEST_F(RootOpenerTest, TakesOverWhatTheConfigurationBeforeHasOpen) {
    const worker::SharedSnapshot before = snapshot_of("a");
    RootOpener opener(before.get(), io::Backend::epoll, reports_);
    config::AreaSettings same = area("a");
    config::AreaSettings other = area("b");
    EXPECT_EQ(opener.open(same), before->sites[0]->areas[0].tree->root);
    EXPECT_EQ(opener.open(other)->path(), path("b"));
}

TEST_F(RootOpenerTest, LooksAtNoDirectoryThatIsKnown) {
    const worker::SharedSnapshot before = snapshot_of("a");
    std::filesystem::rename(path("a"), path("elsewhere"));
    directory_.write("a", "a file by now");
    RootOpener opener(before.get(), io::Backend::epoll, reports_);
    config::AreaSettings same = area("a");
    EXPECT_EQ(opener.open(same), before->sites[0]->areas[0].tree->root);
}

TEST_F(RootOpenerTest, CountsWhatTheAreasOfADirectoryKeepOnce) {
    config::Settings settings;
    config::SiteSettings& site = settings.sites.front();
    site.whole = area("a");
    site.whole.load_rules.keep_previous = std::chrono::minutes(10);
    for (const char* const part : {"x/", "y/"}) {
        site.areas.push_back(site.whole);
        site.areas.back().path = part;
        site.areas.back().has_own_directory = false;
    }
    site.areas.push_back(site.whole);
    site.areas.back().path = "own/";
    site.areas.back().directory = path("b");
    LogOpener logs(nullptr, "--access-log");
    const worker::SharedSnapshot snapshot =
        RootOpener(nullptr, io::Backend::epoll, reports_).open_all(std::move(settings), logs);
    EXPECT_EQ(count_roots(*snapshot), 2 + 2 * worker::PreviousRoots::kept_max);
}

TEST_F(RootOpenerTest, NamesTheDirectoryThatIsNotThere) {
    EXPECT_TRUE(refusal_of(area("absent")).starts_with(path("absent") + ": no such directory"));
}

TEST_F(RootOpenerTest, WarnsOfADirectoryWithNothingToShowAtItsRoot) {
    std::filesystem::create_directory(path("empty"));
    RootOpener opener(nullptr, io::Backend::epoll, reports_);
    config::AreaSettings empty = area("empty");
    (void)opener.open(empty);
    ASSERT_EQ(opener.warnings().size(), 1U);
    EXPECT_TRUE(opener.warnings().front().starts_with(path("empty") + " has no index.html"));
}

TEST_F(RootOpenerTest, WarnsInTheWordsOfAConfigurationFile) {
    std::filesystem::create_directory(path("empty"));
    RootOpener opener(nullptr, io::Backend::epoll, reports_);
    config::AreaSettings empty = area("empty");
    empty.path = "download/";
    empty.origins = {.site = "www",
                     .directory = {.name = "site.area.root",
                                   .file = std::make_shared<const std::string>("torc.toml"),
                                   .line = 3,
                                   .column = 8}};
    (void)opener.open(empty);
    EXPECT_EQ(opener.warnings(),
              std::vector<std::string>{
                  "torc.toml:3:8: site.area.root " + path("empty") +
                  " of site 'www' has no index.html, and listing is off: /download/ is a 404; give "
                  "listing = true, or index with the name of a file that is there"});
}

TEST_F(RootOpenerTest, WarnsOfNoAreaWithoutADirectoryOfItsOwn) {
    std::filesystem::create_directory(path("empty"));
    RootOpener opener(nullptr, io::Backend::epoll, reports_);
    config::AreaSettings part = area("empty");
    part.has_own_directory = false;
    (void)opener.open(part);
    EXPECT_TRUE(opener.warnings().empty());
}

TEST_F(RootOpenerTest, RefusesAFallbackThatIsNotThereInADirectoryThatIsKnown) {
    const worker::SharedSnapshot before = snapshot_of("a");
    config::AreaSettings with_fallback = area("a");
    with_fallback.load_rules.fallback_path = "absent.html";
    EXPECT_TRUE(refusal_of(with_fallback, before.get()).contains("absent.html"));
}

TEST_F(RootOpenerTest, TakesASiteForTheSameWhileItsFilesSayTheSame) {
    directory_.write("a/_redirects", "/x /y\n");
    directory_.write("a/_headers", "/*\n  X: 1\n");
    const worker::SharedSnapshot first = snapshot_of("a");
    directory_.write("a/_redirects", "# the same\n/x  /y  301\n");
    const worker::SharedSnapshot second = snapshot_of("a", first.get());
    EXPECT_EQ(second->sites[0], first->sites[0]);

    directory_.write("a/_redirects", "/x /z\n");
    const worker::SharedSnapshot third = snapshot_of("a", second.get());
    EXPECT_NE(third->sites[0], second->sites[0]);
    EXPECT_EQ(third->sites[0]->areas[0].tree, second->sites[0]->areas[0].tree)
        << "of redirects nothing is cached";

    directory_.write("a/_headers", "/*\n  X: 2\n");
    const worker::SharedSnapshot fourth = snapshot_of("a", third.get());
    EXPECT_NE(fourth->sites[0], third->sites[0]);
}

TEST_F(RootOpenerTest, RefusesFilesOfSitesThatAreWrongWithAllThatIs) {
    std::string text;
    for (int line = 0; line < 25; ++line) {
        text += "/x\n";
    }
    directory_.write("a/_redirects", text);
    try {
        (void)snapshot_of("a");
        FAIL() << "taken";
    } catch (const StartError& error) {
        const std::string what = error.what();
        EXPECT_TRUE(what.starts_with(path("a/_redirects") + ":1: ")) << what;
        EXPECT_TRUE(what.ends_with("\nand 5 more")) << what;
    }
}

}  // namespace
}  // namespace torc::server
