#include "load/precompressed.hpp"

#include <torc/base/clock.hpp>

#include "cache/checksum.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <ratio>

namespace torc::site {
namespace {

constexpr std::string_view is_empty = "it is empty";
constexpr std::string_view is_other_format = "it is not in the format that its name says";
constexpr std::string_view has_other_size = "it was made from a file of another size";
constexpr std::string_view has_other_contents = "it was made from a file with other contents";
constexpr std::string_view has_large_zstd_window =
    "browsers refuse its window of more than 8 MiB (use zstd -19 or less, without --long)";
constexpr std::string_view has_large_brotli_window =
    "browsers refuse its large window (use brotli without --large_window)";
constexpr std::string_view needs_dictionary = "it can't be decoded without its dictionary";

/// The number in `bytes`, whose first byte is the least; what is not there is 0.
std::uint64_t little_endian(std::string_view bytes) noexcept {
    std::uint64_t number = 0;
    for (std::size_t position = std::min<std::size_t>(bytes.size(), 8); position > 0; --position) {
        number = (number << 8U) | static_cast<unsigned char>(bytes[position - 1]);
    }
    return number;
}

unsigned byte_at(std::string_view bytes, std::size_t position) noexcept {
    return position < bytes.size() ? static_cast<unsigned char>(bytes[position]) : 0U;
}

// gzip.

/// A file of bgzip(1): many members, of which the last is empty by design.
bool is_blocked(std::string_view beginning) noexcept {
    constexpr unsigned has_extra_field = 4;
    constexpr std::size_t extra_field = 12;
    return (byte_at(beginning, 3) & has_extra_field) != 0 &&
           beginning.substr(std::min(extra_field, beginning.size())).starts_with("BC");
}

std::string_view gzip_fault(const PrecompressedSample& sample,
                            const PrecompressedOriginal& original) noexcept {
    constexpr std::string_view magic("\x1f\x8b\x08", 3);
    constexpr unsigned reserved_flags = 0xe0;
    // The head, the least that deflate takes, and the trailer.
    constexpr std::uint64_t file_bytes_min = 10 + 2 + 8;
    if (sample.size < file_bytes_min || !sample.beginning.starts_with(magic) ||
        (byte_at(sample.beginning, 3) & reserved_flags) != 0) {
        return is_other_format;
    }
    if (is_blocked(sample.beginning)) {
        return {};
    }
    // The checksum, and the size modulo 2^32 (RFC 1952 §2.3.1).
    const std::uint64_t trailer = little_endian(sample.end);
    if (trailer >> 32U != (original.size & 0xffff'ffffU)) {
        return has_other_size;
    }
    const bool is_right =
        !original.contents || (trailer & 0xffff'ffffU) == gzip_checksum(*original.contents);
    return is_right ? std::string_view() : has_other_contents;
}

// zstd.

constexpr std::uint64_t zstd_window_bytes_max = std::uint64_t{8} << 20U;

/// `sample`: a frame that tells its size, which is that of `original`.
std::string_view zstd_checksum_fault(const PrecompressedSample& sample,
                                     const PrecompressedOriginal& original) noexcept {
    constexpr unsigned has_checksum = 0x04;
    constexpr std::size_t checksum_bytes = 4;
    const bool is_comparable =
        original.contents && (byte_at(sample.beginning, 4) & has_checksum) != 0;
    const std::size_t end_bytes = sample.end.size();
    const std::string_view checksum =
        sample.end.substr(end_bytes - std::min(end_bytes, checksum_bytes));
    return is_comparable && little_endian(checksum) != zstd_checksum(*original.contents)
               ? has_other_contents
               : std::string_view();
}

std::string_view zstd_frame_fault(const PrecompressedSample& sample,
                                  const PrecompressedOriginal& original) noexcept {
    constexpr std::string_view seekable_magic("\xb1\xea\x92\x8f", 4);
    constexpr std::array<std::size_t, 4> dictionary_id_bytes = {0, 1, 2, 4};
    constexpr std::array<std::size_t, 4> size_bytes_of = {0, 2, 4, 8};
    const std::string_view head = sample.beginning;
    const unsigned descriptor = byte_at(head, 4);
    const bool is_single_segment = (descriptor & 0x20U) != 0;
    std::size_t position = 5;
    std::uint64_t window_bytes = 0;
    if (!is_single_segment) {
        const unsigned window = byte_at(head, position++);
        window_bytes = std::uint64_t{1} << (10 + (window >> 3U));
        window_bytes += window_bytes / 8 * (window & 7U);
    }
    const std::size_t id_bytes = dictionary_id_bytes[descriptor & 3U];
    const std::string_view id = head.substr(std::min(position, head.size()), id_bytes);
    position += id_bytes;
    const std::size_t size_bytes =
        is_single_segment && descriptor >> 6U == 0 ? 1 : size_bytes_of[descriptor >> 6U];
    std::uint64_t content_bytes =
        little_endian(head.substr(std::min(position, head.size()), size_bytes));
    if (size_bytes == 2) {
        content_bytes += 256;
    }
    if (little_endian(id) != 0) {
        return needs_dictionary;
    }
    if (std::max(window_bytes, is_single_segment ? content_bytes : 0) > zstd_window_bytes_max) {
        return has_large_zstd_window;
    }
    // A file that can be read from any place has a frame for each; and behind a frame that tells no
    // size there may be more of them.
    if (size_bytes == 0 || sample.end.ends_with(seekable_magic)) {
        return {};
    }
    return content_bytes == original.size ? zstd_checksum_fault(sample, original) : has_other_size;
}

std::string_view zstd_fault(const PrecompressedSample& sample,
                            const PrecompressedOriginal& original) noexcept {
    constexpr std::uint32_t frame_magic = 0xfd2f'b528;
    constexpr std::uint32_t skippable_magic = 0x184d'2a50;
    constexpr std::uint32_t skippable_mask = 0xffff'fff0;
    constexpr unsigned reserved_bit = 0x08;
    // A magic number, a frame's head and a block's.
    constexpr std::uint64_t file_bytes_min = 4 + 2 + 3;
    const auto magic = static_cast<std::uint32_t>(little_endian(sample.beginning.substr(0, 4)));
    const bool is_skippable = (magic & skippable_mask) == skippable_magic;
    const bool is_frame =
        magic == frame_magic && (byte_at(sample.beginning, 4) & reserved_bit) == 0;
    if (sample.size < file_bytes_min || !(is_skippable || is_frame)) {
        return is_other_format;
    }
    // What follows a frame that is skipped, as pzstd(1) begins with, lies too far in.
    return is_skippable ? std::string_view() : zstd_frame_fault(sample, original);
}

// brotli.

class BitReader {
public:
    explicit BitReader(std::string_view bytes) noexcept : bytes_(bytes) {}

    /// The next `count` bits, the first one the least; beyond the end they are 0.
    std::uint32_t take(unsigned count) noexcept {
        std::uint32_t bits = 0;
        for (unsigned bit = 0; bit < count; ++bit, ++position_) {
            bits |= ((byte_at(bytes_, position_ / 8) >> (position_ % 8)) & 1U) << bit;
        }
        return bits;
    }

private:
    std::string_view bytes_;
    std::size_t position_ = 0;
};

/// Takes the size of the window, WBITS; false: it is one that only the brotli program knows.
bool take_brotli_window(BitReader& bits) noexcept {
    constexpr std::uint32_t large_window = 1;
    return bits.take(1) == 0 || bits.take(3) != 0 || bits.take(3) != large_window;
}

/// It has no magic number, but its first meta-block tells how much it holds (RFC 7932 §9.2).
std::string_view brotli_fault(const PrecompressedSample& sample,
                              std::uint64_t original_bytes) noexcept {
    constexpr std::uint32_t metadata_nibbles = 3;
    BitReader bits(sample.beginning);
    if (!take_brotli_window(bits)) {
        return has_large_brotli_window;
    }
    const bool is_last = bits.take(1) == 1;
    if (is_last && bits.take(1) == 1) {
        return original_bytes == 0 ? std::string_view() : has_other_size;
    }
    const std::uint32_t nibbles = bits.take(2);
    if (nibbles == metadata_nibbles) {
        return is_last ? is_other_format : std::string_view();
    }
    const std::uint64_t content_bytes = std::uint64_t{bits.take(4 * (nibbles + 4))} + 1;
    const bool is_right =
        is_last ? content_bytes == original_bytes : content_bytes <= original_bytes;
    return is_right ? std::string_view() : has_other_size;
}

/// Whether `time` is `whole` without what is less than the unit.
template <typename Unit>
bool is_cut(WallTime time, WallTime whole) noexcept {
    return time == std::chrono::floor<Unit>(whole);
}

}  // namespace

bool is_up_to_date(const file::Metadata& coded, const file::Metadata& original) noexcept {
    using Tick = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;
    if (coded.modified >= original.modified) {
        return true;
    }
    const bool is_cut_time = is_cut<std::chrono::seconds>(coded.modified, original.modified) ||
                             is_cut<std::chrono::milliseconds>(coded.modified, original.modified) ||
                             is_cut<std::chrono::microseconds>(coded.modified, original.modified) ||
                             is_cut<Tick>(coded.modified, original.modified);
    // The same could be the time of an original that was changed within that unit; but then it was
    // changed after the coded file.
    return is_cut_time && coded.changed >= original.modified;
}

std::string_view precompressed_fault(http::ContentCoding coding, const PrecompressedSample& sample,
                                     const PrecompressedOriginal& original) noexcept {
    if (sample.size == 0) {
        return is_empty;
    }
    switch (coding) {
        case http::ContentCoding::identity:
            break;
        case http::ContentCoding::gzip:
            return gzip_fault(sample, original);
        case http::ContentCoding::brotli:
            return brotli_fault(sample, original.size);
        case http::ContentCoding::zstd:
            return zstd_fault(sample, original);
    }
    return {};
}

}  // namespace torc::site
