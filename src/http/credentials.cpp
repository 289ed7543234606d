#include <torc/base/assert.hpp>
#include <torc/http/credentials.hpp>
#include <torc/http/field.hpp>

#include "characters.hpp"

#include <algorithm>
#include <cstdint>

namespace torc::http {
namespace {

constexpr std::string_view scheme = "Basic";

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned base64_bits = 6;

/// By character: its value, or -1 for what is no digit.
constexpr auto base64_values = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t value = 0; value < base64_digits.size(); ++value) {
        table[static_cast<unsigned char>(base64_digits[value])] = static_cast<std::int8_t>(value);
    }
    return table;
}();

/// What `text` is the base64 of, in `scratch`. Nothing: it is not canonical, or does not fit.
std::optional<std::string_view> decode_base64(std::string_view text,
                                              CredentialsScratch& scratch) noexcept {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) {
        text.remove_suffix(1);
    }
    if (text.size() * base64_bits / 8 > scratch.size()) {
        return std::nullopt;
    }
    std::size_t count = 0;
    unsigned bits = 0;
    unsigned bits_count = 0;
    for (const char character : text) {
        const int value = base64_values[static_cast<unsigned char>(character)];
        if (value < 0) {
            return std::nullopt;
        }
        bits = bits << base64_bits | static_cast<unsigned>(value);
        bits_count += base64_bits;
        if (bits_count >= 8) {
            bits_count -= 8;
            scratch[count++] = static_cast<char>(bits >> bits_count);
            bits &= (1U << bits_count) - 1;
        }
    }
    // What is left over is padding, of which there is but one form (RFC 4648 §3.5).
    const bool is_canonical = bits == 0 && bits_count < base64_bits;
    return is_canonical ? std::optional(std::string_view(scratch.data(), count)) : std::nullopt;
}

}  // namespace

std::optional<BasicCredentials> parse_basic_credentials(std::string_view value,
                                                        CredentialsScratch& scratch) noexcept {
    const std::size_t space = value.find(' ');
    // Names of schemes have no case (RFC 9110 §11.1), as those of fields.
    if (space == std::string_view::npos || !is_same_field_name(value.substr(0, space), scheme)) {
        return std::nullopt;
    }
    value.remove_prefix(std::min(value.find_first_not_of(' ', space), value.size()));
    const auto decoded = decode_base64(value, scratch);
    const std::size_t colon = decoded ? decoded->find(':') : std::string_view::npos;
    if (colon == std::string_view::npos || !consists_of(CharacterClass::printable, *decoded)) {
        return std::nullopt;
    }
    return BasicCredentials{.user = decoded->substr(0, colon),
                            .password = decoded->substr(colon + 1)};
}

bool is_realm(std::string_view text) noexcept {
    return !text.empty() && text.size() <= realm_bytes_max &&
           consists_of(CharacterClass::printable, text);
}

std::string basic_challenge(std::string_view realm) {
    TORC_ASSERT(is_realm(realm));
    std::string field = "WWW-Authenticate: Basic realm=\"";
    for (const char character : realm) {
        if (character == '"' || character == '\\') {
            field += '\\';
        }
        field += character;
    }
    field += "\", charset=\"UTF-8\"\r\n";
    return field;
}

}  // namespace torc::http
