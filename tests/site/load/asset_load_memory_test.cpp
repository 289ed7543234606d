// What a load makes of a file or a listing that memory has no room for.

#include <torc/site/listing/listing_key.hpp>

#include "site/load/asset_load_fixture.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace torc::site {
namespace {

using http::Status;
using test::AssetLoadTest;

class AssetLoadMemory : public AssetLoadTest {
protected:
    AssetLoadMemory() { rules_.codings.clear(); }

    static std::string listing_key(std::string_view path) {
        std::string key;
        ListingKey{.path = path, .style = {}}.write(key);
        return key;
    }
};

/// Reserves all of a budget as if readers held it.
class Hoard {
public:
    explicit Hoard(CacheBudget& budget) {
        while (auto charge = budget.reserve(CacheLimits{}.memory_bytes_max / 4)) {
            charges_.push_back(*std::move(charge));
            charges_.back().begin_use();
        }
    }
    Hoard(const Hoard&) = delete;
    Hoard& operator=(const Hoard&) = delete;
    ~Hoard() {
        for (MemoryCharge& charge : charges_) {
            charge.end_use();
        }
    }

private:
    std::vector<MemoryCharge> charges_;
};

TEST_F(AssetLoadMemory, SendsAFileFromTheDiskThatMemoryHasNoRoomFor) {
    put("file", "12345");
    const Hoard hoard(budget_);
    const AssetLoad::Outcome outcome = load("file");
    EXPECT_TRUE(outcome.asset->identity().is_on_disk());
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_FALSE(outcome.is_watchable) << "or it is sent from the disk for as long as it stays";
}

TEST_F(AssetLoadMemory, ReadsTheSameFileOnceThereIsRoom) {
    put("file", "12345");
    std::optional<Hoard> hoard(budget_);
    const AssetRef on_disk = asset("file");
    hoard.reset();
    const AssetLoad::Outcome outcome = load("file", on_disk);
    EXPECT_EQ(outcome.asset->identity().contents(), "12345");
    EXPECT_TRUE(outcome.is_watchable);
}

TEST_F(AssetLoadMemory, StillKnowsALargeFile) {
    rules_.contents_bytes_max = 4;
    put("file", "12345");
    const AssetRef large = asset("file");
    EXPECT_EQ(load("file", large).asset.get(), large.get());
}

TEST_F(AssetLoadMemory, SharesAListingThatHasNotChanged) {
    put_directory("a/");
    const std::string key = listing_key("a/");
    const AssetLoad::Outcome first = load(key);
    const std::size_t before = budget_.memory_bytes();
    const AssetLoad::Outcome second = load(key, first.asset);
    EXPECT_EQ(&second.asset->identity(), &first.asset->identity());
    EXPECT_TRUE(second.is_cacheable);
    EXPECT_EQ(budget_.memory_bytes(), before);
}

TEST_F(AssetLoadMemory, CountsAListing) {
    put_directory("a/");
    const AssetLoad::Outcome outcome = load(listing_key("a/"));
    EXPECT_EQ(budget_.memory_bytes(), outcome.asset->identity().size());
}

TEST_F(AssetLoadMemory, KeepsAPageWithoutADirectoryThatIsTooLargeToBeKept) {
    CacheBudget small(CacheLimits{.memory_bytes_max = 1000});
    AssetLoad load(listing_key("a/"), {}, rules_, test::loaded_at);
    load.reserve_in(small);
    ASSERT_TRUE(is<OpenFile>(load.start()));
    const LoadStep step = load.on_opened(UniqueFd(::open("/", O_PATH | O_CLOEXEC)));
    std::get<StatFile>(step).status->stx_mode = S_IFDIR;
    ASSERT_TRUE(is<ListDirectory>(load.on_stated()));
    ASSERT_TRUE(load.reserve_page(2000));
    const file::Directory directory{.entries = {{.name = std::string(600, 'x')}}};
    EXPECT_TRUE(
        is<LoadFinished>(load.on_listed(test::memory_file(std::string(2000, 'p')),
                                        std::make_shared<const ListedDirectory>(directory))));
    const AssetRef asset = load.take_result().asset;
    EXPECT_EQ(asset->kind(), Asset::Kind::file);
    EXPECT_FALSE(asset->listed_directory());
}

TEST_F(AssetLoadMemory, RefusesAListingThatMemoryHasNoRoomFor) {
    put_directory("a/");
    std::optional<Hoard> hoard(budget_);
    const AssetLoad::Outcome refused = load(listing_key("a/"));
    EXPECT_EQ(refused.asset->status(), Status::service_unavailable);
    EXPECT_FALSE(refused.is_cacheable);
    hoard.reset();
    EXPECT_EQ(load(listing_key("a/")).asset->kind(), Asset::Kind::file);
}

}  // namespace
}  // namespace torc::site
