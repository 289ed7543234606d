#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace torc::http {

/// Who a client says it is, and how it proves that, by the scheme Basic (RFC 7617 §2).
struct BasicCredentials {
    /// Holds no colon, and may be empty.
    std::string_view user;
    std::string_view password;
};

/// Of user, colon and password.
inline constexpr std::size_t basic_credentials_bytes_max = 512;
using CredentialsScratch = std::array<char, basic_credentials_bytes_max>;

/// The credentials that the value of an Authorization field carries (RFC 9110 §11.4). They live in
/// `scratch`, which is overwritten in any case. Nothing: the scheme is another one, what follows is
/// not the canonical base64 (RFC 4648 §4) of at most basic_credentials_bytes_max, or there is no
/// colon in it, or a control character (RFC 7617 §2).
[[nodiscard]] std::optional<BasicCredentials> parse_basic_credentials(
    std::string_view value, CredentialsScratch& scratch) noexcept;

inline constexpr std::size_t realm_bytes_max = 256;

/// Whether `text` may name a protected area: it is there, no longer than realm_bytes_max, and
/// without control characters.
[[nodiscard]] bool is_realm(std::string_view text) noexcept;

/// The field that asks for Basic credentials of a realm, with its line end (RFC 9110 §11.6.1,
/// RFC 7617 §2.1): `WWW-Authenticate: Basic realm="…", charset="UTF-8"`. Precondition:
/// is_realm(realm).
[[nodiscard]] std::string basic_challenge(std::string_view realm);
/// How long one can be.
inline constexpr std::size_t basic_challenge_bytes_max = 2 * realm_bytes_max + 64;

}  // namespace torc::http
