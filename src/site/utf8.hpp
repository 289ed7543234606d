#pragma once

#include <string_view>

namespace torc::site {

inline constexpr char32_t replacement_character = U'\uFFFD';

struct Character {
    char32_t code_point = 0;
    /// Its encoding, which is always well-formed.
    std::string_view utf8;
};

/// Takes the first character off `text`, which is not empty. What is not well-formed becomes
/// U+FFFD, one for each maximal subpart, as browsers do it (Unicode 15 §3.9, WHATWG Encoding).
/// `utf8` lives as long as the text.
[[nodiscard]] Character take_character(std::string_view& text) noexcept;

}  // namespace torc::site
