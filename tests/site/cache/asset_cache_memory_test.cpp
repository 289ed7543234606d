// What an AssetCache counts against its bound, and what it lets go of for that.

#include <torc/site/cache/asset_cache.hpp>

#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::site {
namespace {

using test::asset_of;
using test::memory_asset;

constexpr MonotonicTime noon{std::chrono::hours(12)};
constexpr std::size_t cache_bytes = 100'000;
constexpr std::size_t body_bytes = cache_bytes / 10;

class AssetCacheMemory : public ::testing::Test {
protected:
    /// A file in memory whose contents were reserved; null when there was no room.
    RepresentationRef reserved_file(std::size_t bytes) {
        auto charge = budget_.reserve(bytes);
        if (!charge) {
            return {};
        }
        RepresentationRef file = test::memory_file(std::string(bytes, 'x'));
        file->charge(*std::move(charge));
        return file;
    }
    RepresentationRef reserved_page(std::size_t bytes) {
        auto charge = budget_.reserve_page(bytes);
        if (!charge) {
            return {};
        }
        RepresentationRef page = test::memory_file(std::string(bytes, 'x'));
        page->charge(*std::move(charge));
        return page;
    }
    /// Caches as many files as there is room for.
    void fill() {
        for (std::size_t count = 0; count < cache_bytes / body_bytes; ++count) {
            RepresentationRef file = reserved_file(body_bytes);
            ASSERT_TRUE(file);
            cache_.insert("file " + std::to_string(count), asset_of(std::move(file)), noon);
        }
    }

