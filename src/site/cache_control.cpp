#include <torc/base/assert.hpp>
#include <torc/site/cache_control.hpp>
#include <torc/site/fingerprint.hpp>

#include <fmt/format.h>

#include <fnmatch.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace torc::site {
namespace {

constexpr std::string_view ask_each_time = "no-cache";

/// The characters that mean something to fnmatch(3).
constexpr std::string_view wildcards = "*?[\\";

/// See find_glob_flaw: of a part of a glob that stands between slashes.
std::string find_segment_flaw(std::string_view segment, bool is_first) {
    if (segment.empty() || segment == "." || segment == "..") {
        return "a path is matched without empty segments, \".\" and \"..\"; give one like "
               "/assets/*";
    }
    // Of a hidden segment only the dot need be certain; ".w*" may be the one that is served.
    constexpr std::string_view well_known = ".well-known";
    const std::size_t certain = std::min(segment.find_first_of(wildcards), segment.size());
    const bool may_be_well_known = certain == segment.size()
                                       ? segment == well_known
                                       : well_known.starts_with(segment.substr(0, certain));
    return segment.starts_with('.') && !(is_first && may_be_well_known)
               ? "files and directories that begin with a dot are never served, but for "
                 "/.well-known"
               : "";
}

}  // namespace

std::string find_glob_flaw(std::string_view glob) {
    if (!glob.contains('/')) {
        return find_segment_flaw(glob, true);
    }
    const bool is_absolute = glob.starts_with('/');
    if (glob.ends_with('/')) {
        return fmt::format("a file's path does not end with a slash; give {}*", glob);
    }
    if (wildcards.contains(glob.front())) {
        return "";
    }
    // Up to the first wildcard, of which '*' matches slashes too, segments are what they look like.
    std::size_t begin = is_absolute ? 1 : 0;
    for (bool is_first = true; begin < glob.size(); is_first = false) {
        const std::size_t end = std::min(glob.find('/', begin), glob.size());
        const std::string_view segment = glob.substr(begin, end - begin);
        if (std::string flaw = find_segment_flaw(segment, is_first); !flaw.empty()) {
            return flaw;
        }
        if (segment.find_first_of(wildcards) != std::string_view::npos) {
            break;
        }
        begin = end + 1;
    }
    return is_absolute ? "" : fmt::format("a path begins with a slash; give /{}", glob);
}

std::string_view cache_control(const std::string& path, std::span<const CacheControlRule> rules) {
    const std::string absolute = '/' + path;
    const std::size_t name_offset = absolute.rfind('/') + 1;
    for (const CacheControlRule& rule : rules) {
        const std::size_t offset = rule.glob.contains('/') ? 0 : name_offset;
        if (::fnmatch(rule.glob.c_str(), absolute.c_str() + offset, 0) == 0) {
            return rule.value;
        }
    }
    return is_fingerprinted(path) ? keep_for_a_year : ask_each_time;
}

std::string_view cache_control_field(http::Status status) noexcept {
    switch (status) {
        case http::Status::continue_:
        case http::Status::ok:
        case http::Status::no_content:  // Of OPTIONS, which is never cached (RFC 9110 §9.3.7).
        case http::Status::partial_content:
        case http::Status::not_modified:
            return "";
        case http::Status::moved_permanently:
        case http::Status::not_found:
            return "Cache-Control: no-cache\r\n";
        case http::Status::bad_request:
        case http::Status::forbidden:
        case http::Status::method_not_allowed:
        case http::Status::not_acceptable:
        case http::Status::request_timeout:
        case http::Status::precondition_failed:
        case http::Status::uri_too_long:
        case http::Status::range_not_satisfiable:
        case http::Status::expectation_failed:
        case http::Status::misdirected_request:
        case http::Status::request_header_fields_too_large:
        case http::Status::internal_server_error:
        case http::Status::not_implemented:
        case http::Status::service_unavailable:
        case http::Status::http_version_not_supported:
            return "Cache-Control: no-store\r\n";
    }
    assertion_failed("the status is one of the enumerators");
}

}  // namespace torc::site
