#pragma once

#include <torc/base/ascii.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// The character classes of RFC 9110, RFC 9112 and RFC 3986, in one table for the whole layer.

namespace torc::http {

/// Each class is one bit of a table entry.
enum class CharacterClass : std::uint8_t {
    /// tchar (RFC 9110 §5.6.2): methods, field names.
    token = 1U << 0U,
    /// What a field value may hold: field-vchar, SP, HTAB (RFC 9110 §5.5).
    field_value = 1U << 1U,
    /// What torc takes in a request target: no controls, no space. More than RFC 9112 §3.2 allows,
    /// for clients do send raw UTF-8; none of it can end the target early.
    target = 1U << 2U,
    /// etagc (RFC 9110 §8.8.3).
    entity_tag = 1U << 3U,
    /// What stands for itself in a reg-name: unreserved and sub-delims (RFC 3986 §3.2.2).
    host = 1U << 4U,
    /// pchar but for '%', and '/' (RFC 3986 §3.3): what stands for itself in a path.
    path = 1U << 5U,
    /// What stands for itself in a query (RFC 3986 §3.4), '%' included, and the brackets that
    /// browsers leave as they are.
    query = 1U << 6U,
    /// No control character: what a field value may hold, but for HTAB.
    printable = 1U << 7U,
};

/// SP or HTAB: what OWS is made of (RFC 9110 §5.6.3).
constexpr bool is_blank(char character) noexcept {
    return character == ' ' || character == '\t';
}

namespace detail {

constexpr std::uint8_t classify(std::uint8_t byte) noexcept {
    const auto character = static_cast<char>(byte);
    const auto is_one_of = [character](std::string_view set) { return set.contains(character); };

    const bool is_letter = to_lower(character) >= 'a' && to_lower(character) <= 'z';
    const bool is_alphanumeric = is_letter || is_digit(character);
    const bool is_vchar = byte >= 0x21 && byte <= 0x7E;
    const bool is_obs_text = byte >= 0x80;
    const bool is_unreserved = is_alphanumeric || is_one_of("-._~");
    const bool is_sub_delimiter = is_one_of("!$&'()*+,;=");
    const bool is_path = is_unreserved || is_sub_delimiter || is_one_of(":@/");

    std::uint8_t classes = 0;
    const auto add = [&classes](CharacterClass member, bool condition) {
        classes |= condition ? static_cast<std::uint8_t>(member) : std::uint8_t{0};
    };
    add(CharacterClass::token, is_alphanumeric || is_one_of("!#$%&'*+-.^_`|~"));
    add(CharacterClass::field_value, is_vchar || is_obs_text || is_blank(character));
    add(CharacterClass::printable, is_vchar || is_obs_text || character == ' ');
    add(CharacterClass::target, is_vchar || is_obs_text);
    add(CharacterClass::entity_tag, (is_vchar && character != '"') || is_obs_text);
    add(CharacterClass::host, is_unreserved || is_sub_delimiter);
    add(CharacterClass::path, is_path);
    add(CharacterClass::query, is_path || is_one_of("?%[]"));
    return classes;
}

inline constexpr auto character_classes = [] {
    std::array<std::uint8_t, 256> table{};
    for (unsigned byte = 0; byte < table.size(); ++byte) {
        table[byte] = classify(static_cast<std::uint8_t>(byte));
    }
    return table;
}();

}  // namespace detail

constexpr bool is_in(CharacterClass wanted, char character) noexcept {
    return (detail::character_classes[static_cast<std::uint8_t>(character)] &
            static_cast<std::uint8_t>(wanted)) != 0;
}

/// The first place in [cursor, end) whose character is not `wanted`, or `end`.
constexpr const char* skip(CharacterClass wanted, const char* cursor, const char* end) noexcept {
    while (cursor != end && is_in(wanted, *cursor)) {
        ++cursor;
    }
    return cursor;
}

constexpr bool consists_of(CharacterClass wanted, std::string_view text) noexcept {
    const char* const end = text.data() + text.size();
    return skip(wanted, text.data(), end) == end;
}

/// Compares with a literal. As == does; but that compiles to a call of memcmp(3), whose length is
/// not known for it, and this to a few instructions.
template <std::size_t Size>
bool is_literally(std::string_view text, const char (&literal)[Size]) noexcept {
    return text.size() == Size - 1 && std::memcmp(text.data(), literal, Size - 1) == 0;
}

constexpr std::string_view trim_blanks(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace torc::http
