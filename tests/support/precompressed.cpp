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

}  // namespace

std::string gzip_like(std::string_view payload, std::uint64_t original_bytes) {
    const std::string head("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    const std::string checksum(4, '\0');
    return head + std::string(payload) + checksum + number(original_bytes, 4);
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
