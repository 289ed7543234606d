#pragma once

// What <cctype> has, without the locale.

namespace torc {

constexpr bool is_digit(char character) noexcept {
    return character >= '0' && character <= '9';
}

/// Letters of ASCII alone; all else stays.
constexpr char to_lower(char character) noexcept {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character | 0x20) : character;
}

}  // namespace torc
