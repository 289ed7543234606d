#pragma once

#include <torc/http/status.hpp>

#include <span>
#include <string>
#include <string_view>

namespace torc::site {

/// Of what never changes: other contents would have another name.
inline constexpr std::string_view keep_for_a_year = "public, max-age=31536000, immutable";

/// A user's rule for the Cache-Control of some files.
struct CacheControlRule {
    /// See file::matches_glob.
    std::string glob;
    /// Empty: no field.
    std::string value{};
};

/// The value of Cache-Control (RFC 9111 §5.2) for the file at `path`, relative to the root: that of
/// the first rule that matches; without one, `keep_for_a_year` for a name that a build tool has
/// made of the contents (see is_fingerprinted), and for all others "no-cache": to be kept, but
/// asked about before each use. The view is to the rules or to static storage.
[[nodiscard]] std::string_view cache_control(const std::string& path,
                                             std::span<const CacheControlRule> rules);

/// The Cache-Control field, with its line end, of an answer with this status that carries no file;
/// empty for 200, 206 and 304, whose file (or listing) has its own, and for 204, which only OPTIONS
/// gets and which no cache keeps (RFC 9110 §9.3.7).
///
/// Caches may keep 301 and 404 without being told so (RFC 9110 §15.1): they are to ask first, for a
/// file may be there by then. Other errors are one client's, or will pass, and no cache is to give
/// them to others.
[[nodiscard]] std::string_view cache_control_field(http::Status status) noexcept;

}  // namespace torc::site
