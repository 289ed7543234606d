#include <torc/http/range.hpp>

#include "characters.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>

namespace torc::http {
namespace {

/// 1*DIGIT of any length; what is too large for the type becomes its maximum, which is beyond any
/// file.
std::optional<std::uint64_t> parse_position(std::string_view digits) noexcept {
    constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
    if (digits.empty() || !std::ranges::all_of(digits, is_digit)) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char character : digits) {
        const auto digit = static_cast<std::uint64_t>(character - '0');
        value = value > (max - digit) / 10 ? max : value * 10 + digit;
    }
    return value;
}

/// "-500": the last 500 bytes.
RangeResult select_suffix(std::string_view length_text, std::uint64_t size) noexcept {
    const auto length = parse_position(length_text);
    if (!length) {
        return {};
    }
    if (*length == 0) {
        return {.outcome = RangeOutcome::unsatisfiable, .range = {}};
    }
    if (size == 0) {
        // Satisfiable (RFC 9110 §14.1.2), but no Content-Range can say which bytes these are.
        return {};
    }
    const std::uint64_t selected = std::min(*length, size);
    return {.outcome = RangeOutcome::satisfiable,
            .range = {.first = size - selected, .length = selected}};
}

/// "500-999", or "500-": from there to the end.
RangeResult select_interval(std::string_view first_text, std::string_view last_text,
                            std::uint64_t size) noexcept {
    const auto first = parse_position(first_text);
    const auto last =
        last_text.empty() ? std::numeric_limits<std::uint64_t>::max() : parse_position(last_text);
    // RFC 9110 §14.1.1: a last position before the first makes the set invalid.
    if (!first || !last || *last < *first) {
        return {};
    }
    if (*first >= size) {
        return {.outcome = RangeOutcome::unsatisfiable, .range = {}};
    }
    return {.outcome = RangeOutcome::satisfiable,
            .range = {.first = *first, .length = std::min(*last, size - 1) - *first + 1}};
}

}  // namespace

RangeResult select_range(std::string_view value, std::uint64_t size) noexcept {
    constexpr std::string_view unit = "bytes=";
    if (!equals_ignoring_case(value.substr(0, unit.size()), unit)) {
        return {};
    }
    // A set of several ranges has a comma, which is no part of a position: ignored like all that is
    // none.
    const std::string_view range = value.substr(unit.size());
    const std::size_t hyphen = range.find('-');
    if (hyphen == std::string_view::npos) {
        return {};
    }
    const std::string_view after = range.substr(hyphen + 1);
    return hyphen == 0 ? select_suffix(after, size)
                       : select_interval(range.substr(0, hyphen), after, size);
}

}  // namespace torc::http
