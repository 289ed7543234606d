#include "load/text.hpp"

#include <torc/base/ascii.hpp>
#include <torc/base/utf8.hpp>

#include "load/html_encoding.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace torc::site {
namespace {

using namespace std::string_view_literals;

constexpr std::array byte_order_marks = {"\xEF\xBB\xBF"sv, "\xFE\xFF"sv, "\xFF\xFE"sv};

bool has_byte_order_mark(std::string_view text) noexcept {
    return std::ranges::any_of(byte_order_marks,
                               [text](std::string_view mark) { return text.starts_with(mark); });
}

/// <?xml version="1.0" encoding="..."?>
bool has_xml_encoding(std::string_view text) noexcept {
    return text.starts_with("<?xml") && text.substr(0, text.find("?>")).contains("encoding");
}

/// How many bytes at the beginning are ASCII; eight at a time, as nearly all are.
std::size_t ascii_bytes(std::string_view text) noexcept {
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;
    std::size_t bytes = 0;
    std::uint64_t block = 0;
    for (; text.size() - bytes >= sizeof block; bytes += sizeof block) {
        std::memcpy(&block, text.data() + bytes, sizeof block);
        if ((block & high_bits) != 0) {
            break;
        }
    }
    const auto is_ascii = [](char character) {
        return static_cast<unsigned char>(character) < 0x80;
    };
    while (bytes < text.size() && is_ascii(text[bytes])) {
        ++bytes;
    }
    return bytes;
}

bool is_utf8(Beginning text) noexcept {
    std::string_view rest = text.bytes;
    while (true) {
        rest.remove_prefix(ascii_bytes(rest));
        if (rest.empty()) {
            return true;
        }
        const std::string_view before = rest;
        if (take_character(rest).is_malformed) {
            // But the last character may only be cut off.
            return !text.is_whole && rest.empty() &&
                   before.size() < character_bytes(before.front());
        }
    }
}

}  // namespace

bool may_announce_utf8(std::string_view content_type, Beginning text) {
    if (has_byte_order_mark(text.bytes) || has_xml_encoding(text.bytes)) {
        return false;
    }
    if (content_type.starts_with("text/html") && has_meta_charset(text.bytes)) {
        return false;
    }
    if (content_type.starts_with("text/css") && text.bytes.starts_with("@charset")) {
        return false;
    }
    return !text.bytes.contains('\0') && is_utf8(text);
}

bool is_binary(std::string_view bytes) noexcept {
    const auto is_of_no_text = [](char character) {
        const auto byte = static_cast<unsigned char>(character);
        return byte <= 0x08 || byte == 0x0B || (byte >= 0x0E && byte <= 0x1A) ||
               (byte >= 0x1C && byte <= 0x1F);
    };
    return !has_byte_order_mark(bytes) && std::ranges::any_of(bytes, is_of_no_text);
}

}  // namespace torc::site
