#include <torc/base/limits.hpp>
#include <torc/site/cache/cache_budget.hpp>
#include <torc/site/cache/recent_looks.hpp>
#include <torc/site/load/file_load.hpp>
#include <torc/site/load/file_time.hpp>

#include "site/load/file_load_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace torc::site {
namespace {

TEST_F(FileLoadTest, ReadsASmallFileIntoMemory) {
    start();
    EXPECT_EQ(load_.path(), "directory/file");
    EXPECT_EQ(open(), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 5), Step::read);
    EXPECT_EQ(read_offset(), 0U);
    EXPECT_EQ(read_buffer().size(), 5U);
    EXPECT_EQ(read("12345"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 5), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_TRUE(outcome.is_stable);
    EXPECT_EQ(outcome.contents.view(), "12345");
    EXPECT_TRUE(outcome.file);
}

TEST_F(FileLoadTest, ReadsOnAfterAShortRead) {
    start();
    (void)open();
    (void)stat(S_IFREG, 5);
    EXPECT_EQ(read("12"), Step::read);
    EXPECT_EQ(read_offset(), 2U);
    EXPECT_EQ(read_buffer().size(), 3U);
    EXPECT_EQ(read("345"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 5), Step::finished);
    EXPECT_EQ(contents(), "12345");
}

TEST_F(FileLoadTest, DoesNotReadAnEmptyFile) {
    start();
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 0), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_TRUE(outcome.is_stable);
    EXPECT_TRUE(outcome.contents.bytes);
    EXPECT_EQ(outcome.contents.view(), "");
}

/// Of a file system that may say of its files that they are empty, or a page, and means nothing.
class UnsizedFileLoadTest : public FileLoadTest {
protected:
    class Closer final : public FileCloser {
    public:
        void close_file(int fd, Lane /*lane*/) noexcept override { ::close(fd); }
    };
    Step open_unsized() {
        return open(FileHandle(test::anonymous_file(""), device_lane(0, 77), closer_));
    }

    Closer closer_;
};

