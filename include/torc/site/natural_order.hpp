#pragma once

#include <compare>
#include <string_view>

namespace torc::site {

/// Compares names as people sort them: runs of digits as numbers of any length ("file2" before
/// "file10"), all else by bytes without regard to the case of ASCII letters. Names that are equal
/// that way ("a01", "A1") are compared byte by byte, so that only identical ones are equal.
[[nodiscard]] std::strong_ordering compare_naturally(std::string_view left,
                                                     std::string_view right) noexcept;

}  // namespace torc::site
