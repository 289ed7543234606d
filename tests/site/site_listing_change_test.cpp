// What a site does with changes of directories that it has listed.

#include <torc/site/listing/listing_key.hpp>
#include <torc/site/site.hpp>

#include "site/assets.hpp"
#include "site/site_change_fixture.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace torc::site {
namespace {

using std::chrono::nanoseconds;
using test::noon;
using test::SiteChangeTest;

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
    CacheBudgets budgets_{CacheLimits{}};
    Site listing_site_{LoadRules{.codings = {}, .lists_directories = true}, budgets_};
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
    EXPECT_TRUE(cache.budget().evict_descriptor());
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