TEST_F(UnsizedFileLoadTest, ReadsAFileThatSaysThatItIsEmptyToItsEnd) {
    start();
    (void)open_unsized();
    EXPECT_EQ(stat(S_IFREG, 0, 5), Step::read);
    EXPECT_EQ(read_offset(), 0U);
    EXPECT_EQ(read("12"), Step::read);
    EXPECT_EQ(read_offset(), 2U);
    EXPECT_EQ(read("345"), Step::read);
    EXPECT_EQ(read(""), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_EQ(outcome.contents.view(), "12345");
    EXPECT_EQ(outcome.metadata.size, 5U);
    EXPECT_FALSE(has_useful_time(outcome.metadata, test::loaded_at));
    EXPECT_FALSE(outcome.is_stable) << "the next reading may give other bytes";
}

TEST_F(UnsizedFileLoadTest, IsNotTakenForEmptyWhenThereIsNoRoom) {
    CacheBudget budget(CacheLimits{.memory_bytes_max = 1000});
    std::array<MemoryCharge, 3> sent_to_slow_readers;
    for (MemoryCharge& charge : sent_to_slow_readers) {
        charge = budget.reserve(250).value();
        charge.begin_use();
    }
    budget.set_other_bytes(1000);
    ASSERT_FALSE(budget.reserve(0));
    load_.reserve_in(budget);
    start();
    (void)open_unsized();
    EXPECT_EQ(stat(S_IFREG, 0), Step::finished);
    EXPECT_EQ(load_.take_outcome().error, Errno(ENOMEM));
}

TEST_F(UnsizedFileLoadTest, FindsThatAnEmptyFileIsEmpty) {
    start();
    (void)open_unsized();
    EXPECT_EQ(stat(S_IFREG, 0), Step::read);
    EXPECT_EQ(read(""), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 0), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_TRUE(outcome.is_stable);
    EXPECT_EQ(outcome.contents.view(), "");
}

TEST_F(UnsizedFileLoadTest, TakesTheContentsOfAFileThatSaysThatItIsLonger) {
    start();
    (void)open_unsized();
    EXPECT_EQ(stat(S_IFREG, 9), Step::read);
    for (const Step after : {Step::read, Step::finished}) {
        EXPECT_EQ(read("12345"), Step::read);
        EXPECT_EQ(read(""), Step::stat);
        EXPECT_EQ(stat(S_IFREG, 9), after);
    }
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_EQ(outcome.contents.view(), "12345");
    EXPECT_EQ(outcome.metadata.size, 5U);
    EXPECT_FALSE(outcome.is_stable);
}

TEST_F(UnsizedFileLoadTest, ReadsOnInAsManyPiecesAsItTakes) {
    const std::string bytes = torc::test::patterned_bytes(20'000);
    std::string_view rest = bytes;
    start();
    (void)open_unsized();
    Step step = stat(S_IFREG, 0);
    while (step == Step::read) {
        const std::string_view piece = rest.substr(0, read_buffer().size());
        rest.remove_prefix(piece.size());
        step = read(piece);
    }
    EXPECT_EQ(step, Step::finished);
    EXPECT_EQ(contents(), bytes);
}

TEST_F(UnsizedFileLoadTest, GivesUpOnAFileWithoutAnEnd) {
    start();
    (void)open_unsized();
    std::size_t bytes = 0;
    Step step = stat(S_IFREG, 0);
    while (step == Step::read) {
        bytes += read_buffer().size();
        ASSERT_LE(bytes, 2 * limits::unsized_file_bytes_max);
        step = read(std::string(read_buffer().size(), '1'));
    }
    EXPECT_EQ(step, Step::finished);
    EXPECT_EQ(load_.take_outcome().error, Errno(EFBIG));
}

TEST_F(FileLoadTest, ReadsUpToTheLimitAndKeepsLargerFilesByDescriptor) {
    start();
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 10), Step::read);

    start();
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 11), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_TRUE(outcome.is_stable);
    EXPECT_FALSE(outcome.contents.bytes);
    EXPECT_TRUE(outcome.file);
}

TEST_F(FileLoadTest, ReadsALargeFileForItsDigestWhenItsTimeTellsNothing) {
    for (const std::int64_t time :
         {std::int64_t{1}, std::int64_t{1'699'999'999}, std::int64_t{1'800'000'000}}) {
        modified_seconds_ = time;
        start();
        (void)open();
        EXPECT_EQ(stat(S_IFREG, 12), Step::read);
        EXPECT_EQ(read_buffer().size(), 12U);
        EXPECT_EQ(read("12345678"), Step::read);
        EXPECT_EQ(read_offset(), 8U);
        EXPECT_EQ(read_buffer().size(), 4U);
        EXPECT_EQ(read("9abc"), Step::stat);
        EXPECT_EQ(stat(S_IFREG, 12), Step::finished);
        const FileLoad::Outcome outcome = load_.take_outcome();
        EXPECT_TRUE(outcome.is_stable);
        EXPECT_FALSE(outcome.contents.bytes);
        EXPECT_TRUE(outcome.file);
        EXPECT_EQ(outcome.digest, Digest::of("123456789abc"));
    }
}

TEST_F(FileLoadTest, ReadsForADigestPieceByPiece) {
    modified_seconds_ = 1;
    start();
    (void)open();
    const std::string contents(limits::digest_chunk_bytes + 5, 'x');
    EXPECT_EQ(stat(S_IFREG, contents.size()), Step::read);
    EXPECT_EQ(read_buffer().size(), limits::digest_chunk_bytes);
    EXPECT_EQ(read(contents), Step::read);
    EXPECT_EQ(read_buffer().size(), 5U);
    EXPECT_EQ(read(contents), Step::stat);
    EXPECT_EQ(stat(S_IFREG, contents.size()), Step::finished);
    EXPECT_EQ(load_.take_outcome().digest, Digest::of(contents));
}

