#include "cache/checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstddef>

namespace torc::site {
namespace {

/// Bytes that are taken in one step, each by a table of its own: one at a time is five times as
/// slow.
constexpr std::size_t step_bytes = 8;
using Table = std::array<std::uint32_t, 256>;

/// The first has what a byte does to the checksum, each other what it does when one more byte comes
/// behind it.
constexpr std::array<Table, step_bytes> crc_tables = [] {
    constexpr std::uint32_t polynomial = 0xedb8'8320;
    std::array<Table, step_bytes> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? polynomial : 0U);
        }
        tables[0][byte] = crc;
    }
    for (std::size_t later = 1; later < step_bytes; ++later) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[later - 1][byte];
            tables[later][byte] = (before >> 8U) ^ tables[0][before & 0xffU];
        }
    }
    return tables;
}();

}  // namespace

std::uint32_t gzip_checksum(std::string_view contents) noexcept {
    std::uint32_t crc = 0xffff'ffff;
    while (contents.size() >= step_bytes) {
        std::uint32_t next = 0;
        for (std::size_t i = 0; i < step_bytes; ++i) {
            const std::uint32_t of_crc = i < sizeof crc ? crc >> (8 * i) : 0;
            const auto byte = static_cast<unsigned char>(contents[i]);
            next ^= crc_tables[step_bytes - 1 - i][(of_crc ^ byte) & 0xffU];
        }
        crc = next;
        contents.remove_prefix(step_bytes);
    }
    for (const char byte : contents) {
        crc = (crc >> 8U) ^ crc_tables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xffU];
    }
    return ~crc;
}

std::uint32_t zstd_checksum(std::string_view contents) noexcept {
    return static_cast<std::uint32_t>(XXH64(contents.data(), contents.size(), 0));
}

}  // namespace torc::site
