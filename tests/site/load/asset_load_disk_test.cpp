#include <torc/file/directory.hpp>
#include <torc/file/root.hpp>
#include <torc/site/load/asset_load.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace torc::site {
namespace {

using http::Status;
using torc::test::patterned_bytes;
using torc::test::TemporaryDirectory;

/// Loads from a real directory: makes each step's system call at once.
class AssetLoadDiskTest : public ::testing::Test {
protected:
    AssetLoad::Outcome load(std::string_view path, AssetRef previous = {}) {
        const file::Root root = *file::Root::open(directory_.path().string());
        AssetLoad load(path, std::move(previous), rules_, now());
        LoadStep step = load.start();
        for (int steps = 0; !is<LoadFinished>(step); ++steps) {
            EXPECT_LT(steps, 100);
            step = make_call(root, load, step);
        }
        return load.take_result();
    }
    Status status_of(std::string_view path) { return load(path).asset->status(); }

    TemporaryDirectory directory_;
    LoadRules rules_;
    /// What happens behind the server's back before each read.
    std::function<void()> before_read_ = [] {};

private:
    /// So late that what a test wrote is settled (see is_settled).
    static WallTime now() {
        return std::chrono::time_point_cast<std::chrono::nanoseconds>(
                   std::chrono::system_clock::now()) +
               std::chrono::hours(1);
    }

    LoadStep make_call(const file::Root& root, AssetLoad& load, const LoadStep& step) {
        if (const auto* const open = std::get_if<OpenFile>(&step)) {
            const long fd = ::syscall(SYS_openat2, root.descriptor(), open->path,
                                      &file::Root::how(rules_.symlinks), sizeof(open_how));
            return fd < 0 ? load.on_failed(Errno::last())
                          : load.on_opened(UniqueFd(static_cast<int>(fd)));
        }
        if (const auto* const stat = std::get_if<StatFile>(&step)) {
            return ::statx(stat->descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS, stat->status) < 0
                       ? load.on_failed(Errno::last())
                       : load.on_stated();
        }
        if (const auto* const read = std::get_if<ReadFile>(&step)) {
            before_read_();
            const ssize_t count = ::pread(read->descriptor, read->buffer.data(),
                                          read->buffer.size(), static_cast<off_t>(read->offset));
            return count < 0 ? load.on_failed(Errno::last())
                             : load.on_read(static_cast<std::size_t>(count));
        }
        if (const auto* const list = std::get_if<ListDirectory>(&step)) {
            return list_directory(root, load, *list);
        }
        return load.on_digest_begun();
    }