TEST_F(FileLoadTest, ReadsNoDigestOfWhatTakesTooLongToRead) {
    modified_seconds_ = 1;
    start();
    (void)open();
    EXPECT_EQ(stat(S_IFREG, limits::digested_file_bytes_max), Step::read);
    start();
    (void)open();
    EXPECT_EQ(stat(S_IFREG, limits::digested_file_bytes_max + 1), Step::finished);
    EXPECT_EQ(load_.take_outcome().digest, std::nullopt);
}

TEST_F(FileLoadTest, ReadsAgainForTheDigestOfWhatChangedMeanwhile) {
    modified_seconds_ = 1;
    start();
    (void)open();
    (void)stat(S_IFREG, 12, 1);
    (void)read("123456789abc");
    EXPECT_EQ(stat(S_IFREG, 12, 2), Step::read);
    EXPECT_EQ(read_offset(), 0U);
    (void)read("another text");
    EXPECT_EQ(stat(S_IFREG, 12, 2), Step::finished);
    EXPECT_EQ(load_.take_outcome().digest, Digest::of("another text"));
}

TEST_F(FileLoadTest, ReadsNoDigestOfWhatWasFoundOtherwiseAMomentAgo) {
    RecentLooks looks;
    load_.note_in(looks);
    modified_seconds_ = now_seconds;
    for (const auto& [size, step] : {std::pair(20U, Step::read), std::pair(21U, Step::finished),
                                     std::pair(21U, Step::read), std::pair(22U, Step::finished)}) {
        start();
        (void)open();
        EXPECT_EQ(stat(S_IFREG, size), step) << size;
        EXPECT_FALSE(load_.take_outcome().digest);
    }
}

TEST_F(FileLoadTest, GivesUpTheDigestOfWhatIsWrittenWhileItIsRead) {
    RecentLooks looks;
    load_.note_in(looks);
    modified_seconds_ = now_seconds;
    start();
    (void)open();
    (void)stat(S_IFREG, 12);
    (void)read("12345678");
    (void)read("9abc");
    EXPECT_EQ(stat(S_IFREG, 13), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_FALSE(outcome.digest);
    EXPECT_EQ(outcome.metadata.size, 13U);
    EXPECT_TRUE(outcome.file);
}

TEST_F(FileLoadTest, HasNoDigestOfWhatChangesWheneverItIsRead) {
    modified_seconds_ = 1;
    start();
    (void)open();
    std::uint32_t time = 0;
    ASSERT_EQ(stat(S_IFREG, 12, time), Step::read);
    do {
        ASSERT_LT(time, 100U);
        ASSERT_EQ(read("123456789abc"), Step::stat);
    } while (stat(S_IFREG, 12, ++time) == Step::read);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_FALSE(outcome.is_stable);
    EXPECT_EQ(outcome.digest, std::nullopt);
}

TEST_F(FileLoadTest, ReservesTheMemoryThatItReadsInto) {
    CacheBudget budget(CacheLimits{.memory_bytes_max = 40});
    load_.reserve_in(budget);
    start();
    EXPECT_EQ(open(), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 10), Step::read);
    EXPECT_EQ(budget.memory_bytes(), 10U);
    EXPECT_EQ(read("1234567890"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 10), Step::finished);
    outcome_ = load_.take_outcome();
    EXPECT_EQ(budget.memory_bytes(), 10U);
    outcome_ = {};
    EXPECT_EQ(budget.memory_bytes(), 0U);
}

TEST_F(FileLoadTest, KeepsByDescriptorWhatFindsNoRoomInMemory) {
    CacheBudget budget(CacheLimits{.memory_bytes_max = 39});
    load_.reserve_in(budget);
    start();
    EXPECT_EQ(open(), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 10), Step::read);
    EXPECT_EQ(read("1234567890"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 10), Step::finished);
    outcome_ = load_.take_outcome();
    EXPECT_FALSE(outcome_.error);
    EXPECT_TRUE(outcome_.has_no_room);
    EXPECT_EQ(outcome_.contents.bytes, nullptr);
    EXPECT_TRUE(outcome_.file);
    EXPECT_EQ(outcome_.digest, Digest::of("1234567890")) << "its tag is that of its contents";
    EXPECT_EQ(budget.memory_bytes(), 0U);
}

