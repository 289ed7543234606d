#pragma once

#include <cstdint>
#include <string_view>

namespace torc::site {

// What compressed files say of the bytes that they were made from.

/// CRC-32 as gzip has it (RFC 1952 §8). Takes some 0.1 ms for 128 KiB.
[[nodiscard]] std::uint32_t gzip_checksum(std::string_view contents) noexcept;

/// The lower half of XXH64, as zstd has it (RFC 8878 §3.1.1).
[[nodiscard]] std::uint32_t zstd_checksum(std::string_view contents) noexcept;

}  // namespace torc::site
