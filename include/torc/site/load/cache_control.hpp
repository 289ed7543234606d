#pragma once

#include <torc/site/routing/glob_rules.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace torc::site {

/// Of what never changes: other contents would have another name.
inline constexpr std::string_view keep_for_a_year = "public, max-age=31536000, immutable";

/// Who may see files: caches that several users share keep nothing of what is for some (RFC 9111
/// §5.2.2.7), not even where a request without Authorization was let in by its address alone.
enum class Audience : std::uint8_t { all, some };

/// A user's rule for the Cache-Control of some files.
struct CacheControlRule {
    /// See file::matches_glob.
    std::string glob;
    /// Empty: no field.
    std::string value{};

    friend bool operator==(const CacheControlRule&, const CacheControlRule&) = default;
};
using CacheControlRules = GlobRules<CacheControlRule>;

/// The value of Cache-Control (RFC 9111 §5.2) for the file at `path`, relative to the root: that of
/// the first rule that matches; without one, `keep_for_a_year` for a name that a build tool has
/// made of the contents (see is_fingerprinted), and for all others "no-cache": to be kept, but
/// asked about before each use; both with "private" where the files are for some. The view is to
/// the rules or to static storage.
[[nodiscard]] std::string_view cache_control(std::string_view path, const CacheControlRules& rules,
                                             Audience audience = Audience::all);
/// That of all files whose contents may change.
[[nodiscard]] std::string_view ask_each_time(Audience audience) noexcept;

}  // namespace torc::site
