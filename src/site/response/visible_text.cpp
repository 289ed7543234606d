#include "response/visible_text.hpp"

#include <torc/base/utf8.hpp>

#include <algorithm>
#include <cstdint>

namespace torc::site {
namespace {

constexpr std::string_view before_mark = "<i>";
constexpr std::string_view after_mark = "</i>";

/// The first character of a script whose letters join, or that has variants (Hebrew); emoji and
/// ideographs come later.
constexpr char32_t first_joinable = 0x0590;

/// Whether it is a character of ASCII that stands for itself.
constexpr bool is_plain(char character) noexcept {
    return character >= ' ' && character <= '~' && character != '&' && character != '<' &&
           character != '>';
}

/// The spaces of Unicode beside that of ASCII: seen between other characters alone.
constexpr bool is_space(char32_t code_point) noexcept {
    return code_point == 0xA0 || code_point == 0x1680 ||
           (code_point >= 0x2000 && code_point <= 0x200A) || code_point == 0x202F ||
           code_point == 0x205F || code_point == 0x2800 || code_point == 0x3000;
}

/// Empty: it needs none.
constexpr std::string_view entity_of(char32_t code_point) noexcept {
    switch (code_point) {
        case U'&':
            return "&amp;";
        case U'<':
            return "&lt;";
        case U'>':
            return "&gt;";
        default:
            return {};
    }
}

}  // namespace

VisibleText::VisibleText(std::string_view text) noexcept
    : spaces_before_(std::min(text.find_first_not_of(' '), text.size())),
      spaces_behind_(spaces_before_ == text.size() ? 0
                                                   : text.size() - 1 - text.find_last_not_of(' ')),
      rest_(text.substr(spaces_before_, text.size() - spaces_before_ - spaces_behind_)) {}

std::string_view VisibleText::next() noexcept {
    if (spaces_before_ > 0) {
        --spaces_before_;
        return mark(U' ');
    }
    if (!rest_.empty()) {
        // Most names consist of such a run alone.
        const auto plain_bytes =
            static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_plain) - rest_.begin());
        if (plain_bytes == 0) {
            return next_character();
        }
        const std::string_view run = rest_.substr(0, plain_bytes);
        rest_.remove_prefix(plain_bytes);
        previous_ = static_cast<unsigned char>(run.back());
        return run;
    }
    if (spaces_behind_ > 0) {
        --spaces_behind_;
        return mark(U' ');
    }
    return {};
}

std::string_view VisibleText::next_character() noexcept {
    const Character character = take_character(rest_);
    if (character.is_malformed) {
        previous_ = 0;
        return mark_bytes(character.bytes);
    }
    const char32_t code_point = character.code_point;
    const bool is_at_end = previous_ == 0 || rest_.empty();
    const bool has_joined = previous_ == 0x200C || previous_ == 0x200D;
    const bool is_stray = is_joining(code_point) && (previous_ < first_joinable || has_joined);
    if (is_invisible(code_point) || is_stray || (is_space(code_point) && is_at_end)) {
        previous_ = 0;
        return mark(code_point);
    }
    previous_ = code_point;
    const std::string_view entity = entity_of(code_point);
    return entity.empty() ? character.bytes : entity;
}

std::string_view VisibleText::mark(char32_t code_point) noexcept {
    return mark("U+", code_point, 4);
}

std::string_view VisibleText::mark_bytes(std::string_view bytes) noexcept {
    char32_t number = 0;
    for (const char byte : bytes) {
        number = number << 8U | static_cast<unsigned char>(byte);
    }
    return mark("0x", number, 2 * bytes.size());
}

std::string_view VisibleText::mark(std::string_view prefix, char32_t number,
                                   std::size_t digits_min) noexcept {
    constexpr std::string_view hex_digits = "0123456789ABCDEF";
    auto cursor = std::ranges::copy(before_mark, piece_.begin()).out;
    cursor = std::ranges::copy(prefix, cursor).out;
    std::size_t digits = digits_min;
    while (number >> (4 * digits) != 0) {
        ++digits;
    }
    for (; digits > 0; --digits) {
        *cursor++ = hex_digits[(number >> (4 * (digits - 1))) & 0xFU];
    }
    cursor = std::ranges::copy(after_mark, cursor).out;
    return {piece_.begin(), cursor};
}

void append_visible(std::string& page, std::string_view text) {
    VisibleText visible(text);
    for (std::string_view piece = visible.next(); !piece.empty(); piece = visible.next()) {
        page += piece;
    }
}

void append_visible_without_elements(std::string& page, std::string_view text) {
    VisibleText visible(text);
    for (std::string_view piece = visible.next(); !piece.empty(); piece = visible.next()) {
        if (!piece.starts_with(before_mark)) {
            page += piece;
            continue;
        }
        piece.remove_prefix(before_mark.size());
        piece.remove_suffix(after_mark.size());
        page += '[';
        page += piece;
        page += ']';
    }
}

}  // namespace torc::site
