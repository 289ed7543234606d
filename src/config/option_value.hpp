#pragma once

#include <torc/base/start_error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::config {

// Values of options, read from their text. Each function throws StartError, which names `option`,
// what was given and what would be right.

[[nodiscard]] std::uint64_t parse_number(std::string_view option, std::string_view text,
                                         std::uint64_t min, std::uint64_t max);

/// A number of bytes, or with a unit in powers of 1024: "8k", "8KB" and "8KiB" are the same.
[[nodiscard]] std::uint64_t parse_size(std::string_view option, std::string_view text,
                                       std::uint64_t min, std::uint64_t max);

/// "30s", "2m", "1h", or a number of seconds.
[[nodiscard]] std::chrono::seconds parse_duration(std::string_view option, std::string_view text,
                                                  std::chrono::seconds min,
                                                  std::chrono::seconds max);

/// The one of `choices` that is named.
template <typename Choice, std::size_t Count>
[[nodiscard]] Choice choose(std::string_view option, std::string_view text,
                            const std::array<std::pair<std::string_view, Choice>, Count>& choices) {
    std::vector<std::string_view> names;
    for (const auto& [name, choice] : choices) {
        if (name == text) {
            return choice;
        }
        names.push_back(name);
    }
    throw StartError(fmt::format("{} {}: give one of {}", option, text, fmt::join(names, ", ")));
}

/// "on" or "off", or one of the words that mean the same.
[[nodiscard]] bool parse_toggle(std::string_view option, std::string_view text);

}  // namespace torc::config
