#include "site_values.hpp"

#include <torc/base/ascii.hpp>
#include <torc/base/start_error.hpp>
#include <torc/file/glob.hpp>
#include <torc/http/field.hpp>
#include <torc/net/address_range.hpp>
#include <torc/site/cache/representation.hpp>
#include <torc/site/routing/host_table.hpp>

#include "cache_directives.hpp"
#include "option_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

using namespace std::string_view_literals;

void require_file_name(std::string_view option, const std::string& name) {
    if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") {
        throw StartError(
            fmt::format("{} '{}': not a file name; give one like index.html", option, name));
    }
}

}  // namespace

// What torc itself says of each response: a second such field would contradict it.
void require_free_field(std::string_view option, std::string_view name) {
    static constexpr std::array own_fields = {
        "Accept-Ranges"sv, "Allow"sv,   "Connection"sv, "Content-Encoding"sv, "Content-Length"sv,
        "Content-Range"sv, "Date"sv,    "ETag"sv,       "Keep-Alive"sv,       "Last-Modified"sv,
        "Location"sv,      "Trailer"sv, "Upgrade"sv,    "Transfer-Encoding"sv};
    const bool is_own = std::ranges::any_of(
        own_fields, [name](std::string_view own) { return http::is_same_field_name(name, own); });
    if (is_own) {
        throw StartError(
            fmt::format("{} '{}': torc sets this field itself, for each answer", option, name));
    }
    if (http::is_same_field_name(name, "Content-Type")) {
        throw StartError(fmt::format(
            "{} 'Content-Type': the type of a file follows from its name, and other types would "
            "make the error pages wrong; give --type, such as --type '*.foo=text/plain'",
            option));
    }
}

namespace {

/// Where a field of a user's is sent. What describes a file's content, or says how long caches may
/// keep it, is for files: it would be untrue of an error page, and a cache told so would give what
/// one client provoked to all others. Everything else is harmless on any answer, and what protects
/// (such as Content-Security-Policy) is wanted on all of them.
site::ExtraField::Scope scope_of(std::string_view name) {
    static constexpr std::array file_fields = {
        "Cache-Control"sv, "Expires"sv, "Age"sv, "Content-Disposition"sv, "Content-Language"sv,
        "Content-Location"sv,
        // What single caches take instead of Cache-Control.
        "Surrogate-Control"sv, "Edge-Control"sv, "X-Accel-Expires"sv};
    const bool is_of_files = std::ranges::any_of(file_fields, [name](std::string_view field) {
        return http::is_same_field_name(name, field);
    });
    // Targeted fields (RFC 9213): CDN-Cache-Control and those that caches have named after it.
    constexpr std::string_view targeted = "-Cache-Control";
    const bool is_targeted =
        name.size() > targeted.size() &&
        http::is_same_field_name(name.substr(name.size() - targeted.size()), targeted);
    return is_of_files || is_targeted ? site::ExtraField::Scope::success
                                      : site::ExtraField::Scope::every_answer;
}

/// "Name: value" as a field.
site::ExtraField parse_field(std::string_view option, const std::string& text) {
    const std::size_t colon = text.find(':');
    const std::size_t value = text.find_first_not_of(" \t", std::min(colon, text.size() - 1) + 1);
    std::string name = text.substr(0, colon);
    std::string rest = value == std::string::npos ? "" : text.substr(value);
    if (colon == std::string::npos || !http::is_field_name(name) || !http::is_field_value(rest)) {
        throw StartError(fmt::format("{} '{}': give it as 'Name: value'", option, text));
    }
    return make_field(option, std::move(name), std::move(rest));
}

/// The two sides of "GLOB=VALUE". `example`: how to give it.
std::pair<std::string, std::string> split_rule(std::string_view option, const std::string& text,
                                               std::string_view example,
                                               const file::HiddenNames& hidden) {
    const std::size_t equals = text.find('=');
    std::string glob = text.substr(0, equals);
    if (equals == std::string::npos || glob.empty()) {
        throw StartError(fmt::format("{} '{}': give {}", option, text, example));
    }
    if (const std::string flaw = file::find_glob_flaw(glob, hidden); !flaw.empty()) {
        throw StartError(fmt::format("{} '{}': {} can never match: {}", option, text, glob, flaw));
    }
    return {std::move(glob), text.substr(equals + 1)};
}

site::Rule parse_type(std::string_view option, const std::string& text,
                      const file::HiddenNames& hidden) {
    constexpr std::string_view example = "GLOB=TYPE, such as '*.foo=text/plain'";
    auto [glob, type] = split_rule(option, text, example, hidden);
    if (!is_type(type)) {
        throw StartError(fmt::format("{} '{}': '{}' is no media type of at most {} bytes; give {}",
                                     option, text, type, site::named_type_bytes_max, example));
    }
    return {.glob = std::move(glob), .content_type = std::move(type)};
}

void require_cache_control(std::string_view option, const std::string& value) {
    if (const std::string flaw = find_cache_control_flaw(value); !flaw.empty()) {
        throw StartError(fmt::format("{} '{}': {}", option, value, flaw));
    }
}

site::Rule parse_cache_control(std::string_view option, const std::string& text,
                               const file::HiddenNames& hidden) {
    auto [glob, value] =
        split_rule(option, text, "GLOB=VALUE, such as '*.css=max-age=3600'", hidden);
    std::string cache_control = make_cache_control(option, value);
    return {.glob = std::move(glob), .cache_control = std::move(cache_control)};
}

/// Of a Cache-Control among the fields.
void warn_of_field(std::string_view option, const site::ExtraField& field, Position position,
                   Problems& problems) {
    if (http::is_same_field_name(field.name, "Cache-Control")) {
        warn_of_cache_control(option, field.value, position, problems);
    }
}

void set_networks(std::vector<std::string>& networks, const Given& given, Problems& problems) {
    networks.clear();
    for (const auto& [text, position] : given.values) {
        if (const auto range = net::AddressRange::parse(text); !range) {
            problems.add(position, fmt::format("{}: {}", given.name, range.error()));
        }
        networks.push_back(text);
    }
}

}  // namespace

