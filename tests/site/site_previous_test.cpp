// What a site caches from directories that were the root before.

#include "site_change_fixture.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace torc::site {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using test::noon;

class SitePreviousTest : public test::SiteChangeTest {
protected:
    static LoadRules rules() {
        return {.codings = {},
                .cache_control = {{.glob = "*", .value = "immutable"}},
                .keep_previous = minutes(10)};
    }
    /// Loads an empty file that is not beneath the root, but beneath the one before, which is
    /// served from until `until`.
    void load(std::string_view path, MonotonicTime until = noon + minutes(10)) {
        const Site::LoadId id = previous_site_.join_load(path, 1, true).id;
        AssetLoad& load = previous_site_.load(id);
        (void)previous_site_.begin_load(id);
        EXPECT_TRUE(is<TryPreviousRoot>(load.on_failed(Errno(ENOENT))));
        EXPECT_TRUE(is<OpenFile>(load.on_previous_root()));
        EXPECT_TRUE(is<LoadFinished>(stat(load, load.on_opened(test::anonymous_file("")))));
        previous_site_.limit_freshness(id, until);
        (void)previous_site_.finish_load(id, noon);
    }
    [[nodiscard]] bool is_cached(std::string_view path) { return has(previous_site_, path); }

    CacheBudgets previous_budgets_{CacheLimits{}};
    Site previous_site_{rules(), previous_budgets_};
};

TEST_F(SitePreviousTest, IsFreshForASecondThoughTheDirectoryIsWatched) {
    load("a.js");
    EXPECT_NE(previous_site_.find("a.js", noon + Site::fresh_for - milliseconds(1)), nullptr);
    EXPECT_EQ(previous_site_.find("a.js", noon + Site::fresh_for), nullptr);
}

TEST_F(SitePreviousTest, IsNotFreshForLongerThanItsRootIsServed) {
    load("a.js", noon + milliseconds(300));
    EXPECT_NE(previous_site_.find("a.js", noon + milliseconds(299)), nullptr);
    EXPECT_EQ(previous_site_.find("a.js", noon + milliseconds(300)), nullptr);
}

TEST_F(SitePreviousTest, GoesWhenTheFirstOfTheRootsIsOver) {
    EXPECT_EQ(previous_site_.previous_until(), never);
    load("a.js", noon + minutes(10));
    load("b.js", noon + minutes(5));
    EXPECT_EQ(previous_site_.previous_until(), noon + minutes(5));
    previous_site_.forget_previous();
    EXPECT_EQ(previous_site_.cache().size(), 0U);
    EXPECT_EQ(previous_site_.previous_until(), never);
}

TEST_F(SitePreviousTest, IsDroppedByAChangeOfItsName) {
    load("a/b.js");
    previous_site_.changed("a/", "b.js");
    EXPECT_FALSE(is_cached("a/b.js"));
}

TEST_F(SitePreviousTest, IsLimitedInNumber) {
    constexpr std::size_t cached_max = 1024;
    for (std::size_t file = 0; file < cached_max; ++file) {
        load(std::to_string(file) + ".js");
    }
    load("more.js");
    EXPECT_FALSE(is_cached("more.js"));
    load("7.js");
    EXPECT_TRUE(is_cached("7.js")) << "it is one of those";
}

}  // namespace
}  // namespace torc::site
