#include "load/precompressed.hpp"

#include "site/assets.hpp"
#include "support/precompressed.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

using http::ContentCoding;
using torc::test::brotli_like;
using torc::test::gzip_like;
using torc::test::zstd_like;

std::string_view fault(ContentCoding coding, std::string_view bytes, std::uint64_t original_bytes) {
    return precompressed_fault(
        coding,
        {.beginning = bytes.substr(0, sample_beginning_bytes),
         .end = bytes.substr(bytes.size() - std::min(bytes.size(), sample_end_bytes)),
         .size = bytes.size()},
        {.size = original_bytes});
}

std::string bytes_of(std::initializer_list<unsigned> values) {
    std::string bytes;
    for (const unsigned value : values) {
        bytes += static_cast<char>(value);
    }
    return bytes;
}

constexpr std::string_view none;
constexpr std::string_view other_size = "it was made from a file of another size";
constexpr std::string_view other_contents = "it was made from a file with other contents";
constexpr std::string_view other_format = "it is not in the format that its name says";

TEST(Precompressed, AnEmptyFileIsNothingInAnyCoding) {
    for (const ContentCoding coding :
         {ContentCoding::gzip, ContentCoding::brotli, ContentCoding::zstd}) {
        EXPECT_EQ(fault(coding, "", 0), "it is empty");
    }
}

TEST(Precompressed, AGzipFileTellsTheSizeOfItsOriginal) {
    EXPECT_EQ(fault(ContentCoding::gzip, gzip_like("payload", 5), 5), none);
    EXPECT_EQ(fault(ContentCoding::gzip, gzip_like("payload", 5), 6), other_size);
    const std::uint64_t beyond_32_bits = (std::uint64_t{1} << 32U) + 5;
    EXPECT_EQ(fault(ContentCoding::gzip, gzip_like("payload", 5), beyond_32_bits), none);
}

std::string_view fault_of(ContentCoding coding, std::string_view bytes, std::string_view original) {
    return precompressed_fault(
        coding,
        {.beginning = bytes.substr(0, sample_beginning_bytes),
         .end = bytes.substr(bytes.size() - std::min(bytes.size(), sample_end_bytes)),
         .size = bytes.size()},
        {.size = original.size(), .contents = original});
}

TEST(Precompressed, AGzipFileTellsTheChecksumOfItsOriginal) {
    const std::string coded = gzip_like("payload", "12345");
    EXPECT_EQ(fault_of(ContentCoding::gzip, coded, "12345"), none);
    EXPECT_EQ(fault_of(ContentCoding::gzip, coded, "12346"), other_contents);
    EXPECT_EQ(fault_of(ContentCoding::gzip, gzip_like("payload", ""), ""), none);
}

// What the zstd program makes of "12345", from a file and from a pipe.
TEST(Precompressed, AZstdFrameMayTellTheChecksumOfItsOriginal) {
    const std::string head = bytes_of({0x28, 0xb5, 0x2f, 0xfd});
    const std::string end =
        bytes_of({0x29, 0x00, 0x00}) + "12345" + bytes_of({0xb6, 0x4f, 0xd6, 0x0a});
    const std::string sized = head + bytes_of({0x24, 0x05}) + end;
    EXPECT_EQ(fault_of(ContentCoding::zstd, sized, "12345"), none);
    EXPECT_EQ(fault_of(ContentCoding::zstd, sized, "12346"), other_contents);
    const std::string without = head + bytes_of({0x20, 0x05}) + end.substr(0, 8);
    EXPECT_EQ(fault_of(ContentCoding::zstd, without, "12346"), none);
    // More frames may follow, whose checksums are their own.
    const std::string piped = head + bytes_of({0x04, 0x58}) + end;
    EXPECT_EQ(fault_of(ContentCoding::zstd, piped + piped, "1234512345"), none);
}

