#include "checksum.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

/// Bit by bit, as RFC 1952 §8 defines it.
std::uint32_t crc32(std::string_view bytes) {
    std::uint32_t crc = 0xffff'ffff;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb8'8320U : 0U);
        }
    }
    return ~crc;
}

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
