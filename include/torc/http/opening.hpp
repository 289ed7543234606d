#pragma once

#include <cstdint>
#include <string_view>

namespace torc::http {

/// What a client seems to speak.
enum class Opening : std::uint8_t {
    /// Perhaps HTTP/1: nothing speaks against it so far.
    http,
    /// A TLS record with a handshake (RFC 8446 §5.1).
    tls,
    /// HTTP/2 with prior knowledge: its connection preface (RFC 9113 §3.4).
    http2,
    /// The identification of an SSH client (RFC 4253 §4.2).
    ssh,
    /// Bytes that no request line has, or a line that is none.
    other,
};

/// Tells by the first bytes of what may become a request whether it can't be one. A request line
/// that is not whole is only looked at as far as its first 64 bytes: so the answer takes constant
/// time, and once it is not `http` it stays that way whatever follows.
[[nodiscard]] Opening opening_of(std::string_view input) noexcept;

/// The first line of what came, without the empty line that may be before it and without its line
/// end, as far as it is there: for the log, when it could not be parsed.
[[nodiscard]] std::string_view first_line(std::string_view input) noexcept;

}  // namespace torc::http