site::ExtraField make_field(std::string_view option, std::string name, std::string value) {
    require_free_field(option, name);
    if (http::is_same_field_name(name, "Cache-Control")) {
        require_cache_control(fmt::format("{} Cache-Control", option), value);
    }
    const site::ExtraField::Scope scope = scope_of(name);
    return {.name = std::move(name), .value = std::move(value), .scope = scope};
}

std::string make_cache_control(std::string_view option, const std::string& text) {
    // "immutable" alone would say nothing of a time.
    std::string value = text == "off"         ? ""
                        : text == "immutable" ? std::string(site::keep_for_a_year)
                                              : text;
    if (!http::is_field_value(value) || value.size() > site::cache_control_bytes_max) {
        throw StartError(fmt::format("{} '{}': not a valid field value of at most {} bytes", option,
                                     text, site::cache_control_bytes_max));
    }
    require_cache_control(option, value);
    return value;
}

void warn_of_cache_control(std::string_view option, const std::string& text, Position position,
                           Problems& problems) {
    if (const std::string oddity = find_cache_control_oddity(text);
        text != "off" && !oddity.empty()) {
        problems.warn(position, fmt::format("{} '{}': {}", option, text, oddity));
    }
}

bool is_type(std::string_view text) {
    return http::is_media_type(text) && text.size() <= site::named_type_bytes_max;
}

void set_index_names(const Destination& destination, const Given& given, Problems& problems) {
    std::vector<std::string>& names = destination.area.load_rules.index_names;
    names.clear();
    for (const Value& value : given.values) {
        problems.attempt(value.position, [&] {
            require_file_name(given.name, value.text);
            names.push_back(value.text);
        });
    }
    if (given.values.empty()) {
        problems.add(given.position, fmt::format("{}: give at least one", given.name));
    }
}

