#include <torc/http/field.hpp>

#include "characters.hpp"

#include <algorithm>
#include <cstddef>

namespace torc::http {
namespace {

/// Takes a token off `text`; false when there is none.
bool take_token(std::string_view& text) noexcept {
    const char* const end = skip(CharacterClass::token, text.data(), text.data() + text.size());
    const auto bytes = static_cast<std::size_t>(end - text.data());
    text.remove_prefix(bytes);
    return bytes > 0;
}

bool take(char wanted, std::string_view& text) noexcept {
    const bool is_there = text.starts_with(wanted);
    text.remove_prefix(std::size_t{is_there});
    return is_there;
}

/// The rest of a quoted-string (RFC 9110 §5.6.4) behind its first quote; false when it has no end.
bool take_quoted(std::string_view& text) noexcept {
    while (!take('"', text)) {
        take('\\', text);
        if (text.empty() || !is_in(CharacterClass::field_value, text.front())) {
            return false;
        }
        text.remove_prefix(1);
    }
    return true;
}

void skip_blanks(std::string_view& text) noexcept {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
}

}  // namespace

bool is_field_name(std::string_view text) noexcept {
    return !text.empty() && consists_of(CharacterClass::token, text);
}

bool is_field_value(std::string_view text) noexcept {
    return consists_of(CharacterClass::field_value, text) && trim_blanks(text) == text;
}

bool is_media_type(std::string_view text) noexcept {
    if (!take_token(text) || !take('/', text) || !take_token(text)) {
        return false;
    }
    while (!text.empty()) {
        skip_blanks(text);
        if (!take(';', text)) {
            return false;
        }
        skip_blanks(text);
        const bool has_value = take_token(text) && take('=', text) &&
                               (take('"', text) ? take_quoted(text) : take_token(text));
        if (!has_value) {
            return false;
        }
    }
    return true;
}

bool is_same_field_name(std::string_view left, std::string_view right) noexcept {
    return std::ranges::equal(left, right, {}, to_lower, to_lower);
}

}  // namespace torc::http
