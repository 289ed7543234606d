#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace torc::test {

/// Bit by bit, as RFC 1952 §8 defines it.
[[nodiscard]] std::uint32_t crc32(std::string_view bytes);

// Files in a content coding as far as a server looks at them: their beginning and end are those of
// the original in that coding, and between is `payload`, which shows which file was sent. No
// decoder takes them.

/// RFC 1952. `payload`: at least 2 bytes.
[[nodiscard]] std::string gzip_like(std::string_view payload, std::string_view original);
/// The same, with the checksum of other bytes.
[[nodiscard]] std::string gzip_like(std::string_view payload, std::uint64_t original_bytes);
/// RFC 7932. `original_bytes`: at least 1.
[[nodiscard]] std::string brotli_like(std::string_view payload, std::uint64_t original_bytes);
/// RFC 8878, without a checksum. `original_bytes`: at most 8 MiB.
[[nodiscard]] std::string zstd_like(std::string_view payload, std::uint64_t original_bytes);

}  // namespace torc::test
