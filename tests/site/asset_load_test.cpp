#include <torc/site/asset_load.hpp>

#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace torc::site {
namespace {

using http::Status;
using Step = AssetLoad::Step;

/// A load whose system calls are answered by the test. Descriptors are real, what they say is not.
class AssetLoadTest : public ::testing::Test {
protected:
    AssetLoad& start(std::string_view path, AssetRef previous = {}) {
        load_ = std::make_unique<AssetLoad>(path, std::move(previous), rules_);
        EXPECT_EQ(load_->start(), Step::open);
        return *load_;
    }
    Step open() { return load_->opened(test::anonymous_file("")); }
    Step stat(int mode, std::uint64_t size, std::uint32_t modified_nanoseconds = 0) {
        struct statx& status = load_->status();
        status = {};
        status.stx_mode = static_cast<decltype(status.stx_mode)>(mode);
        status.stx_size = size;
        status.stx_mtime.tv_nsec = modified_nanoseconds;
        return load_->stated();
    }
    /// Answers a read with as many of `bytes` as fit.
    Step read(std::string_view bytes) {
        const std::span<std::byte> buffer = load_->read_buffer();
        const std::size_t count = std::min(bytes.size(), buffer.size());
        std::memcpy(buffer.data(), bytes.data(), count);
        return load_->was_read(count);
    }
    Step fail(int error) { return load_->failed(Errno(error)); }

    /// What a path is answered with when opening it fails so.
    Status status_after_open(int error) {
        start("file");
        EXPECT_EQ(fail(error), Step::finished) << Errno(error).name();
        const AssetLoad::Outcome outcome = load_->take_result();
        EXPECT_FALSE(outcome.is_cacheable);
        EXPECT_EQ(outcome.asset->kind(), Asset::Kind::error);
        return outcome.asset->status();
    }

    LoadRules rules_{.index_names = {"index.html", "index.htm"}, .contents_bytes_max = 10};
    std::unique_ptr<AssetLoad> load_;
};

TEST_F(AssetLoadTest, ReadsASmallFileIntoMemory) {
    start("page.html");
    EXPECT_STREQ(load_->open_path(), "page.html");
    EXPECT_EQ(open(), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 5), Step::read);
    EXPECT_EQ(load_->read_offset(), 0U);
    EXPECT_EQ(load_->read_buffer().size(), 5U);
    EXPECT_EQ(read("12345"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 5), Step::finished);
    const AssetLoad::Outcome outcome = load_->take_result();
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_EQ(outcome.asset->contents(), "12345");
    EXPECT_TRUE(outcome.asset->fields().find("text/html") != std::string_view::npos);
    EXPECT_TRUE(outcome.leftover);
}

TEST_F(AssetLoadTest, ReadsOnAfterAShortRead) {
    start("file");
    (void)open();
    (void)stat(S_IFREG, 5);
    EXPECT_EQ(read("12"), Step::read);
    EXPECT_EQ(load_->read_offset(), 2U);
    EXPECT_EQ(load_->read_buffer().size(), 3U);
    EXPECT_EQ(read("345"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 5), Step::finished);
    EXPECT_EQ(load_->take_result().asset->contents(), "12345");
}

TEST_F(AssetLoadTest, DoesNotReadAnEmptyFile) {
    start("file");
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 0), Step::finished);
    const AssetLoad::Outcome outcome = load_->take_result();
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_TRUE(outcome.asset->is_in_memory());
    EXPECT_EQ(outcome.asset->contents(), "");
}

TEST_F(AssetLoadTest, ReadsUpToTheLimitAndKeepsLargerFilesByDescriptor) {
    start("file");
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 10), Step::read);

    start("file.txt");
    (void)open();
    const int descriptor = load_->descriptor();
    EXPECT_EQ(stat(S_IFREG, 11), Step::finished);
    const AssetLoad::Outcome outcome = load_->take_result();
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_FALSE(outcome.asset->is_in_memory());
    EXPECT_EQ(outcome.asset->file(), descriptor);
    EXPECT_FALSE(outcome.leftover);
}

TEST_F(AssetLoadTest, RedirectsADirectoryWithoutItsSlash) {
    start("directory");
    (void)open();
    EXPECT_EQ(stat(S_IFDIR, 4096), Step::finished);
    const AssetLoad::Outcome outcome = load_->take_result();
    EXPECT_EQ(outcome.asset->kind(), Asset::Kind::redirect_to_directory);
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_TRUE(outcome.leftover);
}

