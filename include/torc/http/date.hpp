#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

namespace torc::http {

/// HTTP dates have a resolution of one second.
using DateSeconds = std::chrono::sys_seconds;

/// "Sun, 06 Nov 1994 08:49:37 GMT", always 29 characters.
using DateText = std::array<char, 29>;

/// As they stand in dates of HTTP, in English whatever the locale is.
inline constexpr std::array<std::string_view, 12> month_abbreviations = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Formats an IMF-fixdate (RFC 9110 §5.6.7). Years outside 0 to 9999 are clamped to them.
[[nodiscard]] DateText format_date(DateSeconds time) noexcept;

/// Parses any of the three formats of RFC 9110 §5.6.7 (IMF-fixdate, RFC 850, asctime). `now`
/// resolves RFC 850's two-digit year: one that looks more than 50 years ahead is in the past. The
/// name of the day has to be one, but need not be that date's. Nothing: not a valid date, to be
/// ignored by the caller (§13.1.3).
[[nodiscard]] std::optional<DateSeconds> parse_date(std::string_view text,
                                                    DateSeconds now) noexcept;

}  // namespace torc::http
