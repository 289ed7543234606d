#include <torc/http/field.hpp>

#include "characters.hpp"

#include <algorithm>

namespace torc::http {

bool is_field_name(std::string_view text) noexcept {
    return !text.empty() && consists_of(CharacterClass::token, text);
}

bool is_field_value(std::string_view text) noexcept {
    return consists_of(CharacterClass::field_value, text) && trim_blanks(text) == text;
}

bool is_same_field_name(std::string_view left, std::string_view right) noexcept {
    return std::ranges::equal(left, right, {}, to_lower, to_lower);
}

}  // namespace torc::http