TEST_F(AssetLoadTest, TriesTheIndexNamesOfADirectoryInOrder) {
    start("directory/");
    EXPECT_STREQ(load_->open_path(), "directory/index.html");
    EXPECT_EQ(fail(ENOENT), Step::open);
    EXPECT_STREQ(load_->open_path(), "directory/index.htm");
    EXPECT_EQ(fail(ENOENT), Step::finished);
    EXPECT_EQ(load_->take_result().asset->status(), Status::not_found);
}

TEST_F(AssetLoadTest, TakesTheMediaTypeOfTheIndexFile) {
    start("");
    EXPECT_STREQ(load_->open_path(), "index.html");
    (void)open();
    (void)stat(S_IFREG, 1);
    (void)read("1");
    (void)stat(S_IFREG, 1);
    EXPECT_TRUE(load_->take_result().asset->fields().find("text/html") != std::string_view::npos);
}

TEST_F(AssetLoadTest, SkipsADirectoryByTheNameOfAnIndexFile) {
    start("");
    (void)open();
    EXPECT_EQ(stat(S_IFDIR, 4096), Step::open);
    EXPECT_STREQ(load_->open_path(), "index.htm");
    EXPECT_EQ(fail(ENOENT), Step::finished);
    EXPECT_EQ(load_->take_result().asset->status(), Status::not_found);
}

TEST_F(AssetLoadTest, DoesNotHideAForbiddenIndexBehindTheNextOne) {
    start("");
    EXPECT_EQ(fail(EACCES), Step::finished);
    EXPECT_EQ(load_->take_result().asset->status(), Status::forbidden);
}

TEST_F(AssetLoadTest, FindsNothingInADirectoryWithoutIndexNames) {
    rules_.index_names.clear();
    AssetLoad load("", {}, rules_);
    EXPECT_EQ(load.start(), Step::finished);
    EXPECT_EQ(load.take_result().asset->status(), Status::not_found);
}

TEST_F(AssetLoadTest, ServesNothingButFilesAndDirectories) {
    for (const int mode : {S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK}) {
        start("special");
        (void)open();
        EXPECT_EQ(stat(mode, 0), Step::finished);
        const AssetLoad::Outcome outcome = load_->take_result();
        EXPECT_EQ(outcome.asset->status(), Status::not_found);
        EXPECT_FALSE(outcome.is_cacheable);
    }
}

TEST_F(AssetLoadTest, AnswersAPathThatLeadsNowhereWith404) {
    for (const int error : {ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP, EXDEV, ENXIO, ENODEV, EINVAL}) {
        EXPECT_EQ(status_after_open(error), Status::not_found) << Errno(error).name();
    }
}

TEST_F(AssetLoadTest, AnswersARefusedPermissionWith403) {
    for (const int error : {EACCES, EPERM}) {
        EXPECT_EQ(status_after_open(error), Status::forbidden) << Errno(error).name();
    }
}

TEST_F(AssetLoadTest, AnswersAShortageWith503) {
    for (const int error : {EMFILE, ENFILE, ENOMEM, ENOBUFS}) {
        EXPECT_EQ(status_after_open(error), Status::service_unavailable) << Errno(error).name();
    }
}

TEST_F(AssetLoadTest, AnswersABrokenDiskWith500) {
    for (const int error : {EIO, ESTALE, ENOSYS}) {
        EXPECT_EQ(status_after_open(error), Status::internal_server_error) << Errno(error).name();
    }
}

TEST_F(AssetLoadTest, OpensAgainWhenARenameRaced) {
    start("file");
    EXPECT_EQ(fail(EAGAIN), Step::open);
    EXPECT_STREQ(load_->open_path(), "file");
    EXPECT_EQ(open(), Step::stat);
}

TEST_F(AssetLoadTest, GivesUpWhenRenamesNeverStop) {
    start("file");
    int attempts = 1;
    while (fail(EAGAIN) == Step::open) {
        ASSERT_LT(++attempts, 100);
    }
    EXPECT_EQ(attempts, 8);
    EXPECT_EQ(load_->take_result().asset->status(), Status::service_unavailable);
}

TEST_F(AssetLoadTest, AnswersAFailedStatOrReadWith500) {
    start("file");
    (void)open();
    EXPECT_EQ(fail(EIO), Step::finished);
    EXPECT_EQ(load_->take_result().asset->status(), Status::internal_server_error);

    start("file");
    (void)open();
    (void)stat(S_IFREG, 5);
    EXPECT_EQ(fail(EIO), Step::finished);
    const AssetLoad::Outcome outcome = load_->take_result();
    EXPECT_EQ(outcome.asset->status(), Status::internal_server_error);
    EXPECT_TRUE(outcome.leftover);
}

TEST_F(AssetLoadTest, DoesNotTakeAFailedReadForTheEndOfADirectorysNames) {
    start("");
    (void)open();
    (void)stat(S_IFREG, 5);
    EXPECT_EQ(fail(ENOENT), Step::finished);
}

