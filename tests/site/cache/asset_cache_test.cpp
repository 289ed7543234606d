#include <torc/site/cache/asset_cache.hpp>

#include "site/assets.hpp"
#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <chrono>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

using test::disk_asset;
using test::memory_asset;

constexpr MonotonicTime noon{std::chrono::hours(12)};

/// What one asset of `bytes` at a path as long as "/a" costs.
std::size_t cost_of(const AssetRef& asset) {
    CacheBudget budget({});
    AssetCache cache(budget);
    cache.insert("a", asset, noon);
    return budget.memory_bytes();
}

TEST(AssetCache, FindsNothingAtFirst) {
    CacheBudget budget({});
    AssetCache cache(budget);
    EXPECT_EQ(cache.find("a"), nullptr);
    EXPECT_EQ(cache.size(), 0U);
}

TEST(AssetCache, FindsWhatWasInserted) {
    CacheBudget budget({});
    AssetCache cache(budget);
    const AssetRef asset = memory_asset("1");
    cache.insert("a", asset, noon);
    const AssetCache::Entry* entry = cache.find("a");
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->path, "a");
    EXPECT_EQ(entry->asset.get(), asset.get());
    EXPECT_EQ(entry->fresh_until, noon);
    EXPECT_EQ(cache.find("b"), nullptr);
}

TEST(AssetCache, TakesTheRootItselfForAPath) {
    CacheBudget budget({});
    AssetCache cache(budget);
    cache.insert("", memory_asset("1"), noon);
    EXPECT_NE(cache.find(""), nullptr);
}

TEST(AssetCache, ReplacesTheAssetAtAPath) {
    CacheBudget budget({});
    AssetCache cache(budget);
    cache.insert("a", memory_asset(std::string(1000, 'x')), noon);
    const AssetRef newer = memory_asset("2");
    cache.insert("a", newer, noon + std::chrono::seconds(1));
    EXPECT_EQ(cache.size(), 1U);
    EXPECT_EQ(cache.find("a")->asset.get(), newer.get());
    EXPECT_EQ(cache.find("a")->fresh_until, noon + std::chrono::seconds(1));
    EXPECT_EQ(budget.memory_bytes(), cost_of(newer));
}

TEST(AssetCache, MayBeGivenTheAssetThatItHolds) {
    CacheBudget budget({});
    AssetCache cache(budget);
    cache.insert("a", disk_asset("1"), noon);
    const std::size_t before = budget.memory_bytes();
    cache.insert("a", cache.find("a")->asset, noon);
    EXPECT_EQ(budget.memory_bytes(), before);
    EXPECT_EQ(budget.descriptors(), 1U);
}

TEST(AssetCache, TakesALookForNoUse) {
    const std::size_t one = cost_of(memory_asset("1"));
    CacheBudget budget({.memory_bytes_max = 2 * one});
    AssetCache cache(budget);
    EXPECT_EQ(cache.peek("a"), nullptr);
    cache.insert("a", memory_asset("1"), noon);
    cache.insert("b", memory_asset("1"), noon);
    EXPECT_EQ(cache.peek("a"), cache.peek("a"));
    EXPECT_NE(cache.peek("a"), nullptr);
    cache.insert("c", memory_asset("1"), noon);
    EXPECT_EQ(cache.peek("a"), nullptr);
    EXPECT_NE(cache.peek("b"), nullptr);
}

TEST(AssetCache, StaysWithinItsBytes) {
    const std::size_t one = cost_of(memory_asset("1"));
    CacheBudget budget({.memory_bytes_max = 3 * one});
    AssetCache cache(budget);
    for (const std::string_view path : {"a", "b", "c", "d"}) {
        cache.insert(path, memory_asset("1"), noon);
        EXPECT_LE(budget.memory_bytes(), 3 * one);
    }
    EXPECT_EQ(cache.size(), 3U);
    EXPECT_EQ(cache.find("a"), nullptr);
}