    CacheBudget budget_{CacheLimits{.memory_bytes_max = cache_bytes}};
    AssetCache cache_{budget_};
};

TEST_F(AssetCacheMemory, PushesNothingOutForAnAssetThatItCannotKeep) {
    cache_.insert("small", memory_asset("1"), noon);
    cache_.insert("large", memory_asset(std::string(2 * cache_bytes, 'x')), noon);
    EXPECT_EQ(cache_.find("large"), nullptr);
    EXPECT_NE(cache_.find("small"), nullptr);
}

TEST_F(AssetCacheMemory, PushesNothingOutForAnAssetThatWouldTakeMostOfIt) {
    cache_.insert("small", memory_asset("1"), noon);
    cache_.insert("large", memory_asset(std::string(cache_bytes * 3 / 4, 'x')), noon);
    EXPECT_EQ(cache_.find("large"), nullptr);
    EXPECT_NE(cache_.find("small"), nullptr);
}

TEST_F(AssetCacheMemory, ForgetsWhatWasAtThePathOfAnAssetThatItCannotKeep) {
    cache_.insert("a", memory_asset("1"), noon);
    cache_.insert("a", memory_asset(std::string(2 * cache_bytes, 'x')), noon);
    EXPECT_EQ(cache_.find("a"), nullptr);
    EXPECT_EQ(budget_.memory_bytes(), 0U);
}

TEST_F(AssetCacheMemory, CountsABodyForAsLongAsItLives) {
    RepresentationRef file = reserved_file(body_bytes);
    EXPECT_EQ(budget_.memory_bytes(), body_bytes);
    cache_.insert("a", asset_of(file), noon);
    const std::size_t cached = budget_.memory_bytes();
    EXPECT_GT(cached, body_bytes);
    EXPECT_LT(cached, 2 * body_bytes) << "or it counts twice";
    cache_.erase("a");
    EXPECT_EQ(budget_.memory_bytes(), body_bytes) << "it is kept by another";
    file = RepresentationRef();
    EXPECT_EQ(budget_.memory_bytes(), 0U);
}

TEST_F(AssetCacheMemory, ReservesNoMoreThanAQuarterForOneBody) {
    EXPECT_TRUE(reserved_file(cache_bytes / 4));
    EXPECT_FALSE(reserved_file(cache_bytes / 4 + 1));
}

TEST_F(AssetCacheMemory, ReservesNothingWhenItMayHoldNothing) {
    CacheBudget none(CacheLimits{.memory_bytes_max = 0});
    EXPECT_FALSE(none.reserve(1));
}

TEST_F(AssetCacheMemory, LetsGoOfTheLeastRecentlyUsedForABody) {
    fill();
    EXPECT_NE(cache_.find("file 5"), nullptr);
    for (int count = 0; count < 4; ++count) {
        cache_.insert("new " + std::to_string(count), asset_of(reserved_file(body_bytes)), noon);
        EXPECT_LE(budget_.memory_bytes(), cache_bytes);
    }
    EXPECT_NE(cache_.find("file 5"), nullptr);
    EXPECT_EQ(cache_.find("file 3"), nullptr);
}

TEST_F(AssetCacheMemory, LetsGoOfNothingThatIsInUse) {
    fill();
    const BodyInUse sent(cache_.find("file 3")->asset->identity());
    for (int count = 0; count < 20; ++count) {
        ASSERT_TRUE(reserved_file(body_bytes));
        cache_.insert("new " + std::to_string(count), asset_of(reserved_file(body_bytes)), noon);
    }
    EXPECT_NE(cache_.find("file 3"), nullptr);
    EXPECT_EQ(cache_.find("file 4"), nullptr);
}

TEST_F(AssetCacheMemory, ReservesNoMoreWhenReadersHoldAllOfIt) {
    std::vector<BodyInUse> sent;
    while (RepresentationRef file = reserved_file(body_bytes)) {
        sent.emplace_back(*file);
        ASSERT_LE(budget_.memory_bytes(), cache_bytes);
    }
    EXPECT_EQ(sent.size(), cache_bytes / body_bytes);
    sent.pop_back();
    EXPECT_TRUE(reserved_file(body_bytes));
}

TEST_F(AssetCacheMemory, KeepsItsOtherHalfWhenReadersHoldOne) {
    fill();
    std::vector<BodyInUse> sent;
    while (RepresentationRef file = reserved_file(body_bytes)) {
        sent.emplace_back(*file);
    }
    EXPECT_LE(budget_.memory_bytes(), cache_bytes);
    EXPECT_EQ(sent.size(), cache_bytes / body_bytes / 2);
    EXPECT_NE(cache_.find("file 9"), nullptr);
}

TEST_F(AssetCacheMemory, CountsABodyOnceForAllItsReaders) {
    fill();
    RepresentationRef popular = reserved_file(body_bytes);
    std::vector<BodyInUse> sent;
    for (int reader = 0; reader < 100; ++reader) {
        sent.emplace_back(*popular);
    }
    EXPECT_TRUE(reserved_file(body_bytes));
}

TEST_F(AssetCacheMemory, KeepsAPageOfUpToAHalf) {
    cache_.insert("page", asset_of(reserved_page(cache_bytes / 2)), noon);
    EXPECT_NE(cache_.find("page"), nullptr);
    EXPECT_LE(budget_.memory_bytes(), cache_bytes);
}

TEST_F(AssetCacheMemory, RefusesAPageThatReadersLeaveNoRoomFor) {
    const BodyInUse one(*reserved_page(cache_bytes / 2));
    const BodyInUse other(*reserved_page(cache_bytes / 2));
    EXPECT_FALSE(reserved_page(cache_bytes / 2));
}

TEST_F(AssetCacheMemory, KeepsSmallPagesWhateverReadersHold) {
    fill();
    std::vector<BodyInUse> sent;
    while (RepresentationRef file = reserved_file(body_bytes)) {
        sent.emplace_back(*file);
    }
    EXPECT_FALSE(reserved_page(cache_bytes / 8));
    EXPECT_TRUE(reserved_page(cache_bytes / 16));
    EXPECT_LE(budget_.memory_bytes(), cache_bytes);
}

TEST_F(AssetCacheMemory, SharesThePageBeyondTheBoundWithTheBudgetsOfOtherWorkers) {
    const auto turn = std::make_shared<OversizeTurn>();
    const CacheLimits limits{.memory_bytes_max = cache_bytes, .oversize_turn = turn};
    CacheBudget one(limits);
    CacheBudget other(limits);
    {
        const auto charge = one.reserve_page(2 * cache_bytes);
        ASSERT_TRUE(charge);
        EXPECT_FALSE(other.reserve_page(2 * cache_bytes));
        EXPECT_TRUE(other.reserve_page(cache_bytes / 2));
    }
    EXPECT_TRUE(other.reserve_page(2 * cache_bytes));
}

TEST_F(AssetCacheMemory, HasOnePageBeyondItsBoundForAsLongAsItIsSent) {
    cache_.insert("small", memory_asset("1"), noon);
    {
        RepresentationRef page = reserved_page(5 * cache_bytes);
        ASSERT_TRUE(page);
        const BodyInUse sent(*page);
        cache_.insert("page", asset_of(std::move(page)), noon);
        budget_.drop_unused_page();
        EXPECT_NE(cache_.find("page"), nullptr) << "so that all readers share it";
        EXPECT_FALSE(reserved_page(cache_bytes)) << "a second one";
        EXPECT_TRUE(reserved_file(body_bytes));
    }
    budget_.drop_unused_page();
    EXPECT_EQ(cache_.find("page"), nullptr);
    EXPECT_NE(cache_.find("small"), nullptr);
    EXPECT_TRUE(reserved_page(5 * cache_bytes));
}

TEST_F(AssetCacheMemory, MakesRoomForOtherMemoryUpToAHalf) {
    fill();
    budget_.set_other_bytes(cache_bytes / 4);
    cache_.insert("a", memory_asset("1"), noon);
    EXPECT_LE(budget_.memory_bytes(), cache_bytes * 3 / 4);
    budget_.set_other_bytes(10 * cache_bytes);
    cache_.insert("b", memory_asset("1"), noon);
    EXPECT_LE(budget_.memory_bytes(), cache_bytes / 2);
    EXPECT_GT(budget_.memory_bytes(), cache_bytes / 4);
}

TEST_F(AssetCacheMemory, OutlivedByABodyStillTakesItBack) {
    RepresentationRef file;
    {
        CacheBudget budget(CacheLimits{.memory_bytes_max = cache_bytes});
        auto charge = budget.reserve(body_bytes);
        ASSERT_TRUE(charge);
        file = test::memory_file(std::string(body_bytes, 'x'));
        file->charge(*std::move(charge));
    }
    const BodyInUse sent(*file);  // ASan watches.
}

}  // namespace
}  // namespace torc::site
