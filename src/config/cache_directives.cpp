#include "cache_directives.hpp"

#include <torc/base/ascii.hpp>
#include <torc/http/field.hpp>

#include "option_hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace torc::config {
namespace {

using namespace std::string_view_literals;

constexpr std::array with_seconds = {"max-age"sv, "s-maxage"sv, "stale-while-revalidate"sv,
                                     "stale-if-error"sv};

/// Of responses, with those of RFC 8246.
const std::vector<std::string>& known_directives() {
    static const std::vector<std::string> names = {
        "max-age",         "s-maxage",        "stale-while-revalidate",
        "stale-if-error",  "no-cache",        "no-store",
        "must-revalidate", "must-understand", "proxy-revalidate",
        "private",         "public",          "no-transform",
        "immutable"};
    return names;
}

std::string_view trim(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// Where the member of a list ends that begins at `begin`: at a comma that is not quoted.
std::size_t end_of_member(std::string_view value, std::size_t begin) {
    bool is_quoted = false;
    for (std::size_t i = begin; i < value.size(); ++i) {
        if (is_quoted && value[i] == '\\') {
            ++i;
        } else if (value[i] == '"') {
            is_quoted = !is_quoted;
        } else if (value[i] == ',' && !is_quoted) {
            return i;
        }
    }
    return value.size();
}

/// The members that are not empty, without blanks around them.
std::vector<std::string_view> members_of(std::string_view value) {
    std::vector<std::string_view> members;
    for (std::size_t begin = 0; begin < value.size();) {
        const std::size_t end = end_of_member(value, begin);
        if (const std::string_view member = trim(value.substr(begin, end - begin));
            !member.empty()) {
            members.push_back(member);
        }
        begin = end + 1;
    }
    return members;
}

std::string directive_name(std::string_view member) {
    std::string name(member.substr(0, member.find('=')));
    std::ranges::transform(name, name.begin(), to_lower);
    return name;
}

/// A quoted-string (RFC 9110 §5.6.4).
bool is_quoted(std::string_view text) {
    if (text.size() < 2 || text.front() != '"') {
        return false;
    }
    std::size_t i = 1;
    while (i < text.size() && text[i] != '"') {
        i += text[i] == '\\' ? std::size_t{2} : std::size_t{1};
    }
    return i + 1 == text.size();
}

std::string find_member_flaw(std::string_view member) {
    const std::size_t equals = member.find('=');
    const std::string name = directive_name(member);
    const std::string_view argument =
        equals == std::string_view::npos ? "" : member.substr(equals + 1);
    if (std::ranges::find(with_seconds, name) != with_seconds.end()) {
        const bool is_number = !argument.empty() && std::ranges::all_of(argument, is_digit);
        return is_number ? ""
                         : fmt::format("{} takes whole seconds; give one like {}=3600", name, name);
    }
    // A token by the grammar, but of a time that somebody meant for max-age.
    if (is_digit(member.front())) {
        return fmt::format("'{}' is no directive; for a time give seconds, as in max-age=3600",
                           member);
    }
    const bool has_argument =
        equals == std::string_view::npos || http::is_field_name(argument) || is_quoted(argument);
    return http::is_field_name(name) && has_argument
               ? ""
               : fmt::format(
                     "'{}' is no directive; give one like max-age=3600, and commas between "
                     "several",
                     member);
}

}  // namespace

std::string find_cache_control_flaw(std::string_view value) {
    for (const std::string_view member : members_of(value)) {
        if (std::string flaw = find_member_flaw(member); !flaw.empty()) {
            return flaw;
        }
    }
    return "";
}

std::string find_cache_control_oddity(std::string_view value) {
    const std::vector<std::string>& known = known_directives();
    for (const std::string_view member : members_of(value)) {
        const std::string name = directive_name(member);
        if (std::ranges::find(known, name) != known.end()) {
            continue;
        }
        const std::string_view nearest = nearest_name(name, known);
        return fmt::format("no known directive is called {}{}", name,
                           nearest.empty() ? "; it is sent as it stands"
                                           : fmt::format("; did you mean {}?", nearest));
    }
    return "";
}

}  // namespace torc::config
