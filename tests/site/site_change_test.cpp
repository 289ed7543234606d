// What a site does with changes of the disk that are reported to it.

#include <torc/site/site.hpp>

#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

using std::chrono::nanoseconds;
using test::memory_asset;

constexpr MonotonicTime noon{std::chrono::hours(12)};

class SiteChangeTest : public ::testing::Test {
protected:
    /// So late that what a test wrote is settled (see is_settled).
    void SetUp() override {
        site_.set_time(std::chrono::time_point_cast<nanoseconds>(std::chrono::system_clock::now()) +
                       std::chrono::hours(1));
    }
    void cache(Site& site, std::initializer_list<std::string_view> paths) {
        for (const std::string_view path : paths) {
            site.cache().insert(path, memory_asset("1"), noon);
        }
    }
    [[nodiscard]] static bool has(Site& site, std::string_view path) {
        return site.cache().find(path) != nullptr;
    }
    /// Ends a load: the path leads to an empty file.
    Site::Loaded finish(Site::LoadId id) {
        EXPECT_EQ(site_.begin_load(id), LoadStep::open);
        return go_on(id);
    }
    Site::Loaded go_on(Site::LoadId id) {
        AssetLoad& load = site_.load(id);
        EXPECT_EQ(load.opened(test::anonymous_file("")), LoadStep::stat);
        EXPECT_EQ(::statx(load.descriptor(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &load.status()),
                  0);
        EXPECT_EQ(load.stated(), LoadStep::finished);
        return site_.finish_load(id, noon);
    }
    Site::LoadId begin(std::string_view path, bool is_watched) {
        return site_.join_load(path, 1, is_watched).id;
    }
    [[nodiscard]] bool is_fresh(std::string_view path, MonotonicTime now) {
        return site_.find(path, now) != nullptr;
    }

    Site site_{LoadRules{.codings = {}}, CacheLimits{}};
};

TEST_F(SiteChangeTest, AWatchedAssetIsFreshForLong) {
    (void)finish(begin("watched", true));
    (void)finish(begin("other", false));
    EXPECT_TRUE(is_fresh("watched", noon + Site::watched_fresh_for - nanoseconds(1)));
    EXPECT_FALSE(is_fresh("watched", noon + Site::watched_fresh_for));
    EXPECT_FALSE(is_fresh("other", noon + Site::fresh_for));
}

TEST_F(SiteChangeTest, WhatChangedIsDropped) {
    cache(site_, {"a", "a/b", "b"});
    site_.changed("a/", "b");
    EXPECT_FALSE(has(site_, "a/b"));
    EXPECT_TRUE(has(site_, "a"));
    EXPECT_TRUE(has(site_, "b"));
}

TEST_F(SiteChangeTest, AnIndexIsDroppedWithItsDirectory) {
    Site site({.index_names = {"index.html", "index.htm"}}, {});
    cache(site, {"", "a/", "b/"});
    site.changed("a/", "index.htm");
    EXPECT_FALSE(has(site, "a/"));
    site.changed("", "index.html");
    EXPECT_FALSE(has(site, ""));
    EXPECT_TRUE(has(site, "b/"));
}

TEST_F(SiteChangeTest, APrecompressedFileIsDroppedWithItsOriginal) {
    Site site({}, {});
    cache(site, {"a/page.html", "a/page.html.br", "a/", "a/page"});
    site.changed("a/", "page.html.br");
    EXPECT_FALSE(has(site, "a/page.html"));
    EXPECT_FALSE(has(site, "a/page.html.br"));
    EXPECT_TRUE(has(site, "a/page"));
    site.changed("a/", "index.html.gz");
    EXPECT_FALSE(has(site, "a/"));
}

TEST_F(SiteChangeTest, APageIsDroppedWithItsCleanUrls) {
    Site site({.has_clean_urls = true}, {});
    cache(site, {"about", "about/", "about.html", "other.html"});
    site.changed("", "about.html");
    EXPECT_FALSE(has(site, "about"));
    EXPECT_FALSE(has(site, "about/"));
    EXPECT_FALSE(has(site, "about.html"));
    site.changed("", "other");
    EXPECT_FALSE(has(site, "other.html")) << "it no longer leads to what is now another file";
}

TEST_F(SiteChangeTest, ADirectoryIsDroppedWithAllInItAndTheRedirectToIt) {
    cache(site_, {"a", "a/", "a/b/", "a/b/c", "ab", "b/a"});
    site_.changed_beneath("a/");
    for (const char* path : {"a", "a/", "a/b/", "a/b/c"}) {
        EXPECT_FALSE(has(site_, path)) << path;
    }
    EXPECT_TRUE(has(site_, "ab"));
    EXPECT_TRUE(has(site_, "b/a"));
}

TEST_F(SiteChangeTest, WhatChangesWhileItIsLoadedIsNotTrustedForLong) {
    const Site::LoadId changed = begin("changed", true);
    const Site::LoadId other = begin("other", true);
    site_.changed("", "changed");
    (void)finish(changed);
    (void)finish(other);
    EXPECT_TRUE(is_fresh("changed", noon));
    EXPECT_FALSE(is_fresh("changed", noon + Site::fresh_for));
    EXPECT_TRUE(is_fresh("other", noon + Site::fresh_for));
}

TEST_F(SiteChangeTest, WhatIsBeingLoadedWhenADirectoryChangesIsNotTrustedForLong) {
    const Site::LoadId load = begin("a/file", true);
    EXPECT_EQ(site_.begin_load(load), LoadStep::open);
    site_.changed_beneath("a/");
    (void)go_on(load);
    EXPECT_FALSE(is_fresh("a/file", noon + Site::fresh_for));
}

TEST_F(SiteChangeTest, WhatWasBeingLoadedWhenEverythingChangedIsNotCached) {
    cache(site_, {"a"});
    const Site::LoadId load = begin("b", true);
    EXPECT_EQ(site_.begin_load(load), LoadStep::open);
    site_.changed_all();
    EXPECT_TRUE(go_on(load).asset);
    EXPECT_FALSE(has(site_, "a"));
    EXPECT_FALSE(has(site_, "b"));
}

TEST_F(SiteChangeTest, WhatIsLoadedFirstAfterEverythingChangedIsCached) {
    (void)finish(begin("before", true));
    site_.changed_all();
    (void)finish(begin("after", true));
    EXPECT_TRUE(is_fresh("after", noon + Site::fresh_for));
}

TEST_F(SiteChangeTest, ALoadThatBeginsOnceEverythingChangedIsCachedButNotTrustedForLong) {
    const Site::LoadId load = begin("a", true);
    site_.changed_all();
    EXPECT_EQ(site_.begin_load(load), LoadStep::open);
    (void)go_on(load);
    EXPECT_TRUE(is_fresh("a", noon));
    EXPECT_FALSE(is_fresh("a", noon + Site::fresh_for)) << "no directory is watched any more";
}

TEST_F(SiteChangeTest, ADirectoryThatIsMadeLeavesWhatIsBesideIt) {
    cache(site_, {"", "new", "page", "a/page"});
    site_.changed_beneath("new/");
    EXPECT_FALSE(has(site_, "new"));
    for (const char* path : {"", "page", "a/page"}) {
        EXPECT_TRUE(has(site_, path)) << path;
    }
    EXPECT_FALSE(site_.cache().reclaim(0)) << "there is nothing that was looked at";
}

TEST_F(SiteChangeTest, ALoadCanEndWithWhatWasFoundMeanwhile) {
    const AssetRef asset = memory_asset("1");
    const Site::LoadId load = begin("a", false);
    const Site::Loaded loaded = site_.finish_load_with(load, *asset);
    EXPECT_EQ(loaded.asset.get(), asset.get());
    EXPECT_EQ(loaded.waiters.size(), 1U);
    EXPECT_EQ(site_.loads_under_way(), 0U);
}

}  // namespace
}  // namespace torc::site
