#pragma once

#include <torc/http/request.hpp>
#include <torc/http/status.hpp>

#include <cstdint>
#include <expected>
#include <string_view>

namespace torc::http {

/// A request that can't be served as it stands.
struct Rejection {
    Status status = Status::bad_request;
    /// For the log and the error page. Static storage.
    std::string_view reason;
};

enum class BodyKind : std::uint8_t { none, content_length, chunked };

/// How a request sits on its connection: what follows its head and whether the connection persists.
struct Framing {
    BodyKind body = BodyKind::none;
    /// For content_length, and then never 0: that is no body.
    std::uint64_t content_length = 0;
    /// True when the connection may carry another request (RFC 9112 §9.3): HTTP/1.1 without
    /// "Connection: close", HTTP/1.0 with "Connection: keep-alive".
    bool persistent = true;
    /// True when the client waits for 100 (Continue) before it sends the body, or says so: HTTP/1.1
    /// with "Expect: 100-continue". In HTTP/1.0 that is ignored (RFC 9110 §10.1.1).
    bool expects_continue = false;
};

/// Determines the framing of a parsed head (RFC 9112 §6.1, §6.3, §9.3) and checks Host (§3.2).
///
/// Rejections, after each of which the connection must be closed:
/// - 400: Host missing in HTTP/1.1, given twice, or neither empty nor a host[:port] as RFC 3986
///   §3.2.2 has it: IP literals and percent escapes are checked, a port is at most 65535.
/// - 400: Content-Length that is not one plain decimal number (lists, signs, repeats, more than
///   2^63-1).
/// - 400: Transfer-Encoding beside Content-Length, in HTTP/1.0, or one that does not end with
///   "chunked" or has it twice (§6.3: the length of such a request can't be known).
/// - 501: another transfer coding before the final "chunked".
/// - 417: an expectation other than 100-continue (RFC 9110 §10.1.1).
[[nodiscard]] std::expected<Framing, Rejection> determine_framing(const Request& request) noexcept;

}  // namespace torc::http
