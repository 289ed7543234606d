#pragma once

#include <cstdint>
#include <string_view>

namespace torc::http {

/// Status codes that torc answers with (RFC 9110 §15, RFC 6585).
enum class Status : std::uint16_t {
    continue_ = 100,  // NOLINT(readability-identifier-naming): "continue" is a keyword.
    ok = 200,
    no_content = 204,
    partial_content = 206,
    moved_permanently = 301,
    found = 302,
    not_modified = 304,
    temporary_redirect = 307,
    permanent_redirect = 308,
    bad_request = 400,
    unauthorized = 401,
    forbidden = 403,
    not_found = 404,
    method_not_allowed = 405,
    not_acceptable = 406,
    request_timeout = 408,
    precondition_failed = 412,
    uri_too_long = 414,
    range_not_satisfiable = 416,
    expectation_failed = 417,
    misdirected_request = 421,
    too_many_requests = 429,
    request_header_fields_too_large = 431,
    internal_server_error = 500,
    not_implemented = 501,
    service_unavailable = 503,
    http_version_not_supported = 505,
};

/// The three digits.
[[nodiscard]] constexpr std::uint16_t code(Status status) noexcept {
    return static_cast<std::uint16_t>(status);
}
/// "Not Found". Static storage.
[[nodiscard]] std::string_view reason_phrase(Status status) noexcept;
/// "HTTP/1.1 404 Not Found\r\n". Static storage.
[[nodiscard]] std::string_view status_line(Status status) noexcept;

}  // namespace torc::http