TEST_F(FileLoadTest, GivesBackTheMemoryOfWhatItReadsAgain) {
    CacheBudget budget(CacheLimits{.memory_bytes_max = 40});
    load_.reserve_in(budget);
    start();
    EXPECT_EQ(open(), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 9, 1), Step::read);
    EXPECT_EQ(read("123456789"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 10, 2), Step::read);
    EXPECT_EQ(budget.memory_bytes(), 10U);
    EXPECT_EQ(fail(EIO), Step::finished);
    outcome_ = load_.take_outcome();
    outcome_ = {};
    EXPECT_EQ(budget.memory_bytes(), 0U);
}

TEST_F(FileLoadTest, OpensAgainWhenARenameRaced) {
    start();
    EXPECT_EQ(fail(EAGAIN), Step::open);
    EXPECT_EQ(load_.path(), "directory/file");
    EXPECT_EQ(open(), Step::stat);
}

TEST_F(FileLoadTest, GivesUpWhenRenamesNeverStop) {
    start();
    int attempts = 1;
    while (fail(EAGAIN) == Step::open) {
        ASSERT_LT(++attempts, 100);
    }
    EXPECT_EQ(attempts, 8);
    EXPECT_EQ(load_.take_outcome().error, Errno(EAGAIN));
}

TEST_F(FileLoadTest, ReadsAgainWhatChangedWhileItWasRead) {
    start();
    (void)open();
    (void)stat(S_IFREG, 5, 1);
    (void)read("12345");
    EXPECT_EQ(stat(S_IFREG, 5, 2), Step::read);
    EXPECT_EQ(read_offset(), 0U);
    EXPECT_EQ(read("abcde"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 5, 2), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_TRUE(outcome.is_stable);
    EXPECT_EQ(outcome.contents.view(), "abcde");
}

TEST_F(FileLoadTest, DoesNotCacheWhatChangesWheneverItIsRead) {
    start();
    (void)open();
    std::uint32_t time = 0;
    ASSERT_EQ(stat(S_IFREG, 5, time), Step::read);
    int reads = 0;
    do {
        ASSERT_LT(++reads, 100);
        ASSERT_EQ(read("12345"), Step::stat);
    } while (stat(S_IFREG, 5, ++time) == Step::read);
    EXPECT_EQ(reads, 4);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_FALSE(outcome.is_stable);
    EXPECT_EQ(outcome.contents.view(), "12345");
}

TEST_F(FileLoadTest, ReadsAgainWhatGrewMeanwhile) {
    start();
    (void)open();
    (void)stat(S_IFREG, 3);
    (void)read("123");
    EXPECT_EQ(stat(S_IFREG, 6), Step::read);
    EXPECT_EQ(read_buffer().size(), 6U);
    (void)read("123456");
    EXPECT_EQ(stat(S_IFREG, 6), Step::finished);
    EXPECT_EQ(contents(), "123456");
}

TEST_F(FileLoadTest, KeepsByDescriptorWhatOutgrewMemoryMeanwhile) {
    start();
    (void)open();
    (void)stat(S_IFREG, 3);
    (void)read("123");
    EXPECT_EQ(stat(S_IFREG, 1000), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_FALSE(outcome.contents.bytes);
    EXPECT_EQ(outcome.metadata.size, 1000U);
}

TEST_F(FileLoadTest, ReadsAgainWhatShrankMeanwhile) {
    start();
    (void)open();
    (void)stat(S_IFREG, 5);
    EXPECT_EQ(read("123"), Step::read);
    EXPECT_EQ(read(""), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 3), Step::read);
    EXPECT_EQ(read("123"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 3), Step::finished);
    EXPECT_EQ(contents(), "123");
}

TEST_F(FileLoadTest, GivesUpOnWhatShrinksAsFastAsItIsRead) {
    start();
    (void)open();
    ASSERT_EQ(stat(S_IFREG, 5), Step::read);
    int reads = 0;
    do {
        ASSERT_LT(++reads, 100);
        ASSERT_EQ(read(""), Step::stat);
    } while (stat(S_IFREG, 5) == Step::read);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_EQ(outcome.error, Errno(EAGAIN));
}

TEST_F(FileLoadTest, TellsOfADirectoryAndOfWhatIsNoFile) {
    start();
    (void)open();
    EXPECT_EQ(stat(S_IFDIR, 4096), Step::finished);
    EXPECT_TRUE(load_.take_outcome().is(file::Kind::directory));
    for (const int mode : {S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK}) {
        start();
        (void)open();
        EXPECT_EQ(stat(mode, 0), Step::finished);
        EXPECT_TRUE(load_.take_outcome().is(file::Kind::other));
    }
}

TEST_F(FileLoadTest, FailsWithTheErrorOfEachStep) {
    start();
    EXPECT_EQ(fail(EACCES), Step::finished);
    EXPECT_EQ(load_.take_outcome().error, Errno(EACCES));

    start();
    (void)open();
    EXPECT_EQ(fail(EIO), Step::finished);
    EXPECT_EQ(load_.take_outcome().error, Errno(EIO));

    start();
    (void)open();
    (void)stat(S_IFREG, 5);
    EXPECT_EQ(fail(ESTALE), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_EQ(outcome.error, Errno(ESTALE));
    EXPECT_TRUE(outcome.file) << "whoever drives the load closes it";
}

TEST_F(FileLoadTest, DoesNotReadAFileThatIsTheKnownOne) {
    start();
    (void)open();
    (void)stat(S_IFREG, 5);
    (void)read("12345");
    (void)stat(S_IFREG, 5);
    const file::Metadata known = load_.take_outcome().metadata;

    start(&known);
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 5), Step::finished);
    EXPECT_TRUE(load_.take_outcome().is_known);
}

