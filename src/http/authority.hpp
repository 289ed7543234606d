#pragma once

#include "characters.hpp"

#include <cstddef>
#include <string_view>

namespace torc::http {

/// Whether `text` is uri-host [ ":" port ] (RFC 9110 §4.2, §7.2; RFC 3986 §3.2.2) with a host that
/// is not empty and no userinfo (RFC 9110 §4.2.4). Loose where nothing depends on it: neither the
/// groups of an IP literal nor the escapes of a reg-name are looked into.
constexpr bool is_authority(std::string_view text) noexcept {
    std::size_t host_bytes = 0;
    if (text.starts_with('[')) {
        const std::size_t bracket = text.find(']');
        if (bracket == std::string_view::npos) {
            return false;
        }
        const std::string_view literal = text.substr(1, bracket - 1);
        for (const char character : literal) {
            if (character != ':' && !is_in(CharacterClass::host, character)) {
                return false;
            }
        }
        if (literal.empty()) {
            return false;
        }
        host_bytes = bracket + 1;
    } else {
        const char* const begin = text.data();
        host_bytes = static_cast<std::size_t>(
            skip(CharacterClass::host, begin, begin + text.size()) - begin);
    }
    if (host_bytes == 0) {
        return false;
    }
    const std::string_view port = text.substr(host_bytes);
    if (port.empty()) {
        return true;
    }
    return port.front() == ':' && port.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

}  // namespace torc::http
