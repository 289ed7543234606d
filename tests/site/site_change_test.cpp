// What a site does with changes of the disk that are reported to it.

#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/listing/listing_key.hpp>
#include <torc/site/site.hpp>

#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

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
    /// Loads what is at these paths: files that are all there but for those that are `absent`.
    void cache(Site& site, std::initializer_list<std::string_view> paths,
               std::initializer_list<std::string_view> absent = {}) {
        for (const std::string_view path : paths) {
            const Site::LoadId id = site.join_load(path, 1, true).id;
            AssetLoad& load = site.load(id);
            LoadStep step = site.begin_load(id);
            while (const auto* const open = std::get_if<OpenFile>(&step)) {
                const bool is_absent =
                    std::ranges::find(absent, std::string_view(open->path)) != absent.end();
                step = is_absent ? load.on_failed(Errno(ENOENT))
                                 : stat(load, load.on_opened(test::anonymous_file("")));
            }
            EXPECT_TRUE(is<LoadFinished>(step));
            (void)site.finish_load(id, noon);
        }
    }
    static LoadStep stat(AssetLoad& load, const LoadStep& step) {
        const auto& [descriptor, status] = std::get<StatFile>(step);
        EXPECT_EQ(::statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS, status), 0);
        return load.on_stated();
    }
    [[nodiscard]] static bool has(Site& site, std::string_view path) {
        return site.cache().find(path) != nullptr;
    }
    /// Ends a load: the path leads to an empty file.
    Site::Loaded finish(Site::LoadId id) {
        EXPECT_TRUE(is<OpenFile>(site_.begin_load(id)));
        return go_on(id);
    }
    Site::Loaded go_on(Site::LoadId id) {
        AssetLoad& load = site_.load(id);
        EXPECT_TRUE(is<LoadFinished>(stat(load, load.on_opened(test::anonymous_file("")))));
        return site_.finish_load(id, noon);
    }
    /// Ends a load: nothing is there.
    Site::Loaded fail(Site::LoadId id) {
        LoadStep step = site_.begin_load(id);
        while (is<OpenFile>(step)) {
            step = site_.load(id).on_failed(Errno(ENOENT));
        }
        return site_.finish_load(id, noon);
    }
    /// Remembers that nothing is at these paths, and the errors that are sent for them.
    void miss(std::initializer_list<std::string_view> paths) {
        for (const std::string_view path : paths) {
            (void)fail(begin(path, true));
            (void)fail(begin(error_key(path), true));
        }
    }
    [[nodiscard]] bool is_missing(std::string_view path) {
        return site_.missing().find(path) != nullptr;
    }
    static std::string error_key(std::string_view path) {
        std::string key;
        SubstituteKey::error_at(path).write(key);
        return key;
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
    cache(site, {"", "a/", "b/"}, {"a/index.html"});
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
    Site site({.fallback_path = "app/index.html"}, {});
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

// Listings: keys of their own, and as old as what they were made of.

class SiteListingTest : public SiteChangeTest {
protected:
    static std::string key(std::string_view directory, ListingStyle style = {}) {
        std::string text;
        ListingKey{.path = directory, .style = style}.write(text);
        return text;
    }
    [[nodiscard]] static ListedDirectoryRef read(MonotonicTime at) {
        return std::make_shared<const ListedDirectory>(file::Directory(), at);
    }
    Site::LoadId begin_listing(std::string_view directory, ListingStyle style = {}) {
        const Site::LoadId id = listing_site_.join_load(key(directory, style), 1, true).id;
        EXPECT_TRUE(is<OpenFile>(listing_site_.begin_load(id)));
        AssetLoad& load = listing_site_.load(id);
        const LoadStep step =
            load.on_opened(UniqueFd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)));
        std::get<StatFile>(step).status->stx_mode = S_IFDIR;
        EXPECT_TRUE(is<ListDirectory>(load.on_stated()));
        return id;
    }
    void finish_listing(Site::LoadId id, const ListedDirectoryRef& listed) {
        AssetLoad& load = listing_site_.load(id);
        const ListingKey key = load.listing_key();
        EXPECT_TRUE(is<LoadFinished>(
            load.on_listed(make_listing({key.path, *listed, key.style}, "no-cache"), listed)));
        (void)listing_site_.finish_load(id, noon);
    }
    void list(std::string_view directory) { finish_listing(begin_listing(directory), read(noon)); }
    [[nodiscard]] bool is_listing_fresh(std::string_view directory, MonotonicTime now,
                                        ListingStyle style = {}) {
        return listing_site_.find(key(directory, style), now) != nullptr;
    }

    static constexpr ListingStyle by_size{.order = ListingOrder::size};
    Site listing_site_{LoadRules{.codings = {}, .lists_directories = true}, CacheLimits{}};
};