TEST_F(FileLoadTest, ReadsAFileThatIsNotTheKnownOne) {
    const file::Metadata known = test::regular_file(5);
    start(&known);
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 5, 1), Step::read);
    (void)read("12345");
    (void)stat(S_IFREG, 5, 1);
    EXPECT_FALSE(load_.take_outcome().is_known);
}

TEST_F(UnsizedFileLoadTest, ReadsNoEndsOfAFileThatMayHaveToBeFetched) {
    load_.read_ends();
    start();
    EXPECT_EQ(open_unsized(), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 11), Step::finished);
    EXPECT_FALSE(load_.take_outcome().ends);
}

TEST_F(FileLoadTest, OpensStrictlyFirstAndAsTheRulesAllowWhatThatRefuses) {
    for (const int refusal : {ELOOP, EXDEV}) {
        start();
        EXPECT_TRUE(is_strict());
        EXPECT_EQ(fail(refusal), Step::open);
        EXPECT_FALSE(is_strict());
        EXPECT_EQ(open(), Step::stat);
        EXPECT_EQ(stat(S_IFREG, 0), Step::finished);
        EXPECT_FALSE(load_.take_outcome().is_strict);
    }
}

TEST_F(FileLoadTest, FailsWhenWhatIsRefusedStrictlyIsRefusedByTheRulesToo) {
    start();
    EXPECT_EQ(fail(ELOOP), Step::open);
    EXPECT_EQ(fail(ELOOP), Step::finished);
    EXPECT_EQ(load_.take_outcome().error, Errno(ELOOP));
}

TEST_F(FileLoadTest, OpensTheNextFileStrictlyAgain) {
    start();
    (void)fail(ELOOP);
    start();
    EXPECT_TRUE(is_strict());
}

}  // namespace
}  // namespace torc::site
