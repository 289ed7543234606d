#include <torc/site/site.hpp>

#include "site/assets.hpp"
#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace torc::site {
namespace {

using std::chrono::nanoseconds;
using test::disk_asset;
using test::memory_asset;

constexpr MonotonicTime noon{std::chrono::hours(12)};

class SiteTest : public ::testing::Test {
protected:
    /// So late that what a test wrote is settled (see is_settled).
    void SetUp() override {
        site_.set_time(std::chrono::time_point_cast<nanoseconds>(std::chrono::system_clock::now()) +
                       std::chrono::hours(1));
    }
    /// Ends a load as if the disk had said so.
    Site::Loaded fail(Site::LoadId id, int error) {
        EXPECT_TRUE(is<OpenFile>(site_.load(id).start()));
        LoadStep step = site_.load(id).on_failed(Errno(error));
        while (is<OpenFile>(step)) {
            step = site_.load(id).on_failed(Errno(ENOENT));  // No page for the error either.
        }
        EXPECT_TRUE(is<LoadFinished>(step));
        return site_.finish_load(id, noon);
    }

    /// As if the path led to `disk_file_`, which is too large for memory.
    Site::Loaded find_file(Site::LoadId id) {
        EXPECT_TRUE(is<LoadFinished>(read_all(id, open_file(id))));
        return site_.finish_load(id, noon);
    }
    LoadStep open_file(Site::LoadId id) {
        AssetLoad& load = site_.load(id);
        EXPECT_TRUE(is<OpenFile>(load.start()));
        return stat_file(id, load.on_opened(UniqueFd(::dup(disk_file_.get()))));
    }
    LoadStep stat_file(Site::LoadId id, const LoadStep& step) {
        const auto& [descriptor, status] = std::get<StatFile>(step);
        EXPECT_EQ(::statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS, status), 0);
        return site_.load(id).on_stated();
    }
    /// Reads, and stats again, for as long as that is the next step.
    LoadStep read_all(Site::LoadId id, LoadStep step) {
        AssetLoad& load = site_.load(id);
        step = is<BeginDigest>(step) ? load.on_digest_begun() : step;
        while (!is<LoadFinished>(step)) {
            if (is<StatFile>(step)) {
                step = stat_file(id, step);
                continue;
            }
            const auto& read = std::get<ReadFile>(step);
            const ssize_t got = ::pread(read.descriptor, read.buffer.data(), read.buffer.size(),
                                        static_cast<off_t>(read.offset));
            EXPECT_GE(got, 0);
            step = load.on_read(static_cast<std::size_t>(got));
        }
        return step;
    }
    void change_file() const { EXPECT_EQ(::write(disk_file_.get(), "x", 1), 1); }

    CacheBudgets budgets_{CacheLimits{}};
    Site site_{LoadRules{.contents_bytes_max = 100, .codings = {}}, budgets_};
    UniqueFd disk_file_ = test::anonymous_file(std::string(1000, 'x'));
};

TEST_F(SiteTest, HashesNoLargeFileThatIsWrittenAllTheTime) {
    // Before it was written, so that its time tells nothing.
    site_.set_time(std::chrono::time_point_cast<nanoseconds>(std::chrono::system_clock::now()) -
                   std::chrono::hours(1));
    change_file();
    const Site::LoadId first = site_.join_load("log", 1, false).id;
    EXPECT_TRUE(is<LoadFinished>(read_all(first, open_file(first))));
    EXPECT_FALSE(site_.finish_load(first, noon).asset->identity().validators().etag.empty());
    site_.changed("", "log");
    change_file();
    const Site::Loaded second = find_file(site_.join_load("log", 2, false).id);
    EXPECT_TRUE(second.asset->identity().validators().etag.empty());
}

TEST_F(SiteTest, FindsNothingThatWasNotLoaded) {
    EXPECT_EQ(site_.find("a", noon), nullptr);
}

