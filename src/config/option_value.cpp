#include "option_value.hpp"

#include <torc/base/ascii.hpp>

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>

namespace torc::config {
namespace {

using namespace std::string_view_literals;

/// How many bytes a unit such as "k", "KB" or "KiB" stands for; 0: it is none.
std::uint64_t bytes_of_unit(std::string_view text) {
    constexpr std::string_view prefixes = "kmgt";
    constexpr unsigned bits_each = 10;
    std::string unit(text);
    std::ranges::transform(unit, unit.begin(), to_lower);
    if (unit.empty() || unit == "b") {
        return 1;
    }
    const std::size_t power = prefixes.find(unit.front());
    const std::string_view rest = std::string_view(unit).substr(1);
    if (power == std::string_view::npos || !(rest.empty() || rest == "b" || rest == "ib")) {
        return 0;
    }
    return std::uint64_t{1} << (bits_each * (power + 1));
}

}  // namespace

std::uint64_t parse_number(std::string_view option, std::string_view text, std::uint64_t min,
                           std::uint64_t max) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || after != end || number < min || number > max) {
        throw StartError(fmt::format("{} {}: give a number from {} to {}", option, text, min, max));
    }
    return number;
}

std::uint64_t parse_size(std::string_view option, std::string_view text, std::uint64_t min,
                         std::uint64_t max) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, number);
    const std::string_view unit(after, static_cast<std::size_t>(end - after));
    const std::uint64_t factor = bytes_of_unit(unit);
    if (error != std::errc() || factor == 0 || number > max / factor || number * factor < min) {
        throw StartError(
            fmt::format("{} {}: give a number of bytes from {} to {}, such as 8192 or 8k", option,
                        text, min, max));
    }
    return number * factor;
}

std::chrono::seconds parse_duration(std::string_view option, std::string_view text,
                                    std::chrono::seconds min, std::chrono::seconds max) {
    constexpr std::int64_t minute = 60;
    constexpr std::int64_t hour = 60 * minute;
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, number);
    const std::string_view unit(after, static_cast<std::size_t>(end - after));
    const std::int64_t factor = unit.empty() || unit == "s"sv ? 1
                                : unit == "m"sv               ? minute
                                : unit == "h"sv               ? hour
                                                              : 0;
    if (error != std::errc() || factor == 0 || number > max.count() / factor ||
        number * factor < min.count()) {
        throw StartError(fmt::format(
            "{} {}: give a time from {}s to {}s in whole seconds, such as 30s, 2m or 1h", option,
            text, min.count(), max.count()));
    }
    return std::chrono::seconds(number * factor);
}

bool parse_toggle(std::string_view option, std::string_view text) {
    static constexpr std::array choices = {std::pair{"on"sv, true},   std::pair{"off"sv, false},
                                           std::pair{"true"sv, true}, std::pair{"false"sv, false},
                                           std::pair{"1"sv, true},    std::pair{"0"sv, false}};
    return choose(option, text, choices);
}

}  // namespace torc::config
