#include "load/kept_name.hpp"

#include <torc/base/ascii.hpp>
#include <torc/file/media_type.hpp>
#include <torc/site/load/fingerprint.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace torc::site {
namespace {

constexpr std::string_view blanks = " \t";

/// Whether a Cache-Control has the directive (RFC 8246).
bool says_immutable(std::string_view value) noexcept {
    while (!value.empty()) {
        const std::size_t comma = value.find(',');
        std::string_view directive = value.substr(0, comma);
        directive.remove_prefix(std::min(directive.find_first_not_of(blanks), directive.size()));
        directive = directive.substr(0, directive.find_last_not_of(blanks) + 1);
        if (equals_ignoring_case(directive, "immutable")) {
            return true;
        }
        value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
    }
    return false;
}

bool is_page(std::string_view type) noexcept {
    constexpr std::array<std::string_view, 2> pages = {"text/html", "application/xhtml+xml"};
    return std::ranges::any_of(pages, [type](std::string_view page) {
        return equals_ignoring_case(type.substr(0, page.size()), page);
    });
}

/// Whether it is certainly none, by a rule or its name.
bool is_no_page(std::string_view path, const TypeRules& rules) {
    if (const TypeRule* const rule = rules.find(path)) {
        return !is_page(rule->value);
    }
    return file::has_known_media_type(path) && !is_page(file::media_type(path));
}

}  // namespace

bool is_kept_name(std::string_view path, const LoadRules& rules) {
    if (rules.keep_previous == std::chrono::seconds(0)) {
        return false;
    }
    const CacheControlRule* const rule = rules.cache_control.find(path);
    const bool is_named_by_contents =
        is_fingerprinted(path) || (rule != nullptr && says_immutable(rule->value));
    return is_named_by_contents && is_no_page(path, rules.types);
}

}  // namespace torc::site