TEST_F(AssetLoadTest, ReadsAgainWhatChangedWhileItWasRead) {
    start("file");
    (void)open();
    (void)stat(S_IFREG, 5, 1);
    (void)read("12345");
    EXPECT_EQ(stat(S_IFREG, 5, 2), Step::read);
    EXPECT_EQ(load_->read_offset(), 0U);
    EXPECT_EQ(read("abcde"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 5, 2), Step::finished);
    const AssetLoad::Outcome outcome = load_->take_result();
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_EQ(outcome.asset->contents(), "abcde");
}

TEST_F(AssetLoadTest, DoesNotCacheWhatChangesWheneverItIsRead) {
    start("file");
    (void)open();
    std::uint32_t time = 0;
    ASSERT_EQ(stat(S_IFREG, 5, time), Step::read);
    int reads = 0;
    do {
        ASSERT_LT(++reads, 100);
        ASSERT_EQ(read("12345"), Step::stat);
    } while (stat(S_IFREG, 5, ++time) == Step::read);
    EXPECT_EQ(reads, 4);
    const AssetLoad::Outcome outcome = load_->take_result();
    EXPECT_FALSE(outcome.is_cacheable);
    EXPECT_EQ(outcome.asset->contents(), "12345");
}

TEST_F(AssetLoadTest, ReadsAgainWhatGrewMeanwhile) {
    start("file");
    (void)open();
    (void)stat(S_IFREG, 3);
    (void)read("123");
    EXPECT_EQ(stat(S_IFREG, 6), Step::read);
    EXPECT_EQ(load_->read_buffer().size(), 6U);
    (void)read("123456");
    EXPECT_EQ(stat(S_IFREG, 6), Step::finished);
    EXPECT_EQ(load_->take_result().asset->contents(), "123456");
}

TEST_F(AssetLoadTest, KeepsByDescriptorWhatOutgrewMemoryMeanwhile) {
    start("file");
    (void)open();
    (void)stat(S_IFREG, 3);
    (void)read("123");
    EXPECT_EQ(stat(S_IFREG, 1000), Step::finished);
    const AssetLoad::Outcome outcome = load_->take_result();
    EXPECT_FALSE(outcome.asset->is_in_memory());
    EXPECT_EQ(outcome.asset->size(), 1000U);
}

TEST_F(AssetLoadTest, ReadsAgainWhatShrankMeanwhile) {
    start("file");
    (void)open();
    (void)stat(S_IFREG, 5);
    EXPECT_EQ(read("123"), Step::read);
    EXPECT_EQ(read(""), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 3), Step::read);
    EXPECT_EQ(read("123"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 3), Step::finished);
    EXPECT_EQ(load_->take_result().asset->contents(), "123");
}

TEST_F(AssetLoadTest, GivesUpOnWhatShrinksAsFastAsItIsRead) {
    start("file");
    (void)open();
    ASSERT_EQ(stat(S_IFREG, 5), Step::read);
    int reads = 0;
    do {
        ASSERT_LT(++reads, 100);
        ASSERT_EQ(read(""), Step::stat);
    } while (stat(S_IFREG, 5) == Step::read);
    const AssetLoad::Outcome outcome = load_->take_result();
    EXPECT_EQ(outcome.asset->status(), Status::service_unavailable);
    EXPECT_FALSE(outcome.is_cacheable);
}

TEST_F(AssetLoadTest, GivesThePreviousAssetWhenNothingChanged) {
    start("file");
    (void)open();
    (void)stat(S_IFREG, 5);
    (void)read("12345");
    (void)stat(S_IFREG, 5);
    const AssetRef previous = load_->take_result().asset;

    start("file", previous);
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 5), Step::finished);
    const AssetLoad::Outcome outcome = load_->take_result();
    EXPECT_EQ(outcome.asset.get(), previous.get());
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_TRUE(outcome.leftover);
}

TEST_F(AssetLoadTest, ReadsAFileThatIsNotThePreviousOne) {
    start("file", test::memory_asset("12345"));
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 5, 1), Step::read);
}

using AssetLoadDeathTest = AssetLoadTest;

TEST_F(AssetLoadDeathTest, HasNoResultBeforeItsEnd) {
    start("file");
    EXPECT_DEATH((void)load_->take_result(), "outcome_");
}

TEST_F(AssetLoadDeathTest, GivesItsResultOnce) {
    start("file");
    (void)fail(ENOENT);
    (void)load_->take_result();
    EXPECT_DEATH((void)load_->take_result(), "outcome_");
}

}  // namespace
}  // namespace torc::site