TEST_F(SiteTest, FindsAnAssetUntilItIsNoLongerFresh) {
    const AssetRef asset = memory_asset("1");
    site_.cache().insert("a", asset, noon + Site::fresh_for);
    EXPECT_EQ(site_.find("a", noon), asset.get());
    EXPECT_EQ(site_.find("a", noon + Site::fresh_for - nanoseconds(1)), asset.get());
    EXPECT_EQ(site_.find("a", noon + Site::fresh_for), nullptr);
}

TEST_F(SiteTest, ALoadedAssetIsFreshFromTheEndOfItsLoad) {
    const Site::Loaded loaded = find_file(site_.join_load("a", 1, false).id);
    EXPECT_EQ(site_.find("a", noon + Site::fresh_for - nanoseconds(1)), loaded.asset.get());
    EXPECT_EQ(site_.find("a", noon + Site::fresh_for), nullptr);
}

TEST_F(SiteTest, MergesTheWaitersOfOnePath) {
    const Site::Join first = site_.join_load("a", 11, false);
    const Site::Join second = site_.join_load("a", 22, false);
    EXPECT_TRUE(first.is_new);
    EXPECT_FALSE(second.is_new);
    EXPECT_EQ(first.id, second.id);
    EXPECT_EQ(site_.loads_under_way(), 1U);
    EXPECT_EQ(fail(first.id, ENOENT).waiters, (std::vector<Site::Waiter>{11, 22}));
    EXPECT_EQ(site_.loads_under_way(), 0U);
}

TEST_F(SiteTest, LoadsTwoPathsIndependently) {
    const Site::Join first = site_.join_load("a", 11, false);
    const Site::Join second = site_.join_load("b", 22, false);
    EXPECT_TRUE(second.is_new);
    EXPECT_NE(first.id, second.id);
    EXPECT_EQ(site_.load(first.id).path(), "a");
    EXPECT_EQ(fail(second.id, ENOENT).waiters, std::vector<Site::Waiter>{22});
    EXPECT_EQ(fail(first.id, ENOENT).waiters, std::vector<Site::Waiter>{11});
}

TEST_F(SiteTest, UsesTheNumberOfALoadAgain) {
    const Site::LoadId first = site_.join_load("a", 1, false).id;
    (void)fail(first, ENOENT);
    const Site::Join second = site_.join_load("b", 2, false);
    EXPECT_TRUE(second.is_new);
    EXPECT_EQ(second.id, first);
    EXPECT_EQ(fail(second.id, ENOENT).waiters, std::vector<Site::Waiter>{2});
}

TEST_F(SiteTest, StartsAnotherLoadOfThePathAfterTheFirstEnded) {
    (void)fail(site_.join_load("a", 1, false).id, ENOENT);
    const Site::Join again = site_.join_load("a", 2, false);
    EXPECT_TRUE(again.is_new);
    EXPECT_EQ(fail(again.id, ENOENT).waiters, std::vector<Site::Waiter>{2});
}

TEST_F(SiteTest, RemembersForAWhileThatNothingIsThere) {
    const Site::Loaded loaded = fail(site_.join_load("a", 1, true).id, ENOENT);
    EXPECT_EQ(loaded.asset->kind(), Asset::Kind::missing);
    EXPECT_EQ(site_.find("a", noon), loaded.asset.get());
    EXPECT_EQ(site_.find("a", noon + Site::fresh_for), nullptr);
    EXPECT_EQ(site_.cache().size(), 0U);
}

TEST_F(SiteTest, DoesNotRememberOtherErrors) {
    for (const int error : {EACCES, EIO, EMFILE}) {
        const Site::Loaded loaded = fail(site_.join_load("a", 1, true).id, error);
        EXPECT_EQ(loaded.asset->kind(), Asset::Kind::error);
        EXPECT_EQ(site_.find("a", noon), nullptr);
    }
    EXPECT_EQ(site_.cache().size(), 0U);
    EXPECT_EQ(site_.missing().size(), 0U);
}