TEST(AssetCache, LetsGoOfTheLeastRecentlyUsed) {
    const std::size_t one = cost_of(memory_asset("1"));
    CacheBudget budget({.memory_bytes_max = 3 * one});
    AssetCache cache(budget);
    cache.insert("a", memory_asset("1"), noon);
    cache.insert("b", memory_asset("1"), noon);
    cache.insert("c", memory_asset("1"), noon);
    EXPECT_NE(cache.find("a"), nullptr);
    cache.insert("d", memory_asset("1"), noon);
    EXPECT_EQ(cache.find("b"), nullptr);
    EXPECT_NE(cache.find("a"), nullptr);
    EXPECT_NE(cache.find("c"), nullptr);
}

TEST(AssetCache, TakesAReplacedAssetForRecentlyUsed) {
    const std::size_t one = cost_of(memory_asset("1"));
    CacheBudget budget({.memory_bytes_max = 2 * one});
    AssetCache cache(budget);
    cache.insert("a", memory_asset("1"), noon);
    cache.insert("b", memory_asset("1"), noon);
    cache.insert("a", memory_asset("2"), noon);
    cache.insert("c", memory_asset("1"), noon);
    EXPECT_EQ(cache.find("b"), nullptr);
    EXPECT_NE(cache.find("a"), nullptr);
}

