#pragma once

#include <array>
#include <cstddef>
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

/// All of them, in the order of their codes.
inline constexpr std::array all_statuses = {
    Status::continue_,
    Status::ok,
    Status::no_content,
    Status::partial_content,
    Status::moved_permanently,
    Status::found,
    Status::not_modified,
    Status::temporary_redirect,
    Status::permanent_redirect,
    Status::bad_request,
    Status::unauthorized,
    Status::forbidden,
    Status::not_found,
    Status::method_not_allowed,
    Status::not_acceptable,
    Status::request_timeout,
    Status::precondition_failed,
    Status::uri_too_long,
    Status::range_not_satisfiable,
    Status::expectation_failed,
    Status::misdirected_request,
    Status::too_many_requests,
    Status::request_header_fields_too_large,
    Status::internal_server_error,
    Status::not_implemented,
    Status::service_unavailable,
    Status::http_version_not_supported,
};

/// The three digits.
[[nodiscard]] constexpr std::uint16_t code(Status status) noexcept {
    return static_cast<std::uint16_t>(status);
}
/// By code, from that of the first status on: where in `all_statuses` a status is.
inline constexpr auto status_indexes = [] {
    constexpr auto code_min = static_cast<std::size_t>(all_statuses.front());
    std::array<std::uint8_t, static_cast<std::size_t>(all_statuses.back()) - code_min + 1>
        indexes{};
    for (std::size_t i = 0; i < all_statuses.size(); ++i) {
        indexes.at(static_cast<std::size_t>(all_statuses[i]) - code_min) =
            static_cast<std::uint8_t>(i);
    }
    return indexes;
}();

/// Where a status is in `all_statuses`.
[[nodiscard]] constexpr std::size_t index_of(Status status) noexcept {
    return status_indexes[static_cast<std::size_t>(status) -
                          static_cast<std::size_t>(all_statuses.front())];
}

/// "Not Found". Static storage.
[[nodiscard]] std::string_view reason_phrase(Status status) noexcept;
/// "HTTP/1.1 404 Not Found\r\n". Static storage.
[[nodiscard]] std::string_view status_line(Status status) noexcept;

}  // namespace torc::http