    LoadStep list_directory(const file::Root& root, AssetLoad& load, const ListDirectory& list) {
        const auto directory =
            file::read_directory(root, rules_.symlinks, list.key.path, list.descriptor,
                                 file::LinkReach::anywhere, rules_.hidden);
        if (!directory) {
            return load.on_failed(directory.error());
        }
        const auto listed = std::make_shared<const ListedDirectory>(*directory);
        return load.on_listed(
            make_listing({list.key.path, *listed, list.key.style}, rules_.listing_cache_control),
            listed);
    }
};

TEST_F(AssetLoadDiskTest, LoadsASmallFile) {
    directory_.write("a/page.html", "hello");
    const AssetLoad::Outcome outcome = load("a/page.html");
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_EQ(outcome.asset->identity().contents(), "hello");
}

TEST_F(AssetLoadDiskTest, LoadsAnEmptyFile) {
    directory_.write("empty", "");
    EXPECT_EQ(load("empty").asset->kind(), Asset::Kind::file);
    EXPECT_EQ(load("empty").asset->identity().size(), 0U);
}

TEST_F(AssetLoadDiskTest, LoadsAFileOfTheLargestSizeThatStaysInMemory) {
    const std::string bytes = patterned_bytes(rules_.contents_bytes_max);
    directory_.write("file", bytes);
    EXPECT_EQ(load("file").asset->identity().contents(), bytes);
}

TEST_F(AssetLoadDiskTest, KeepsALargerFileByItsDescriptor) {
    const std::string bytes = patterned_bytes(rules_.contents_bytes_max + 1);
    directory_.write("file", bytes);
    const AssetLoad::Outcome outcome = load("file");
    ASSERT_FALSE(outcome.asset->identity().is_in_memory());
    std::string read(bytes.size(), '\0');
    EXPECT_EQ(::pread(outcome.asset->identity().file().get(), read.data(), read.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    EXPECT_EQ(read, bytes);
}

TEST_F(AssetLoadDiskTest, RedirectsADirectory) {
    directory_.write("directory/index.html", "index");
    EXPECT_EQ(load("directory").asset->location(), "directory/");
}

TEST_F(AssetLoadDiskTest, ShowsTheFirstIndexThatIsThere) {
    rules_.index_names = {"first.html", "second.html", "third.html"};
    directory_.write("a/second.html", "second");
    directory_.write("a/third.html", "third");
    std::filesystem::create_directory(directory_.path() / "a" / "first.html");
    EXPECT_EQ(load("a/").asset->identity().contents(), "second");
}

TEST_F(AssetLoadDiskTest, ShowsTheIndexOfTheRoot) {
    directory_.write("index.html", "root");
    EXPECT_EQ(load("").asset->identity().contents(), "root");
}

TEST_F(AssetLoadDiskTest, FindsNothingWhereNothingIs) {
    directory_.write("file", "1");
    std::filesystem::create_directory(directory_.path() / "empty");
    EXPECT_EQ(status_of("absent"), Status::not_found);
    EXPECT_EQ(status_of("absent/"), Status::not_found);
    EXPECT_EQ(status_of("empty/"), Status::not_found);
    EXPECT_EQ(status_of("file/"), Status::not_found);
    EXPECT_EQ(status_of("file/below"), Status::not_found);
    EXPECT_EQ(status_of(std::string(300, 'x')), Status::not_found);
}

TEST_F(AssetLoadDiskTest, FindsNothingBehindALinkThatLeavesTheRoot) {
    std::filesystem::create_symlink("/etc/passwd", directory_.path() / "absolute");
    std::filesystem::create_symlink("..", directory_.path() / "parent");
    EXPECT_EQ(status_of("absolute"), Status::not_found);
    EXPECT_EQ(status_of("parent"), Status::not_found);
}

TEST_F(AssetLoadDiskTest, FollowsLinksAsItIsTold) {
    directory_.write("file", "inside");
    std::filesystem::create_symlink("file", directory_.path() / "link");
    EXPECT_EQ(load("link").asset->identity().contents(), "inside");
    rules_.symlinks = file::SymlinkPolicy::none;
    EXPECT_EQ(status_of("link"), Status::not_found);
    EXPECT_EQ(load("file").asset->identity().contents(), "inside");

    const TemporaryDirectory elsewhere;
    elsewhere.write("file", "outside");
    std::filesystem::create_symlink(elsewhere.path(), directory_.path() / "out");
    rules_.symlinks = file::SymlinkPolicy::all;
    EXPECT_EQ(load("out/file").asset->identity().contents(), "outside");
    rules_.symlinks = file::SymlinkPolicy::inside;
    EXPECT_EQ(status_of("out/file"), Status::not_found);
}

TEST_F(AssetLoadDiskTest, ListsADirectory) {
    directory_.write("a/file", "1");
    std::string key;
    ListingKey{.path = "a/", .style = {.format = ListingFormat::json}}.write(key);
    EXPECT_TRUE(load(key).asset->identity().contents().contains("\"name\":\"file\""));
}

TEST_F(AssetLoadDiskTest, FindsNothingBehindACircleOfLinks) {
    std::filesystem::create_symlink("b", directory_.path() / "a");
    std::filesystem::create_symlink("a", directory_.path() / "b");
    EXPECT_EQ(status_of("a"), Status::not_found);
}

TEST_F(AssetLoadDiskTest, IsForbiddenWhatItMayNotRead) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "root may read everything";
    }
    const auto path = directory_.write("secret", "1");
    std::filesystem::permissions(path, std::filesystem::perms::none);
    EXPECT_EQ(status_of("secret"), Status::forbidden);
}

TEST_F(AssetLoadDiskTest, NeitherServesNorWaitsForAFifo) {
    ASSERT_EQ(::mkfifo((directory_.path() / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(status_of("fifo"), Status::not_found);
}

TEST_F(AssetLoadDiskTest, GivesThePreviousAssetAgainUntilTheFileChanges) {
    const auto path = directory_.write("file", "before");
    const AssetRef previous = load("file").asset;
    EXPECT_EQ(load("file", previous).asset.get(), previous.get());
    directory_.write("file", "after!");
    std::filesystem::last_write_time(
        path, std::filesystem::last_write_time(path) + std::chrono::minutes(1));
    EXPECT_EQ(load("file", previous).asset->identity().contents(), "after!");
}

TEST_F(AssetLoadDiskTest, GivesTheFileThatReplacedAnother) {
    directory_.write("file", "before");
    const AssetRef previous = load("file").asset;
    directory_.write("new", "after!");
    std::filesystem::rename(directory_.path() / "new", directory_.path() / "file");
    EXPECT_EQ(load("file", previous).asset->identity().contents(), "after!");
}

TEST_F(AssetLoadDiskTest, ReadsTheWholeOfAFileThatGrowsMeanwhile) {
    directory_.write("file", "short");
    before_read_ = [this, count = 0]() mutable {
        if (++count == 1) {
            directory_.write("file", "rather longer");
        }
    };
    const AssetLoad::Outcome outcome = load("file");
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_EQ(outcome.asset->identity().contents(), "rather longer");
}

TEST_F(AssetLoadDiskTest, ReadsTheRestOfAFileThatShrinksMeanwhile) {
    directory_.write("file", "rather long");
    before_read_ = [this, count = 0]() mutable {
        if (++count == 1) {
            directory_.write("file", "short");
        }
    };
    EXPECT_EQ(load("file").asset->identity().contents(), "short");
}

TEST_F(AssetLoadDiskTest, DoesNotCacheAFileThatAlwaysChanges) {
    directory_.write("file", "");
    directory_.write("file", "1");
    before_read_ = [this, bytes = std::string("1")]() mutable {
        bytes += "1";
        directory_.write("file", bytes);
    };
    const AssetLoad::Outcome outcome = load("file");
    EXPECT_FALSE(outcome.is_cacheable);
    EXPECT_TRUE(outcome.asset->identity().fields().contains("Cache-Control: no-store\r\n"));
}

TEST_F(AssetLoadDiskTest, LetsNobodyKeepAFileThatAlwaysChangesThoughItsNameHoldsAHash) {
    rules_.cache_control = {{.glob = "*", .value = "max-age=60"}};
    directory_.write("assets/app-BfX9a2_k.js", "1");
    before_read_ = [this, bytes = std::string("1")]() mutable {
        bytes += "1";
        directory_.write("assets/app-BfX9a2_k.js", bytes);
    };
    EXPECT_TRUE(load("assets/app-BfX9a2_k.js")
                    .asset->identity()
                    .fields()
                    .contains("Cache-Control: no-store\r\n"));
}

TEST_F(AssetLoadDiskTest, HasTheScriptOfListingsWhereThereAreListings) {
    // A file of that name is not served anyway.
    directory_.write(".torc/listing.js", "mine");
    EXPECT_EQ(load(".torc/listing.js").asset->status(), http::Status::not_found);
    rules_.lists_directories = true;
    const AssetLoad::Outcome outcome = load(".torc/listing.js");
    EXPECT_EQ(outcome.asset->identity().contents(), make_listing_script("no-cache")->contents());
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_EQ(load(".torc/other.js").asset->status(), http::Status::not_found);
    EXPECT_EQ(load("a/.torc/listing.js").asset->status(), http::Status::not_found);
}

}  // namespace
}  // namespace torc::site