TEST_F(SiteTest, FindsAFileWhereNothingWas) {
    (void)fail(site_.join_load("a", 1, false).id, ENOENT);
    const Site::Loaded loaded = find_file(site_.join_load("a", 2, false).id);
    EXPECT_EQ(site_.find("a", noon), loaded.asset.get());
    EXPECT_EQ(site_.missing().size(), 0U);
}

// A scan for names that do not exist must not push out what does.
TEST_F(SiteTest, KeepsWhatIsThereWhateverIsAskedForInVain) {
    CacheBudgets budgets(CacheLimits{.memory_bytes_max = std::size_t{256} * 1024});
    Site site({.codings = {}}, budgets);
    site.cache().insert("page", memory_asset(std::string(100'000, 'x')), never);
    for (int number = 0; number < 5000; ++number) {
        const auto id = site.join_load("absent/" + std::to_string(number), 1, false).id;
        EXPECT_TRUE(is<OpenFile>(site.begin_load(id)));
        EXPECT_TRUE(is<LoadFinished>(site.load(id).on_failed(Errno(ENOENT))));
        (void)site.finish_load(id, noon);
    }
    EXPECT_NE(site.find("page", noon), nullptr);
    EXPECT_NE(site.find("absent/4999", noon), nullptr);
    EXPECT_EQ(site.find("absent/0", noon), nullptr);
    EXPECT_LE(budgets.present.memory_bytes() + budgets.missing.memory_bytes(),
              std::size_t{256} * 1024);
}

TEST_F(SiteTest, ForgetsAFileThatIsGone) {
    (void)find_file(site_.join_load("a", 1, false).id);
    (void)fail(site_.join_load("a", 2, false).id, ENOENT);
    EXPECT_EQ(site_.cache().size(), 0U);
}

TEST_F(SiteTest, KeepsAStaleAssetWhoseFileDidNotChange) {
    const AssetRef before = find_file(site_.join_load("a", 1, false).id).asset;
    const Site::Loaded again = find_file(site_.join_load("a", 2, false).id);
    EXPECT_EQ(again.asset.get(), before.get());
}

TEST_F(SiteTest, ReplacesAnAssetWhoseFileChanged) {
    const AssetRef before = find_file(site_.join_load("a", 1, false).id).asset;
    change_file();
    const Site::Loaded again = find_file(site_.join_load("a", 2, false).id);
    EXPECT_NE(again.asset.get(), before.get());
    EXPECT_EQ(site_.find("a", noon), again.asset.get());
}

TEST_F(SiteTest, DoesNotFindAFileOnDiskThatHasChanged) {
    (void)find_file(site_.join_load("a", 1, false).id);
    EXPECT_NE(site_.find("a", noon), nullptr);
    change_file();
    EXPECT_EQ(site_.find("a", noon), nullptr);
}

TEST_F(SiteTest, GivesBackDescriptorsOneByOne) {
    site_.cache().insert("a", disk_asset("1"), noon);
    EXPECT_TRUE(budgets_.release_descriptor());
    EXPECT_FALSE(budgets_.release_descriptor());
}

TEST_F(SiteTest, FindsWithoutAllocating) {
    site_.cache().insert("a/path/that/no/small/string/could/hold", memory_asset("1"),
                         noon + Site::fresh_for);
    const auto before = torc::test::allocations_of_this_thread();
    const bool is_found = site_.find("a/path/that/no/small/string/could/hold", noon) != nullptr;
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
    EXPECT_TRUE(is_found);
}

using SiteDeathTest = SiteTest;

TEST_F(SiteDeathTest, RefusesToFinishALoadTwice) {
    const Site::LoadId id = site_.join_load("a", 1, false).id;
    (void)fail(id, ENOENT);
    EXPECT_DEATH((void)site_.finish_load(id, noon), "load");
}

}  // namespace
}  // namespace torc::site
