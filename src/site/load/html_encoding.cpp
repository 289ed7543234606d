#include "load/html_encoding.hpp"

#include <torc/base/ascii.hpp>

#include <algorithm>
#include <cstddef>

namespace torc::site {
namespace {

constexpr std::size_t prescan_bytes = 1024;

constexpr std::string_view spaces = " \t\n\f\r";

bool is_letter(char character) noexcept {
    const char lower = to_lower(character);
    return lower >= 'a' && lower <= 'z';
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    return equals_ignoring_case(text.substr(0, lower.size()), lower);
}

bool contains_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    return !std::ranges::search(text, lower, {}, to_lower).empty();
}

void skip_any_of(std::string_view& rest, std::string_view characters) noexcept {
    rest.remove_prefix(std::min(rest.find_first_not_of(characters), rest.size()));
}

/// Takes what stands before the first of `ends`, or all.
std::string_view take_until(std::string_view& rest, std::string_view ends) noexcept {
    const std::string_view taken = rest.substr(0, rest.find_first_of(ends));
    rest.remove_prefix(taken.size());
    return taken;
}

/// Takes what stands before `end`, and that too, or all.
void skip_past(std::string_view& rest, std::string_view end) noexcept {
    const std::size_t found = rest.find(end);
    rest.remove_prefix(found == std::string_view::npos ? rest.size() : found + end.size());
}

struct Attribute {
    std::string_view name;
    std::string_view value;
};

/// Takes the next attribute of a tag; an empty name: there are no more.
Attribute take_attribute(std::string_view& rest) noexcept {
    skip_any_of(rest, " \t\n\f\r/");
    if (rest.empty() || rest.front() == '>') {
        return {};
    }
    // A '=' in front belongs to the name.
    std::string_view after_first = rest.substr(1);
    const std::size_t name_bytes = take_until(after_first, " \t\n\f\r/>=").size() + 1;
    Attribute attribute{.name = rest.substr(0, name_bytes), .value = {}};
    rest.remove_prefix(name_bytes);
    skip_any_of(rest, spaces);
    if (!rest.starts_with('=')) {
        return attribute;
    }
    rest.remove_prefix(1);
    skip_any_of(rest, spaces);
    if (rest.starts_with('"') || rest.starts_with('\'')) {
        const std::string_view quote = rest.substr(0, 1);
        rest.remove_prefix(1);
        attribute.value = take_until(rest, quote);
        rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
    } else {
        attribute.value = take_until(rest, " \t\n\f\r>");
    }
    return attribute;
}

/// Takes the attributes of a <meta>; whether they name an encoding.
bool take_meta(std::string_view& rest) noexcept {
    bool is_content_type = false;
    bool has_charset = false;
    bool has_charset_in_content = false;
    while (true) {
        const auto [name, value] = take_attribute(rest);
        if (name.empty()) {
            return has_charset || (is_content_type && has_charset_in_content);
        }
        has_charset |= equals_ignoring_case(name, "charset") && !value.empty();
        is_content_type |=
            equals_ignoring_case(name, "http-equiv") && equals_ignoring_case(value, "content-type");
        has_charset_in_content |=
            equals_ignoring_case(name, "content") && contains_ignoring_case(value, "charset");
    }
}

}  // namespace

bool has_meta_charset(std::string_view document) noexcept {
    std::string_view rest = document.substr(0, prescan_bytes);
    while (true) {
        take_until(rest, "<");
        if (rest.size() < 2) {
            return false;
        }
        constexpr std::string_view meta = "<meta";
        const bool is_end_tag = rest[1] == '/' && rest.size() > 2 && is_letter(rest[2]);
        if (rest.starts_with("<!--")) {
            rest.remove_prefix(2);  // "<!-->" is a whole comment.
            skip_past(rest, "-->");
        } else if (starts_with_ignoring_case(rest, meta) && rest.size() > meta.size() &&
                   std::string_view(" \t\n\f\r/").contains(rest[meta.size()])) {
            rest.remove_prefix(meta.size());
            if (take_meta(rest)) {
                return true;
            }
        } else if (is_end_tag || is_letter(rest[1])) {
            take_until(rest, " \t\n\f\r>");
            while (!take_attribute(rest).name.empty()) {
            }
        } else if (rest[1] == '!' || rest[1] == '/' || rest[1] == '?') {
            skip_past(rest, ">");
        } else {
            rest.remove_prefix(1);
        }
    }
}

}  // namespace torc::site
