#pragma once

#include <torc/file/metadata.hpp>
#include <torc/http/negotiation.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace torc::site {

/// What is looked at of a precompressed file.
struct PrecompressedSample {
    /// `sample_beginning_bytes`, or all that there are.
    std::string_view beginning;
    /// `sample_end_bytes`, or all that there are.
    std::string_view end;
    /// Of the whole file.
    std::uint64_t size = 0;
};
inline constexpr std::size_t sample_beginning_bytes = 64;
inline constexpr std::size_t sample_end_bytes = 8;

/// What is known of the file that it stands beside.
struct PrecompressedOriginal {
    std::uint64_t size = 0;
    /// All of it, if it is in memory.
    std::optional<std::string_view> contents{};
};

/// Whether `coded` was made from `original` as it is now, by their times. Tools give it the time of
/// the original (gzip, zstd), the same cut to a unit (brotli, pigz: whole seconds) or their own.
[[nodiscard]] bool is_up_to_date(const file::Metadata& coded,
                                 const file::Metadata& original) noexcept;

/// Why a file can't be `original` in that coding, as a browser decodes it; empty where nothing
/// speaks against it. Nothing is decoded: gzip (RFC 1952) and zstd (RFC 8878, 9659) tell the size
/// of what they hold and a checksum, brotli (RFC 7932) the size of its first part.
[[nodiscard]] std::string_view precompressed_fault(http::ContentCoding coding,
                                                   const PrecompressedSample& sample,
                                                   const PrecompressedOriginal& original) noexcept;

}  // namespace torc::site