void set_hidden_names(const Destination& destination, const Given& given, Problems& problems) {
    std::vector<std::string> globs;
    for (const auto& [glob, position] : given.values) {
        if (const std::string flaw = file::find_hidden_glob_flaw(glob); !flaw.empty()) {
            problems.add(position,
                         fmt::format("{} '{}': can never match: {}", given.name, glob, flaw));
        }
        globs.push_back(glob);
    }
    destination.area.load_rules.hidden = file::HiddenNames(globs);
}

void set_codings(const Destination& destination, const Given& given, Problems& problems) {
    static constexpr std::array choices = {std::pair{"br"sv, http::ContentCoding::brotli},
                                           std::pair{"zstd"sv, http::ContentCoding::zstd},
                                           std::pair{"gzip"sv, http::ContentCoding::gzip}};
    std::vector<http::ContentCoding>& codings = destination.area.load_rules.codings;
    codings.clear();
    if (given.values.size() == 1 && given.values.front().text == "off") {
        return;
    }
    for (const auto& [text, position] : given.values) {
        problems.attempt(position, [&] {
            const http::ContentCoding coding = choose(given.name, text, choices);
            if (std::ranges::find(codings, coding) != codings.end()) {
                throw StartError(fmt::format("{}: {} is given twice", given.name, text));
            }
            codings.push_back(coding);
        });
    }
}

void set_hosts(const Destination& destination, const Given& given, Problems& problems) {
    std::vector<std::string>& hosts = destination.site.hosts;
    hosts.clear();
    for (const auto& [text, position] : given.values) {
        if (const std::string flaw = site::find_host_flaw(text); !flaw.empty()) {
            problems.add(position, fmt::format("{} '{}': {}", given.name, text, flaw));
            continue;
        }
        std::string& host = hosts.emplace_back(text);
        std::ranges::transform(host, host.begin(), to_lower);
        host.resize(host.size() - (host.ends_with('.') ? 1 : 0));
    }
}

void set_allowed_networks(const Destination& destination, const Given& given, Problems& problems) {
    set_networks(destination.area.allowed_networks, given, problems);
}

void set_denied_networks(const Destination& destination, const Given& given, Problems& problems) {
    set_networks(destination.area.denied_networks, given, problems);
}

void add_fields(const Destination& destination, const Given& given, Problems& problems) {
    site::Rule rule{.glob = "*"};
    for (const auto& [text, position] : given.values) {
        problems.attempt(position, [&] {
            const site::ExtraField& field = rule.fields.emplace_back(parse_field(given.name, text));
            warn_of_field(given.name, field, position, problems);
        });
    }
    destination.area.rules.push_back(std::move(rule));
}

void add_types(const Destination& destination, const Given& given, Problems& problems) {
    const file::HiddenNames& hidden = destination.area.load_rules.hidden;
    for (const auto& [text, position] : given.values) {
        problems.attempt(position, [&] {
            destination.area.rules.push_back(parse_type(given.name, text, hidden));
        });
    }
}

void add_cache_control(const Destination& destination, const Given& given, Problems& problems) {
    const file::HiddenNames& hidden = destination.area.load_rules.hidden;
    for (const auto& [text, position] : given.values) {
        problems.attempt(position, [&] {
            site::Rule rule = parse_cache_control(given.name, text, hidden);
            warn_of_cache_control(given.name, rule.cache_control.value_or(""), position, problems);
            destination.area.rules.push_back(std::move(rule));
        });
    }
}

void set_fallback_path(const Destination& destination, std::string_view name,
                       const std::string& text) {
    std::string path = text;
    if (path.empty()) {
        destination.area.load_rules.fallback_path.clear();
        return;
    }
    if (path.starts_with('/')) {
        path.erase(0, 1);
    }
    if (path.empty() || path.ends_with('/') || ("/" + path + "/").contains("/../")) {
        throw StartError(fmt::format(
            "{} '{}': give a file inside the directory, such as index.html", name, path));
    }
    destination.area.load_rules.fallback_path = std::move(path);
}

}  // namespace torc::config
