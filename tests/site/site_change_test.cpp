// What a site does with changes of the disk that are reported to it.

#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/site.hpp>

#include "site/assets.hpp"
#include "site/site_change_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

using std::chrono::nanoseconds;
using test::memory_asset;
using test::noon;
using test::SiteChangeTest;

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
    CacheBudgets budgets(CacheLimits{});
    Site site({.index_names = {"index.html", "index.htm"}}, budgets);
    cache(site, {"", "a/", "b/"}, {"a/index.html"});
    site.changed("a/", "index.htm");
    EXPECT_FALSE(has(site, "a/"));
    site.changed("", "index.html");
    EXPECT_FALSE(has(site, ""));
    EXPECT_TRUE(has(site, "b/"));
}

TEST_F(SiteChangeTest, APrecompressedFileIsDroppedWithItsOriginal) {
    CacheBudgets budgets(CacheLimits{});
    Site site({}, budgets);
    cache(site, {"a/page.html", "a/page.html.br", "a/", "a/page"});
    site.changed("a/", "page.html.br");
    EXPECT_FALSE(has(site, "a/page.html"));
    EXPECT_FALSE(has(site, "a/page.html.br"));
    EXPECT_TRUE(has(site, "a/page"));
    site.changed("a/", "index.html.gz");
    EXPECT_FALSE(has(site, "a/"));
}

TEST_F(SiteChangeTest, APageIsDroppedWithItsCleanUrls) {
    CacheBudgets budgets(CacheLimits{});
    Site site({.has_clean_urls = true}, budgets);
    cache(site, {"about", "about/", "about.html", "other.html"},
          {"about", "about/index.html", "other"});
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
    EXPECT_TRUE(is<OpenFile>(site_.begin_load(load)));
    site_.changed_beneath("a/");
    (void)go_on(load);
    EXPECT_FALSE(is_fresh("a/file", noon + Site::fresh_for));
}

TEST_F(SiteChangeTest, WhatWasBeingLoadedWhenEverythingChangedIsNotCached) {
    cache(site_, {"a"});
    const Site::LoadId load = begin("b", true);
    EXPECT_TRUE(is<OpenFile>(site_.begin_load(load)));
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
    EXPECT_TRUE(is<OpenFile>(site_.begin_load(load)));
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

TEST_F(SiteChangeTest, WhatAppearsIsNoLongerMissing) {
    miss({"a/b", "a/c"});
    site_.changed("a/", "b");
    EXPECT_FALSE(is_missing("a/b"));
    EXPECT_TRUE(is_missing("a/c"));
    EXPECT_TRUE(is_missing(error_key("a/b")));
}

TEST_F(SiteChangeTest, WhatWasMissingInADirectoryThatAppearsIsLookedForAgain) {
    miss({"new", "new/", "new/page", "new/deep/page", "newer", "other/page"});
    site_.changed_beneath("new/");
    for (const char* path : {"new", "new/", "new/page", "new/deep/page"}) {
        EXPECT_FALSE(is_missing(path)) << path;
    }
    EXPECT_FALSE(is_missing(error_key("new/page")));
    EXPECT_TRUE(is_missing("newer"));
    EXPECT_TRUE(is_missing("other/page"));
}

TEST_F(SiteChangeTest, AnErrorPageThatChangesIsLookedForAgainInAllBeneath) {
    miss({"page", "a/page", "a/b/page"});
    site_.changed("a/", "404.html");
    EXPECT_TRUE(is_missing(error_key("page")));
    EXPECT_FALSE(is_missing(error_key("a/page")));
    EXPECT_FALSE(is_missing(error_key("a/b/page")));
    site_.changed("", "404.html");
    EXPECT_FALSE(is_missing(error_key("page")));
}

TEST_F(SiteChangeTest, AFallbackThatChangesIsDropped) {
    CacheBudgets budgets(CacheLimits{});
    Site site({.fallback_path = "app/index.html"}, budgets);
    std::string key;
    SubstituteKey{.kind = SubstituteKey::Kind::fallback, .path = "app/index.html"}.write(key);
    for (const std::string_view name : {"index.html", "index.html.br"}) {
        cache(site, {key});
        site.changed("", name);
        EXPECT_TRUE(has(site, key)) << "that is another file";
        site.changed("app/", name);
        EXPECT_FALSE(has(site, key)) << name;
    }
    cache(site, {key});
    site.changed_beneath("app/");
    EXPECT_FALSE(has(site, key));
}

TEST_F(SiteChangeTest, WhatAppearsWhileItIsLookedForIsNotRememberedAsMissing) {
    const Site::LoadId appearing = begin("appearing", true);
    const Site::LoadId absent = begin("absent", true);
    site_.changed("", "appearing");
    (void)fail(appearing);
    (void)fail(absent);
    EXPECT_FALSE(is_missing("appearing"));
    EXPECT_TRUE(is_missing("absent"));
    const Site::LoadId beneath = begin("new/page", true);
    const Site::LoadId error = begin(error_key("page"), true);
    site_.changed_beneath("new/");
    site_.changed("", "404.html");
    (void)fail(beneath);
    (void)fail(error);
    EXPECT_FALSE(is_missing("new/page"));
    EXPECT_FALSE(is_missing(error_key("page")));
}

TEST_F(SiteChangeTest, NothingIsMissingForSureOnceEverythingChanged) {
    miss({"a"});
    site_.changed_all();
    EXPECT_FALSE(is_missing("a"));
    EXPECT_FALSE(is_missing(error_key("a")));
    EXPECT_TRUE(site_.has_forgotten());
    while (site_.reclaim(1)) {
    }
    EXPECT_EQ(site_.missing().size(), 0U);
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
