#include <torc/base/utf8.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace torc {
namespace {

/// The values that a byte may have.
struct ByteRange {
    std::uint8_t first = 0x80;
    std::uint8_t last = 0xBF;

    [[nodiscard]] constexpr bool contains(std::uint8_t byte) const noexcept {
        return byte >= first && byte <= last;
    }
};

/// What may follow `lead`: no overlong form, no surrogate, nothing above U+10FFFF.
ByteRange second_byte_after(std::uint8_t lead) noexcept {
    switch (lead) {
        case 0xE0:
            return {.first = 0xA0};
        case 0xED:
            return {.last = 0x9F};
        case 0xF0:
            return {.first = 0x90};
        case 0xF4:
            return {.last = 0x8F};
        default:
            return {};
    }
}

}  // namespace

std::size_t character_bytes(char first) noexcept {
    const auto lead = static_cast<std::uint8_t>(first);
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

Character take_character(std::string_view& text) noexcept {
    const auto byte_at = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte_at(0);
    const std::size_t length = character_bytes(text.front());
    // The lead byte of a longer character has as many ones in front as the character has bytes.
    char32_t code_point = length == 1 ? lead : lead & (0x7FU >> length);
    ByteRange expected = second_byte_after(lead);
    std::size_t taken = 1;
    while (taken < length && taken < text.size() && expected.contains(byte_at(taken))) {
        code_point = code_point << 6U | (byte_at(taken) & 0x3FU);
        expected = {};
        ++taken;
    }
    const std::string_view bytes = text.substr(0, taken);
    text.remove_prefix(taken);
    if (taken != length) {
        return {.code_point = replacement_character, .bytes = bytes, .is_malformed = true};
    }
    return {.code_point = code_point, .bytes = bytes};
}

void append_json_number(std::string& out, char32_t code_point) {
    constexpr char32_t first_of_two = 0x10000;
    if (code_point < first_of_two) {
        fmt::format_to(std::back_inserter(out), "\\u{:04X}", static_cast<unsigned>(code_point));
        return;
    }
    const char32_t offset = code_point - first_of_two;
    append_json_number(out, 0xD800 + (offset >> 10U));
    append_json_number(out, 0xDC00 + (offset & 0x3FFU));
}

}  // namespace torc
