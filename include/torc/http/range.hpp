#pragma once

#include <torc/base/limits.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace torc::http {

/// Bytes [first, first + length) of a representation. Left uninitialised, for RangeSet's sake.
struct ByteRange {
    std::uint64_t first;
    std::uint64_t length;

    friend constexpr bool operator==(const ByteRange&, const ByteRange&) noexcept = default;
};

/// The ranges to send, in this order. Left uninitialised beyond `count`.
struct RangeSet {
    std::uint32_t count = 0;
    std::array<ByteRange, limits::ranges_max> storage;

    [[nodiscard]] std::span<const ByteRange> ranges() const noexcept {
        return {storage.data(), count};
    }
};

enum class RangeOutcome : std::uint8_t {
    /// No usable range: answer as if the field were not there (RFC 9110 §14.2).
    ignore,
    /// Answer 206 with the ranges of the set, of which there is at least one.
    satisfiable,
    /// Answer 416.
    unsatisfiable,
};

/// Selects the ranges that a Range field asks of a representation of `size` bytes (RFC 9110
/// §14.1.1, §14.1.2, §14.2). `set` gets them when they are satisfiable, and none otherwise.
///
/// Ignored as a whole are other units, a set with invalid syntax anywhere, one of more than
/// limits::ranges_max ranges, and a suffix of an empty representation, which no Content-Range could
/// express. Of several ranges those that are not satisfiable are left out; those that overlap or
/// adjoin become one, in the place of the one listed first (§15.3.7.2), so that the ranges selected
/// are disjoint and never come to more than the representation. A last position beyond the
/// end is the end. Numbers of any length are read without overflow: one beyond 2^64-1 counts as
/// that.
[[nodiscard]] RangeOutcome select_ranges(std::string_view value, std::uint64_t size,
                                         RangeSet& set) noexcept;

}  // namespace torc::http
