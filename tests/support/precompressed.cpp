#include "support/precompressed.hpp"

#include <algorithm>
#include <cstddef>

namespace torc::test {
namespace {

/// The least byte first.
std::string number(std::uint64_t value, std::size_t bytes) {
    std::string text;
    for (std::size_t count = 0; count < bytes; ++count) {
        text += static_cast<char>(value >> (8 * count));
    }
    return text;
}

std::string gzip_like(std::string_view payload, std::uint32_t checksum,
                      std::uint64_t original_bytes) {
    const std::string head("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    return head + std::string(payload) + number(checksum, 4) + number(original_bytes, 4);
}

}  // namespace

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

std::string gzip_like(std::string_view payload, std::string_view original) {
    return gzip_like(payload, crc32(original), original.size());
}

std::string gzip_like(std::string_view payload, std::uint64_t original_bytes) {
    return gzip_like(payload, 0xdead'beef, original_bytes);
}

std::string brotli_like(std::string_view payload, std::uint64_t original_bytes) {
    // Of the first meta-block, which need not be the last.
    const std::uint64_t bytes = std::min<std::uint64_t>(original_bytes, 0x1'0000);
    return number((bytes - 1) << 4U, 3) + std::string(payload);
}

std::string zstd_like(std::string_view payload, std::uint64_t original_bytes) {
    // One segment, four bytes of size.
    return "\x28\xb5\x2f\xfd\xa0" + number(original_bytes, 4) + std::string(payload);
}

}  // namespace torc::test
