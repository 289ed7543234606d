#pragma once

#include <cstdint>
#include <string_view>

namespace torc::http {

/// Bytes [first, first + length) of a representation.
struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t length = 0;

    friend constexpr bool operator==(const ByteRange&, const ByteRange&) noexcept = default;
};

enum class RangeOutcome : std::uint8_t {
    /// No usable range: answer as if the field were not there (RFC 9110 §14.2).
    ignore,
    /// Answer 206 with `RangeResult::range`.
    satisfiable,
    /// Answer 416.
    unsatisfiable,
};

struct RangeResult {
    RangeOutcome outcome = RangeOutcome::ignore;
    ByteRange range;
};

/// Selects the range that a Range field asks of a representation of `size` bytes (RFC 9110 §14.1.1,
/// §14.2). Ignored are other units, invalid syntax, whatever has a comma, so every set of several
/// ranges, and a suffix of an empty representation, which no Content-Range could express. Numbers
/// of any length are read without overflow: a last position beyond the end is the end.
[[nodiscard]] RangeResult select_range(std::string_view value, std::uint64_t size) noexcept;

}  // namespace torc::http
