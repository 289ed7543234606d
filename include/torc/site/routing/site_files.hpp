#pragma once

#include <torc/http/status.hpp>
#include <torc/site/routing/redirect.hpp>
#include <torc/site/routing/rule.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

// The files _redirects and _headers in a site's root, as Netlify and Cloudflare Pages have them.
// What is wrong in one line is told, and the other lines count.

/// The names that these have in a site's root. They are never served.
inline constexpr std::string_view redirects_file_name = "_redirects";
inline constexpr std::string_view headers_file_name = "_headers";

/// Limits of Cloudflare Pages, beyond which lines are left out.
inline constexpr std::size_t site_file_line_bytes_max = 1000;
inline constexpr std::size_t static_redirects_max = 2000;
inline constexpr std::size_t dynamic_redirects_max = 100;
inline constexpr std::size_t header_rules_max = 100;

struct SiteFileProblem {
    /// From 1.
    std::size_t line;
    /// What is wrong and what would do.
    std::string text;
};

struct RedirectsFile {
    std::vector<Redirect> redirects;
    std::vector<SiteFileProblem> problems;
};
/// Parses lines "FROM TO [STATUS]". FROM may be a URI, for the redirects of one host. "!" behind
/// the status: for paths at which there is a file too; without it the file is served. "#" begins a
/// comment. `default_status`: where none is given; Netlify has 301, Cloudflare 302.
///
/// As there, a slash at the end of FROM makes no difference, and "/a/*" is for "/a" too: so one
/// line may be two redirects. Refused are rewrites (status 200), error pages (404) and conditions
/// by query, country, language and role. Every redirect that it gives is free of flaws (see
/// find_redirect_flaw).
[[nodiscard]] RedirectsFile parse_redirects_file(std::string_view text,
                                                 http::Status default_status);

struct HeadersFile {
    struct HeadersRule {
        /// The line of the path, from 1.
        std::size_t line;
        /// A glob, with fields of every scope that the caller has yet to set, and names of removed
        /// fields.
        Rule rule;
    };
    std::vector<HeadersRule> rules;
    std::vector<SiteFileProblem> problems;
};
/// Parses lines of a path, each followed by lines "Name: value", or "! Name" for a field that is
/// not sent. A "*" in a path stands for any characters. "#" begins a line that is a comment.
///
/// A path is that of a request, percent-encoded or not: "/a/" is for a/index.html too, and "/a" for
/// a.html. The first rule
/// that says something of a field counts (see RulePolicies); Cloudflare joins them with commas.
[[nodiscard]] HeadersFile parse_headers_file(std::string_view text);

}  // namespace torc::site
