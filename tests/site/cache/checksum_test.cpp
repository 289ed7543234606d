#include "cache/checksum.hpp"

#include "support/precompressed.hpp"

#include <gtest/gtest.h>

#include <string>

namespace torc::site {
namespace {

using torc::test::crc32;

TEST(Checksum, OfGzipIsThatOfTheRfc) {
    EXPECT_EQ(gzip_checksum(""), 0U);
    EXPECT_EQ(gzip_checksum("123456789"), 0xcbf4'3926U);
    std::string bytes;
    for (unsigned i = 0; i < 1000; ++i) {
        EXPECT_EQ(gzip_checksum(bytes), crc32(bytes)) << i;
        bytes += static_cast<char>(i * i);
    }
}

// What the zstd program puts behind a frame of them.
TEST(Checksum, OfZstdIsThatOfItsProgram) {
    EXPECT_EQ(zstd_checksum(""), 0x51d8'e999U);
    EXPECT_EQ(zstd_checksum("12345"), 0x0ad6'4fb6U);
}

}  // namespace
}  // namespace torc::site