TEST(Precompressed, AFileWithoutGzipsMagicOrThatIsCutOffIsNoGzip) {
    const std::string right = gzip_like("payload", 5);
    for (const std::size_t position : {0U, 1U, 2U}) {
        std::string wrong = right;
        ++wrong[position];
        EXPECT_EQ(fault(ContentCoding::gzip, wrong, 5), other_format) << position;
    }
    std::string reserved = right;
    reserved[3] = '\x80';
    EXPECT_EQ(fault(ContentCoding::gzip, reserved, 5), other_format);
    EXPECT_EQ(fault(ContentCoding::gzip, right.substr(0, 19), 5), other_format);
    EXPECT_EQ(fault(ContentCoding::gzip, zstd_like("a zstd file as .gz", 5), 5), other_format);
}

TEST(Precompressed, ABlockedGzipFileEndsWithAnEmptyMember) {
    std::string blocked = gzip_like(
        "\x06"
        "BC and what bgzip writes",
        0);
    // An extra field behind the head of ten bytes, its length of two first.
    blocked[3] = 4;
    blocked.insert(11, 1, '\0');
    EXPECT_EQ(fault(ContentCoding::gzip, blocked, 500'000), none);
}

TEST(Precompressed, AZstdFrameTellsTheSizeOfItsOriginal) {
    EXPECT_EQ(fault(ContentCoding::zstd, zstd_like("payload", 70'000), 70'000), none);
    EXPECT_EQ(fault(ContentCoding::zstd, zstd_like("payload", 70'000), 70'001), other_size);
    // Two bytes of size, which begin at 256.
    const std::string two = bytes_of({0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x2c, 0x01}) + "block";
    EXPECT_EQ(fault(ContentCoding::zstd, two, 556), none);
    EXPECT_EQ(fault(ContentCoding::zstd, two, 300), other_size);
    // One byte, in a single segment.
    const std::string one = bytes_of({0x28, 0xb5, 0x2f, 0xfd, 0x20, 5}) + "block";
    EXPECT_EQ(fault(ContentCoding::zstd, one, 5), none);
    EXPECT_EQ(fault(ContentCoding::zstd, one, 6), other_size);
}

TEST(Precompressed, AZstdFrameNeedNotTellTheSize) {
    // As from a pipe: a window, and no size.
    const std::string piped = bytes_of({0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58}) + "block";
    EXPECT_EQ(fault(ContentCoding::zstd, piped, 12'345), none);
}

TEST(Precompressed, AZstdFileOfManyFramesTellsTheSizeOfOneAlone) {
    const std::string skippable = bytes_of({0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0}) + "size";
    EXPECT_EQ(fault(ContentCoding::zstd, skippable + zstd_like("first", 5), 10), none);
    const std::string seekable = zstd_like("first", 5) + bytes_of({0xb1, 0xea, 0x92, 0x8f});
    EXPECT_EQ(fault(ContentCoding::zstd, seekable, 10), none);
}

TEST(Precompressed, BrowsersRefuseAZstdFrameWithALargeWindow) {
    const auto with_window = [](unsigned window) {
        return bytes_of({0x28, 0xb5, 0x2f, 0xfd, 0x04, window}) + "block";
    };
    EXPECT_EQ(fault(ContentCoding::zstd, with_window(13U << 3U), 5), none) << "8 MiB";
    EXPECT_NE(fault(ContentCoding::zstd, with_window((13U << 3U) | 1U), 5), none);
    EXPECT_NE(fault(ContentCoding::zstd, with_window(14U << 3U), 5), none);
    constexpr std::uint64_t large = (8U << 20U) + 1;
    EXPECT_NE(fault(ContentCoding::zstd, zstd_like("one segment", large), large), none);
}

TEST(Precompressed, NobodyHasTheDictionaryOfAZstdFrame) {
    const std::string with_dictionary = bytes_of({0x28, 0xb5, 0x2f, 0xfd, 0x21, 0x07, 5}) + "block";
    EXPECT_EQ(fault(ContentCoding::zstd, with_dictionary, 5),
              "it can't be decoded without its dictionary");
}

TEST(Precompressed, AFileWithoutZstdsMagicIsNoZstd) {
    EXPECT_EQ(fault(ContentCoding::zstd, gzip_like("a gzip file", 5), 5), other_format);
    EXPECT_EQ(fault(ContentCoding::zstd, "(", 5), other_format);
    EXPECT_EQ(fault(ContentCoding::zstd, bytes_of({0x28, 0xb5, 0x2f, 0xfd}), 5), other_format);
}

TEST(Precompressed, ABrotliFileHoldsNoMoreThanItsOriginalInItsFirstPart) {
    EXPECT_EQ(fault(ContentCoding::brotli, brotli_like("payload", 5), 5), none);
    EXPECT_EQ(fault(ContentCoding::brotli, brotli_like("payload", 5), 500), none);
    EXPECT_EQ(fault(ContentCoding::brotli, brotli_like("payload", 5), 4), other_size);
    // What the brotli program makes of "hello".
    const std::string hello = bytes_of({0x0b, 0x02, 0x80}) + "hello" + bytes_of({0x03});
    EXPECT_EQ(fault(ContentCoding::brotli, hello, 5), none);
    EXPECT_EQ(fault(ContentCoding::brotli, hello, 4), other_size);
}

TEST(Precompressed, ABrotliFileOfOnePartHoldsAllOfItsOriginal) {
    const std::string last = bytes_of({0x82, 0x00, 0x00}) + "payload";
    EXPECT_EQ(fault(ContentCoding::brotli, last, 5), none);
    EXPECT_EQ(fault(ContentCoding::brotli, last, 6), other_size);
    const std::string empty = bytes_of({0x06});
    EXPECT_EQ(fault(ContentCoding::brotli, empty, 0), none);
    EXPECT_EQ(fault(ContentCoding::brotli, empty, 1), other_size);
}

TEST(Precompressed, BrowsersRefuseABrotliFileWithALargeWindow) {
    EXPECT_NE(fault(ContentCoding::brotli, bytes_of({0x11, 0x1e, 0, 0, 0}), 5), none);
}

TEST(Precompressed, AGzipFileIsNoBrotli) {
    EXPECT_NE(fault(ContentCoding::brotli, gzip_like("a gzip file as .br", 500), 500), none);
}

file::Metadata modified_at(std::chrono::nanoseconds time, std::chrono::nanoseconds changed) {
    file::Metadata metadata = test::regular_file(5, test::last_modified + time);
    metadata.changed = test::last_modified + changed;
    return metadata;
}

TEST(Precompressed, IsUpToDateWithTheTimeOfItsOriginalOrALaterOne) {
    using std::chrono::nanoseconds;
    const file::Metadata original = modified_at(nanoseconds(123'456'789), nanoseconds(123'456'789));
    for (const int later : {0, 1, 1'000'000'000}) {
        const nanoseconds time = nanoseconds(123'456'789 + later);
        EXPECT_TRUE(is_up_to_date(modified_at(time, time), original)) << later;
    }
    EXPECT_FALSE(
        is_up_to_date(modified_at(nanoseconds(123'456'788), nanoseconds(200'000'000)), original));
}

TEST(Precompressed, IsUpToDateWithTheTimeOfItsOriginalCutToAUnit) {
    using std::chrono::nanoseconds;
    const file::Metadata original = modified_at(nanoseconds(123'456'789), nanoseconds(123'456'789));
    for (const int cut : {0, 123'000'000, 123'456'000, 123'456'700}) {
        EXPECT_TRUE(
            is_up_to_date(modified_at(nanoseconds(cut), nanoseconds(200'000'000)), original))
            << cut;
        EXPECT_FALSE(
            is_up_to_date(modified_at(nanoseconds(cut), nanoseconds(123'456'788)), original))
            << cut << ", but the original was changed after it";
    }
    EXPECT_FALSE(
        is_up_to_date(modified_at(nanoseconds(100'000'000), nanoseconds(200'000'000)), original))
        << "it has a time of its own";
}

}  // namespace
}  // namespace torc::site
