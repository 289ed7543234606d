#pragma once

#include <torc/base/limits.hpp>
#include <torc/http/request.hpp>
#include <torc/http/status.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace torc::http {

enum class ParseState : std::uint8_t {
    /// The request is whole and valid; `Request::head_bytes` of the input belong to it.
    parsed,
    /// Valid so far; call again with more bytes.
    incomplete,
    /// To be answered with `ParseResult::status`, then the connection is closed: where the next
    /// request would begin is not known.
    malformed,
};

struct ParseResult {
    ParseState state = ParseState::incomplete;
    /// For `malformed`: 400, 414, 431 or 505.
    Status status = Status::bad_request;
    /// For `malformed`: what is wrong, for the log and the error page. Static storage.
    std::string_view reason;
};

/// How much a request head may be. Each has a cap in base/limits.hpp, which it must not exceed.
struct ParseLimits {
    /// Of the request line, without its CRLF.
    std::size_t line_bytes_max = limits::request_line_bytes_default;
    /// Of the whole head, with its line ends and the empty lines before and after it. Leave it room
    /// for the longest request line: else 431 comes before 414.
    std::size_t head_bytes_max = limits::request_head_bytes_default;
    std::size_t fields_max = limits::request_fields_default;
};

/// Parses one request head from the front of `input` into `request`, whose views point into `input`
/// and which means something only when the result is `parsed`.
///
/// `scanned_bytes`: the length of a prefix of `input` that an earlier call, with the same limits,
/// called incomplete, or 0.
/// The result does not depend on it; the cost does: lines that were complete then are read again
/// only once the head is whole, so that a head sent byte by byte costs O(n).
///
/// Strict (RFC 9112 §2.2, §3, §5): one empty line may come first; lines end in CRLF (a bare LF or
/// CR is malformed), a single space separates the parts of the request line, no white space before
/// a field's colon, no obs-fold, no control characters. Otherwise 400, or 505 for a major version
/// other than 1.
///
/// When a verdict falls is a matter of the bytes alone, not of how they were cut:
/// - A violation is reported when its line is complete, that is, when its LF is there.
/// - A request line over `line_bytes_max` is 414 when two bytes more than that hold no LF.
/// - A head over `head_bytes_max` is 431 when that many bytes hold no whole one. So no input of
/// that
///   size is ever incomplete.
/// - More fields than `fields_max` are 431 when the head is whole.
///
/// The head's syntax only: for what the fields mean see framing.hpp and target.hpp.
/// Never allocates, never throws, reads no byte beyond `input`.
[[nodiscard]] ParseResult parse_request(std::string_view input, std::size_t scanned_bytes,
                                        Request& request, const ParseLimits& limits = {}) noexcept;

}  // namespace torc::http
