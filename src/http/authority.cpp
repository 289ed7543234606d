#include "authority.hpp"

#include "scan.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace torc::http {
namespace {

bool is_hex_digit(char character) noexcept {
    return hex_digit(character) >= 0;
}

/// dec-octet "." dec-octet "." dec-octet "." dec-octet: no leading zeros, nothing over 255.
bool is_ipv4_address(std::string_view text) noexcept {
    for (int dots = 3; dots >= 0; --dots) {
        const std::size_t end = dots > 0 ? text.find('.') : text.size();
        if (end == std::string_view::npos || (end > 1 && text.front() == '0')) {
            return false;
        }
        std::uint8_t octet = 0;
        const auto [place, error] = std::from_chars(text.data(), text.data() + end, octet);
        if (error != std::errc() || place != text.data() + end) {
            return false;
        }
        text.remove_prefix(dots > 0 ? end + 1 : end);
    }
    return true;
}

/// IPv6address: eight groups of 1*4HEXDIG, where "::" may once stand for one or more of them and an
/// IPv4 address for the last two.
bool is_ipv6_address(std::string_view text) noexcept {
    constexpr std::size_t groups_max = 8;
    constexpr std::size_t group_digits_max = 4;
    std::size_t groups = 0;
    bool has_gap = text.starts_with("::");
    if (has_gap) {
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        const std::size_t colon = text.find(':');
        const std::string_view group = text.substr(0, colon);
        if (!group.empty() && group.size() <= group_digits_max &&
            std::ranges::all_of(group, is_hex_digit)) {
            groups += 1;
        } else if (colon == std::string_view::npos && is_ipv4_address(group)) {
            groups += 2;
        } else {
            return false;
        }
        if (colon == std::string_view::npos) {
            break;
        }
        text.remove_prefix(colon + 1);
        if (text.starts_with(':') && !has_gap) {
            has_gap = true;
            text.remove_prefix(1);
        } else if (text.empty()) {
            return false;
        }
    }
    return has_gap ? groups < groups_max : groups == groups_max;
}

/// IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
bool is_future_address(std::string_view text) noexcept {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || dot < 2 || to_lower(text.front()) != 'v') {
        return false;
    }
    const std::string_view address = text.substr(dot + 1);
    return std::ranges::all_of(text.substr(1, dot - 1), is_hex_digit) && !address.empty() &&
           std::ranges::all_of(address, [](char character) {
               return character == ':' || is_in(CharacterClass::host, character);
           });
}

/// The length of the IP-literal at the front; 0 when that is none.
std::size_t ip_literal_bytes(std::string_view text) noexcept {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) {
        return 0;
    }
    const std::string_view address = text.substr(1, bracket - 1);
    return is_ipv6_address(address) || is_future_address(address) ? bracket + 1 : 0;
}

/// The length of the reg-name at the front, which ends where something else begins. An IPv4 address
/// is one too.
std::size_t registered_name_bytes(std::string_view text) noexcept {
    const char* const end = text.data() + text.size();
    const char* cursor = skip_host(text.data(), end);
    while (end - cursor >= 3 && cursor[0] == '%' && is_hex_digit(cursor[1]) &&
           is_hex_digit(cursor[2])) {
        cursor = skip_host(cursor + 3, end);
    }
    return static_cast<std::size_t>(cursor - text.data());
}

/// *DIGIT, and a number that a port can have.
bool is_port(std::string_view text) noexcept {
    const char* const end = text.data() + text.size();
    std::uint16_t number = 0;
    const auto [place, error] = std::from_chars(text.data(), end, number);
    return text.empty() || (error == std::errc() && place == end);
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) noexcept {
    const std::size_t host_bytes =
        text.starts_with('[') ? ip_literal_bytes(text) : registered_name_bytes(text);
    if (host_bytes == 0) {
        return std::nullopt;
    }
    const std::string_view rest = text.substr(host_bytes);
    if (rest.empty()) {
        return Authority{.host = text, .port = {}};
    }
    if (rest.front() != ':' || !is_port(rest.substr(1))) {
        return std::nullopt;
    }
    return Authority{.host = text.substr(0, host_bytes), .port = rest.substr(1)};
}

bool is_authority(std::string_view text) noexcept {
    const char* const end = text.data() + text.size();
    // What most clients send: a name alone.
    return (skip_host(text.data(), end) == end && !text.empty()) || parse_authority(text);
}

}  // namespace torc::http