TEST_F(SiteListingTest, AListingIsKeptWhileItsDirectoryDoesNotChange) {
    list("a/");
    listing_site_.changed("b/", "file");
    listing_site_.changed("a/b/", "file");
    EXPECT_TRUE(is_listing_fresh("a/", noon + Site::watched_fresh_for - nanoseconds(1)));
    EXPECT_FALSE(is_listing_fresh("a/", noon + Site::watched_fresh_for));
}

TEST_F(SiteListingTest, AListingWhoseDirectoryChangesIsFreshForAsLongAsIfNobodyHadSaidSo) {
    list("a/");
    listing_site_.changed("a/", "file");
    EXPECT_TRUE(is_listing_fresh("a/", noon + Site::fresh_for - nanoseconds(1)));
    EXPECT_FALSE(is_listing_fresh("a/", noon + Site::fresh_for));
}

// Or the listings of a directory in which much happens would push out what people ask for.
TEST_F(SiteListingTest, AChangeIsNoUseOfAListing) {
    list("a/");
    AssetCache& cache = listing_site_.cache();
    cache.insert("file", test::disk_asset("1"), noon);
    cache.insert(key("a/", {.order = ListingOrder::size}), test::disk_asset("1"), noon);
    (void)cache.find("file");
    listing_site_.changed("a/", "other");
    EXPECT_TRUE(cache.evict_descriptor());
    EXPECT_NE(cache.peek("file"), nullptr);
    EXPECT_EQ(cache.peek(key("a/", {.order = ListingOrder::size})), nullptr);
}

TEST_F(SiteListingTest, AListingIsOutdatedByAChangeOfADirectoryInIt) {
    list("");
    listing_site_.changed_beneath("a/");
    EXPECT_FALSE(is_listing_fresh("", noon + Site::fresh_for));
}

TEST_F(SiteListingTest, AListingThatIsMadeWhileItsDirectoryChangesIsNotKeptForLong) {
    const Site::LoadId id = begin_listing("a/");
    listing_site_.changed("a/", "file");
    finish_listing(id, read(noon));
    EXPECT_FALSE(is_listing_fresh("a/", noon + Site::fresh_for));
}

TEST_F(SiteListingTest, AListingOfWhatCanNotBeWatchedIsNotKeptForLong) {
    finish_listing(begin_listing("a/"),
                   std::make_shared<const ListedDirectory>(
                       file::Directory{.entries = {}, .is_watchable = false}, noon));
    EXPECT_FALSE(is_listing_fresh("a/", noon + Site::fresh_for));
}

TEST_F(SiteListingTest, AnotherOrderIsMadeOfWhatWasRead) {
    const ListedDirectoryRef listed = read(noon);
    finish_listing(begin_listing("a/"), listed);
    const Site::LoadId id = begin_listing("a/", by_size);
    EXPECT_EQ(listing_site_.share_listed_directory(id, noon + nanoseconds(1)), listed);
    const Site::LoadId other = begin_listing("b/");
    EXPECT_EQ(listing_site_.share_listed_directory(other, noon), nullptr);
}

TEST_F(SiteListingTest, WhatWasReadIsSharedForAsLongAsItIsFresh) {
    list("a/");
    listing_site_.changed("a/", "file");
    const Site::LoadId id = begin_listing("a/", by_size);
    EXPECT_NE(listing_site_.share_listed_directory(id, noon + Site::fresh_for - nanoseconds(1)),
              nullptr);
    EXPECT_EQ(listing_site_.share_listed_directory(id, noon + Site::fresh_for), nullptr);
}

TEST_F(SiteListingTest, AnotherOrderIsFreshForNoLongerThanTheFirst) {
    const ListedDirectoryRef listed = read(noon);
    finish_listing(begin_listing("a/"), listed);
    // Before the second one is asked for, which is told of nothing from then on.
    listing_site_.changed("a/", "file");
    const Site::LoadId id = begin_listing("a/", by_size);
    EXPECT_EQ(listing_site_.share_listed_directory(id, noon), listed);
    finish_listing(id, listed);
    EXPECT_TRUE(is_listing_fresh("a/", noon + Site::fresh_for - nanoseconds(1), by_size));
    EXPECT_FALSE(is_listing_fresh("a/", noon + Site::fresh_for, by_size));
}

TEST_F(SiteListingTest, NothingIsSharedOfARootThatIsNoMore) {
    list("a/");
    listing_site_.changed_all();
    const Site::LoadId id = begin_listing("a/", by_size);
    EXPECT_EQ(listing_site_.share_listed_directory(id, noon), nullptr);
}

}  // namespace
}  // namespace torc::site
