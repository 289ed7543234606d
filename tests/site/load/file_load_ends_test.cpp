// What is known of the beginning and the end of a file that is too large to be read.

#include <torc/base/file_ends.hpp>

#include "site/load/file_load_fixture.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

TEST_F(FileLoadTest, ReadsTheBeginningAndTheEndOfALargeFileIfThatIsWanted) {
    EXPECT_EQ(start("file.gz", nullptr, 64, 4), Step::open);
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 1000), Step::read);
    EXPECT_EQ(read_offset(), 0U);
    EXPECT_EQ(read_buffer().size(), 64U);
    EXPECT_EQ(read(std::string(60, 'b')), Step::read);
    EXPECT_EQ(read_offset(), 60U);
    EXPECT_EQ(read("bbbb"), Step::read);
    EXPECT_EQ(read_offset(), 996U);
    EXPECT_EQ(read_buffer().size(), 4U);
    EXPECT_EQ(read("ee"), Step::read);
    EXPECT_EQ(read_offset(), 998U);
    EXPECT_EQ(read("ee"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 1000), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_EQ(outcome.beginning, std::string(64, 'b'));
    EXPECT_EQ(outcome.end, "eeee");
    EXPECT_FALSE(outcome.contents.bytes);
}

TEST_F(FileLoadTest, ReadsAgainWhatShrankBeforeItsEndWasRead) {
    EXPECT_EQ(start("file.gz", nullptr, 4, 4), Step::open);
    (void)open();
    (void)stat(S_IFREG, 1000, 1);
    EXPECT_EQ(read("bbbb"), Step::read);
    EXPECT_EQ(read(""), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 500, 2), Step::read);
    EXPECT_EQ(read("BBBB"), Step::read);
    EXPECT_EQ(read_offset(), 496U);
    EXPECT_EQ(read("EEEE"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 500, 2), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_FALSE(outcome.error);
    EXPECT_TRUE(outcome.is_stable);
    EXPECT_EQ(outcome.metadata.size, 500U);
    EXPECT_EQ(outcome.beginning, "BBBB");
    EXPECT_EQ(outcome.end, "EEEE");
}

TEST_F(FileLoadTest, FailsWhenAFileHasNoEndWhereItSays) {
    EXPECT_EQ(start("file.gz", nullptr, 64, 4), Step::open);
    (void)open();
    (void)stat(S_IFREG, 1000);
    EXPECT_EQ(read(""), Step::read);
    EXPECT_EQ(read(""), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 1000), Step::finished);
    EXPECT_EQ(load_.take_outcome().error, Errno(EAGAIN));
}

TEST_F(FileLoadTest, HasTheEndsOfTheVersionThatItTellsOf) {
    load_.read_ends();
    start();
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 100, 1), Step::read);
    // Overwritten by more, before anything of it was read.
    EXPECT_EQ(read(std::string(100, 'n')), Step::read);
    EXPECT_EQ(read(std::string(100, 'n')), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 200, 2), Step::read);
    EXPECT_EQ(read(std::string(200, 'n')), Step::read);
    EXPECT_EQ(read(std::string(200, 'n')), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 200, 2), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_EQ(outcome.metadata.size, 200U);
    EXPECT_TRUE(outcome.is_stable);
    EXPECT_TRUE(outcome.ends);
}

TEST_F(FileLoadTest, HasNoEndsOfWhatChangesWheneverTheyAreRead) {
    load_.read_ends();
    start();
    (void)open();
    std::uint32_t time = 0;
    int stats = 0;
    Step step = stat(S_IFREG, 100, ++time);
    while (step != Step::finished) {
        ASSERT_LT(++stats, 100);
        ASSERT_EQ(step, Step::read);
        ASSERT_EQ(read(std::string(100, 'b')), Step::read);
        ASSERT_EQ(read(std::string(100, 'e')), Step::stat);
        step = stat(S_IFREG, 100, ++time);
    }
    EXPECT_EQ(stats, 4);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_FALSE(outcome.error);
    EXPECT_FALSE(outcome.is_stable);
    EXPECT_FALSE(outcome.ends);
}

TEST_F(FileLoadTest, ReadsTheBeginningOfALargerFileWhereItHasToBeKnown) {
    EXPECT_EQ(start("large", nullptr, 4), Step::open);
    EXPECT_EQ(open(), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 11), Step::read);
    EXPECT_EQ(read_buffer().size(), 4U);
    EXPECT_EQ(read("ab"), Step::read);
    EXPECT_EQ(read_offset(), 2U);
    EXPECT_EQ(read("cdef"), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_EQ(outcome.beginning, "abcd");
    EXPECT_EQ(outcome.contents.bytes, nullptr);
    EXPECT_TRUE(outcome.file);
}

TEST_F(FileLoadTest, HasTheBeginningOfALargerFileThatIsReadForItsDigest) {
    EXPECT_EQ(start("large", nullptr, 4), Step::open);
    (void)open();
    modified_seconds_ = 1;
    EXPECT_EQ(stat(S_IFREG, 11), Step::read);
    EXPECT_EQ(read("ab"), Step::read);
    EXPECT_EQ(read("cdefghijk"), Step::stat);
    EXPECT_EQ(stat(S_IFREG, 11), Step::finished);
    const FileLoad::Outcome outcome = load_.take_outcome();
    EXPECT_EQ(outcome.beginning, "abcd");
    EXPECT_TRUE(outcome.digest);
}

TEST_F(FileLoadTest, HasAShorterBeginningOfAFileThatShrankMeanwhile) {
    EXPECT_EQ(start("large", nullptr, 4), Step::open);
    (void)open();
    EXPECT_EQ(stat(S_IFREG, 11), Step::read);
    EXPECT_EQ(read("ab"), Step::read);
    EXPECT_EQ(read(""), Step::finished);
    EXPECT_EQ(load_.take_outcome().beginning, "ab");
}

TEST_F(FileLoadTest, ReadsBothEndsOfALargeLocalFileToTellItsVersions) {
    load_.read_ends();
    const std::string contents =
        std::string(FileEnds::bytes_max, 'b') + "middle" + std::string(FileEnds::bytes_max, 'e');
    for (const bool has_time : {true, false}) {
        modified_seconds_ = has_time ? 1'600'000'000 : 1;
        EXPECT_EQ(start("large.gz", nullptr, 64, 4), Step::open);
        (void)open();
        Step step = stat(S_IFREG, contents.size());
        while (step == Step::read) {
            step = read(contents.substr(read_offset()));
            step = step == Step::stat ? stat(S_IFREG, contents.size()) : step;
        }
        EXPECT_EQ(step, Step::finished);
        const FileLoad::Outcome outcome = load_.take_outcome();
        const auto hash = [](std::string_view text) {
            return FileEnds::hash(std::as_bytes(std::span(text)));
        };
        EXPECT_EQ(outcome.ends, (FileEnds{.beginning = hash(std::string(FileEnds::bytes_max, 'b')),
                                          .end = hash(std::string(FileEnds::bytes_max, 'e'))}));
        EXPECT_EQ(outcome.beginning, std::string(64, 'b')) << "as it was asked for";
        EXPECT_EQ(outcome.end, "eeee");
    }
}

}  // namespace
}  // namespace torc::site
