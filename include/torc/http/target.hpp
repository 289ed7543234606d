#pragma once

#include <torc/http/framing.hpp>
#include <torc/http/request.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace torc::http {

/// A request target, decoded once and normalised once: the same bytes are looked up, opened and,
/// encoded again, redirected to.
struct Target {
    /// Relative to the root, without a leading slash; "" is the root itself. A slash at the end
    /// says that a directory was asked for. No empty segment, no "." or "..", no NUL.
    std::string_view path;
    /// After the '?', as received and not checked; empty when there is none.
    std::string_view query;
    bool has_query = false;
    /// Whether the segments of `path` are those of the target, each decoded: none of these was
    /// empty, "." or "..", or had an encoded slash. Then a reference that is relative to `path`
    /// leads to the same from the target.
    bool has_all_segments = true;
    /// Whether a client that follows a relative reference from the target (RFC 3986 §5.2) may get
    /// elsewhere than from `path`: an empty segment is behind one that is not, or a slash was
    /// encoded. Empty segments in front mislead nobody, for no reference goes above them, and
    /// clients take "." and ".." away themselves.
    bool misleads_references = false;

    /// True when "" or a slash at the end.
    [[nodiscard]] bool names_directory() const noexcept {
        return path.empty() || path.back() == '/';
    }
};

/// What "%2F" in a path is. RFC 3986 §2.2 takes it for data of a segment, not for what ends one.
enum class EncodedSlash : std::uint8_t {
    /// No file name contains a slash: 404.
    not_found,
    /// As '/', for clients that send the path of a file as one segment.
    separates,
};

/// Resolves the request target of a parsed request in origin-form or absolute-form (RFC 9112 §3.2;
/// RFC 3986 §6.2.2).
///
/// The views point into the request's bytes or into `scratch` and live as long as both. A path that
/// has nothing to decode or to remove is not copied. Precondition: `target` is no longer than
/// `scratch`, for which ParseLimits::line_bytes_max is enough.
///
/// Each segment is decoded once; "." and ".." are then removed and empty segments merged, in the
/// order of the path and as a file system does it: "/a//../b" is "b". A slash, "." or ".." at the
/// end leaves one.
/// - 400: an invalid escape, a NUL (encoded or not), any other control character or space that is
///   not encoded, a ".." that leaves the root (if only for a while), a '#', a target in no valid
///   form. asterisk-form and authority-form are not valid here: their methods never name a file.
/// - 404: an encoded slash, unless `encoded_slash` says what else it is.
/// - 421: an https URI, whose answer would have to be secured by TLS (RFC 9110 §7.4).
///
/// A hidden path (".git/config") is the caller's to refuse. "/.git/../a" is "a", which is none.
[[nodiscard]] std::expected<Target, Rejection> resolve_target(
    std::string_view target, std::span<char> scratch,
    EncodedSlash encoded_slash = EncodedSlash::not_found) noexcept;

/// Checks the target of a request whose method names no file, so that nobody resolves it: the
/// server calls this for every method but GET and HEAD, before the method itself is answered.
///
/// - CONNECT takes authority-form alone, a host and a port (RFC 9112 §3.2.3, RFC 9110 §9.3.6).
/// - OPTIONS takes asterisk-form (RFC 9112 §3.2.4) besides what resolve_target takes.
/// - Others take what resolve_target takes.
///
/// Else 400, or what resolve_target says. `scratch`, `encoded_slash`: as for resolve_target.
[[nodiscard]] std::expected<void, Rejection> check_target_form(
    const Request& request, std::span<char> scratch,
    EncodedSlash encoded_slash = EncodedSlash::not_found) noexcept;

/// The host that a request is for (RFC 9110 §7.1), without its port: of the target in
/// absolute-form, else of the Host field, which does not count beside that (RFC 9112 §3.2.2). As it
/// came: in any case, an IP literal with its brackets, perhaps with a dot at its end. Empty: the
/// request names none, as HTTP/1.0 may, or its target is not valid, which resolve_target says.
/// Precondition: determine_framing has taken the request.
[[nodiscard]] std::string_view host_of(const Request& request) noexcept;

}  // namespace torc::http
