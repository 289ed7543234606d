#pragma once

#include "response/sha256.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace torc::site {

/// The Content-Security-Policy of a page whose one style sheet stands in it: nothing else is
/// allowed but by `OtherDirectives`, which are separated as in the field.
template <const std::string_view& StyleSheet, const std::string_view& OtherDirectives>
consteval auto style_policy() {
    constexpr std::string_view before = "default-src 'none'; style-src 'sha256-";
    constexpr std::string_view after = "'; ";
    constexpr auto hash = sha256_base64(StyleSheet);
    std::array<char, before.size() + hash.size() + after.size() + OtherDirectives.size()> text{};
    auto cursor = std::ranges::copy(before, text.begin()).out;
    cursor = std::ranges::copy(hash, cursor).out;
    cursor = std::ranges::copy(after, cursor).out;
    std::ranges::copy(OtherDirectives, cursor);
    return text;
}

}  // namespace torc::site