TEST(AssetCache, DoesNotKeepWhatIsLargerThanItself) {
    CacheBudget budget({.memory_bytes_max = 10'000});
    AssetCache cache(budget);
    cache.insert("a", memory_asset(std::string(20'000, 'x')), noon);
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_EQ(budget.memory_bytes(), 0U);
}

TEST(AssetCache, StaysWithinItsDescriptors) {
    CacheBudget budget({.descriptors_max = 2});
    AssetCache cache(budget);
    cache.insert("a", disk_asset("1"), noon);
    cache.insert("b", memory_asset("1"), noon);
    cache.insert("c", disk_asset("1"), noon);
    cache.insert("d", disk_asset("1"), noon);
    EXPECT_EQ(budget.descriptors(), 2U);
    EXPECT_EQ(cache.find("a"), nullptr);
    EXPECT_NE(cache.find("b"), nullptr);
}

TEST(AssetCache, KeepsNoDescriptorWhenItMayHoldNone) {
    CacheBudget budget({.descriptors_max = 0});
    AssetCache cache(budget);
    cache.insert("a", disk_asset("1"), noon);
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_EQ(budget.descriptors(), 0U);
}

TEST(AssetCache, EvictsTheLeastRecentlyUsedDescriptor) {
    CacheBudget budget({});
    AssetCache cache(budget);
    cache.insert("memory", memory_asset("1"), noon);
    cache.insert("first", disk_asset("1"), noon);
    cache.insert("second", disk_asset("1"), noon);
    EXPECT_NE(cache.find("first"), nullptr);
    EXPECT_TRUE(budget.evict_descriptor());
    EXPECT_EQ(cache.find("second"), nullptr);
    EXPECT_TRUE(budget.evict_descriptor());
    EXPECT_FALSE(budget.evict_descriptor());
    EXPECT_EQ(budget.descriptors(), 0U);
    EXPECT_NE(cache.find("memory"), nullptr);
}

TEST(AssetCache, ErasesOnePath) {
    CacheBudget budget({});
    AssetCache cache(budget);
    cache.insert("a", memory_asset("1"), noon);
    cache.insert("b", memory_asset("1"), noon);
    cache.erase("a");
    cache.erase("absent");
    EXPECT_EQ(cache.find("a"), nullptr);
    EXPECT_NE(cache.find("b"), nullptr);
}

TEST(AssetCache, FindsAllThatIsLeftOfManyAfterAnyWasErased) {
    constexpr int count = 1000;
    CacheBudget budget({});
    AssetCache cache(budget);
    const AssetRef asset = memory_asset("1");
    for (int i = 0; i < count; ++i) {
        cache.insert(std::to_string(i), asset, noon);
    }
    // Enough of them to leave holes in front of every kind of neighbour.
    for (int i = 0; i < count; i += 3) {
        cache.erase(std::to_string(i));
        cache.erase("not there " + std::to_string(i));
    }
    for (int i = 0; i < count; ++i) {
        const AssetCache::Entry* entry = cache.find(std::to_string(i));
        ASSERT_EQ(entry != nullptr, i % 3 != 0) << i;
        ASSERT_TRUE(entry == nullptr || entry->path == std::to_string(i));
    }
}

TEST(AssetCache, TakesBackWhatWasErased) {
    CacheBudget budget({});
    AssetCache cache(budget);
    for (int round = 0; round < 300; ++round) {
        cache.insert("a" + std::to_string(round), memory_asset("1"), noon);
        cache.erase("a" + std::to_string(round));
        EXPECT_EQ(cache.find("a" + std::to_string(round)), nullptr);
    }
    EXPECT_EQ(cache.size(), 0U);
    cache.insert("a0", memory_asset("2"), noon);
    EXPECT_NE(cache.find("a0"), nullptr);
}

TEST(AssetCache, CostsNothingWhenItIsEmptyAgain) {
    CacheBudget budget({});
    AssetCache cache(budget);
    cache.insert("a", memory_asset("1"), noon);
    cache.insert("b", disk_asset("1"), noon);
    EXPECT_GT(budget.memory_bytes(), 0U);
    EXPECT_EQ(budget.descriptors(), 1U);
    cache.erase("a");
    cache.forget_all();
    EXPECT_FALSE(cache.reclaim(100));
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_EQ(budget.memory_bytes(), 0U);
    EXPECT_EQ(budget.descriptors(), 0U);
}

TEST(AssetCache, AnAssetInUseOutlivesItsEntry) {
    CacheBudget budget({.descriptors_max = 1});
    AssetCache cache(budget);
    cache.insert("a", disk_asset("12345"), noon);
    const AssetRef in_use = cache.find("a")->asset;
    cache.insert("b", disk_asset("1"), noon);
    ASSERT_EQ(cache.find("a"), nullptr);
    EXPECT_EQ(in_use->identity().size(), 5U);
    EXPECT_GE(::fcntl(in_use->identity().file().get(), F_GETFD), 0);
}

TEST(AssetCache, FindsWithoutAllocating) {
    CacheBudget budget({});
    AssetCache cache(budget);
    cache.insert("a/path/that/no/small/string/could/hold.html", memory_asset("1"), noon);
    cache.insert("b", memory_asset("1"), noon);
    const auto before = torc::test::allocations_of_this_thread();
    const bool is_found = cache.find("a/path/that/no/small/string/could/hold.html") != nullptr;
    const bool is_absent = cache.find("another/path/that/no/small/string/could/hold") == nullptr;
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
    EXPECT_TRUE(is_found);
    EXPECT_TRUE(is_absent);
}

TEST(AssetCache, ForgetsWhatIsBeneathADirectory) {
    CacheBudget budget({});
    AssetCache cache(budget);
    for (const char* path : {"", "a", "a/", "a/b", "a/b/c", "ab"}) {
        cache.insert(path, memory_asset("1"), MonotonicTime());
    }
    cache.forget_beneath("a/");
    for (const char* const when : {"before it is reclaimed", "after"}) {
        EXPECT_EQ(cache.find("a/"), nullptr) << when;
        EXPECT_EQ(cache.find("a/b"), nullptr) << when;
        EXPECT_EQ(cache.find("a/b/c"), nullptr) << when;
        EXPECT_NE(cache.find(""), nullptr) << when;
        EXPECT_NE(cache.find("a"), nullptr) << when;
        EXPECT_NE(cache.find("ab"), nullptr) << when;
        EXPECT_FALSE(cache.reclaim(100));
    }
    EXPECT_EQ(cache.size(), 3U);
    cache.forget_all();
    EXPECT_EQ(cache.find(""), nullptr);
    EXPECT_FALSE(cache.reclaim(100));
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_EQ(budget.memory_bytes(), 0U);
}

TEST(AssetCache, KeepsWhatIsInsertedOnceADirectoryWasForgotten) {
    CacheBudget budget({});
    AssetCache cache(budget);
    cache.insert("a/b/old", memory_asset("1"), noon);
    cache.insert("a/b/renewed", memory_asset("1"), noon);
    cache.forget_beneath("a/");
    cache.insert("a/b/renewed", memory_asset("2"), noon);
    cache.insert("a/b/new", memory_asset("2"), noon);
    cache.insert("a/c/new", memory_asset("2"), noon);
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(cache.find("a/b/old"), nullptr);
        for (const char* path : {"a/b/renewed", "a/b/new", "a/c/new"}) {
            EXPECT_NE(cache.find(path), nullptr) << path;
        }
        EXPECT_FALSE(cache.reclaim(100));
    }
    EXPECT_EQ(cache.size(), 3U);
}

TEST(AssetCache, ReclaimsNoMoreAtATimeThanItIsTold) {
    constexpr int count = 1000;
    constexpr std::size_t steps = 10;
    CacheBudget budget({});
    AssetCache cache(budget);
    for (int i = 0; i < count; ++i) {
        cache.insert(std::to_string(i % 100) + "/" + std::to_string(i), memory_asset("1"), noon);
    }
    cache.forget_all();
    EXPECT_EQ(cache.size(), static_cast<std::size_t>(count)) << "to forget is to free nothing";
    std::size_t before = cache.size();
    int rounds = 0;
    while (cache.reclaim(steps)) {
        ASSERT_LE(before - cache.size(), steps);
        before = cache.size();
        ASSERT_LT(++rounds, 2 * count);
    }
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_GE(rounds, count / static_cast<int>(steps) - 1);
}

TEST(AssetCache, ReclaimsAFileDescriptorThatNobodyAsksForAgain) {
    CacheBudget budget({});
    AssetCache cache(budget);
    cache.insert("a/file", disk_asset("1"), noon);
    cache.forget_beneath("a/");
    EXPECT_EQ(budget.descriptors(), 1U);
    EXPECT_FALSE(cache.reclaim(100));
    EXPECT_EQ(budget.descriptors(), 0U);
    EXPECT_FALSE(budget.evict_descriptor());
}

TEST(AssetCache, CountsTheDirectoriesThatItIndexes) {
    CacheBudget shallow_budget({});
    AssetCache shallow(shallow_budget);
    CacheBudget deep_budget({});
    AssetCache deep(deep_budget);
    shallow.insert("a.b.c.d.e", memory_asset("1"), noon);
    deep.insert("a/b/c/d/e", memory_asset("1"), noon);
    EXPECT_GT(deep_budget.memory_bytes(), shallow_budget.memory_bytes());
    deep.erase("a/b/c/d/e");
    EXPECT_EQ(deep_budget.memory_bytes(), 0U);
}

TEST(AssetCache, FindsWithoutAllocatingWhileItHasForgottenThings) {
    CacheBudget budget({});
    AssetCache cache(budget);
    cache.insert("forgotten/path/that/no/small/string/could/hold", memory_asset("1"), noon);
    cache.insert("another/path/that/no/small/string/could/hold", memory_asset("1"), noon);
    const auto before = torc::test::allocations_of_this_thread();
    cache.forget_beneath("forgotten/");
    const bool is_found = cache.find("another/path/that/no/small/string/could/hold") != nullptr;
    const bool is_absent = cache.find("forgotten/path/that/no/small/string/could/hold") == nullptr;
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
    EXPECT_TRUE(is_found);
    EXPECT_TRUE(is_absent);
}

TEST(AssetCache, GoesBeforeAnotherOfTheSameBudgetThatWasUsedLater) {
    CacheBudget budget({.descriptors_max = 2});
    AssetCache one(budget);
    AssetCache other(budget);
    one.insert("a", disk_asset("1"), noon);
    other.insert("b", disk_asset("1"), noon);
    EXPECT_NE(one.find("a"), nullptr);
    one.insert("c", disk_asset("1"), noon);
    EXPECT_NE(one.find("a"), nullptr);
    EXPECT_EQ(other.find("b"), nullptr);
    EXPECT_EQ(other.size(), 0U);
}

TEST(AssetCache, TakesNothingOfTheBudgetWhenItIsGone) {
    CacheBudget budget({});
    {
        AssetCache cache(budget);
        cache.insert("a/b/c", memory_asset("1"), noon);
        EXPECT_GT(budget.memory_bytes(), 0U);
    }
    EXPECT_EQ(budget.memory_bytes(), 0U);
}

}  // namespace
}  // namespace torc::site
