#pragma once

#include <optional>
#include <string_view>

namespace torc::http {

/// Views into the text that it was parsed from.
struct Authority {
    /// Never empty. An IP literal has its brackets.
    std::string_view host;
    /// A number of at most 65535; empty when there is none.
    std::string_view port;
};

/// Parses uri-host [ ":" port ] (RFC 9110 §4.2, §7.2; RFC 3986 §3.2.2, §3.2.3). Userinfo is none of
/// it (RFC 9110 §4.2.4), and neither is an IPv6 zone, which means something on one machine alone.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text) noexcept;

/// Whether it is one: the same for less.
[[nodiscard]] bool is_authority(std::string_view text) noexcept;

}  // namespace torc::http
