#pragma once

// What <cctype> has, without the locale.

#include <cstddef>
#include <string_view>

namespace torc {

constexpr bool is_digit(char character) noexcept {
    return character >= '0' && character <= '9';
}

constexpr bool is_upper(char character) noexcept {
    return character >= 'A' && character <= 'Z';
}

constexpr bool is_lower(char character) noexcept {
    return character >= 'a' && character <= 'z';
}

/// Letters of ASCII alone; all else stays.
constexpr char to_lower(char character) noexcept {
    return is_upper(character) ? static_cast<char>(character | 0x20) : character;
}

/// Compares without regard to the case of ASCII letters; `lower` is in lower case.
constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    if (text.size() != lower.size()) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (to_lower(text[i]) != lower[i]) {
            return false;
        }
    }
    return true;
}

/// The value of a hexadecimal digit in either case; -1 when it is none.
constexpr int hex_digit(char character) noexcept {
    if (is_digit(character)) {
        return character - '0';
    }
    const char lower = to_lower(character);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace torc
