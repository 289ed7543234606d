#include "site_values.hpp"

#include <torc/base/start_error.hpp>
#include <torc/file/glob.hpp>
#include <torc/http/field.hpp>

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

/// What torc itself says of each answer: a second such field would contradict it.
void require_free_field(std::string_view option, const std::string& name) {
    static constexpr std::array own_fields = {
        "Accept-Ranges"sv, "Allow"sv,   "Connection"sv, "Content-Encoding"sv, "Content-Length"sv,
        "Content-Range"sv, "Date"sv,    "ETag"sv,       "Keep-Alive"sv,       "Last-Modified"sv,
        "Location"sv,      "Trailer"sv, "Upgrade"sv,    "Transfer-Encoding"sv};
    const bool is_own = std::ranges::any_of(
        own_fields, [&name](std::string_view own) { return http::is_same_field_name(name, own); });
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

site::ExtraField parse_field(std::string_view option, const std::string& text) {
    const std::size_t colon = text.find(':');
    const std::size_t value = text.find_first_not_of(" \t", std::min(colon, text.size() - 1) + 1);
    site::ExtraField field{.name = text.substr(0, colon),
                           .value = value == std::string::npos ? "" : text.substr(value)};
    if (colon == std::string::npos || !http::is_field_name(field.name) ||
        !http::is_field_value(field.value)) {
        throw StartError(fmt::format("{} '{}': give it as 'Name: value'", option, text));
    }
    require_free_field(option, field.name);
    field.scope = scope_of(field.name);
    return field;
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

site::TypeRule parse_type(std::string_view option, const std::string& text,
                          const file::HiddenNames& hidden) {
    constexpr std::string_view example = "GLOB=TYPE, such as '*.foo=text/plain'";
    auto [glob, type] = split_rule(option, text, example, hidden);
    if (!http::is_media_type(type) || type.size() > site::named_type_bytes_max) {
        throw StartError(fmt::format("{} '{}': '{}' is no media type of at most {} bytes; give {}",
                                     option, text, type, site::named_type_bytes_max, example));
    }
    return site::make_type_rule(std::move(glob), std::move(type));
}

site::CacheControlRule parse_cache_control(std::string_view option, const std::string& text,
                                           const file::HiddenNames& hidden) {
    auto [glob, value] =
        split_rule(option, text, "GLOB=VALUE, such as '*.css=max-age=3600'", hidden);
    site::CacheControlRule rule{.glob = std::move(glob), .value = std::move(value)};
    if (rule.value == "off") {
        rule.value.clear();
    } else if (rule.value == "immutable") {
        rule.value = site::keep_for_a_year;  // Alone it would say nothing of a time.
    }
    if (!http::is_field_value(rule.value) || rule.value.size() > site::cache_control_bytes_max) {
        throw StartError(fmt::format("{} '{}': not a valid field value of at most {} bytes", option,
                                     text, site::cache_control_bytes_max));
    }
    return rule;
}

/// Takes the Cache-Control out of the user's fields: as one value, several being one list (RFC 9110
/// §5.3), or nothing.
std::optional<std::string> take_cache_control(std::vector<site::ExtraField>& fields) {
    std::optional<std::string> value;
    std::erase_if(fields, [&value](const site::ExtraField& field) {
        if (!http::is_same_field_name(field.name, "Cache-Control")) {
            return false;
        }
        value = value ? *value + ", " + field.value : field.value;
        return true;
    });
    return value;
}

}  // namespace

void set_index_names(Settings& settings, const Given& given, Problems& problems) {
    std::vector<std::string>& names = settings.sites.front().whole.load_rules.index_names;
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

void set_hidden_names(Settings& settings, const Given& given, Problems& problems) {
    std::vector<std::string> globs;
    for (const auto& [glob, position] : given.values) {
        if (const std::string flaw = file::find_hidden_glob_flaw(glob); !flaw.empty()) {
            problems.add(position,
                         fmt::format("{} '{}': can never match: {}", given.name, glob, flaw));
        }
        globs.push_back(glob);
    }
    settings.sites.front().whole.load_rules.hidden = file::HiddenNames(globs);
}

void set_codings(Settings& settings, const Given& given, Problems& problems) {
    static constexpr std::array choices = {std::pair{"br"sv, http::ContentCoding::brotli},
                                           std::pair{"zstd"sv, http::ContentCoding::zstd},
                                           std::pair{"gzip"sv, http::ContentCoding::gzip}};
    std::vector<http::ContentCoding>& codings = settings.sites.front().whole.load_rules.codings;
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

void add_fields(Settings& settings, const Given& given, Problems& problems) {
    std::size_t bytes = 0;
    for (const auto& [text, position] : given.values) {
        bytes += text.size() + std::size("\r\n");
        problems.attempt(position, [&] {
            settings.sites.front().whole.extra_fields.push_back(parse_field(given.name, text));
        });
    }
    if (bytes > site::extra_fields_bytes_max) {
        problems.add(given.values.front().position,
                     fmt::format("{}: all of them together may take {} bytes, not {}", given.name,
                                 site::extra_fields_bytes_max, bytes));
    }
}

void add_types(Settings& settings, const Given& given, Problems& problems) {
    site::LoadRules& rules = settings.sites.front().whole.load_rules;
    for (const auto& [text, position] : given.values) {
        problems.attempt(
            position, [&] { rules.types.push_back(parse_type(given.name, text, rules.hidden)); });
    }
}

void add_cache_control(Settings& settings, const Given& given, Problems& problems) {
    site::LoadRules& rules = settings.sites.front().whole.load_rules;
    for (const auto& [text, position] : given.values) {
        problems.attempt(position, [&] {
            rules.cache_control.push_back(parse_cache_control(given.name, text, rules.hidden));
        });
    }
}

void set_fallback_path(Settings& settings, std::string_view name, const std::string& text) {
    std::string path = text;
    if (path.starts_with('/')) {
        path.erase(0, 1);
    }
    if (path.empty() || path.ends_with('/') || ("/" + path + "/").contains("/../")) {
        throw StartError(fmt::format(
            "{} '{}': give a file inside the directory, such as index.html", name, path));
    }
    settings.sites.front().whole.load_rules.fallback_path = std::move(path);
}

void add_cors_fields(Settings& settings) {
    std::vector<site::ExtraField>& fields = settings.sites.front().whole.extra_fields;
    using Scope = site::ExtraField::Scope;
    const std::array cors_fields = {
        site::ExtraField{.name = "Access-Control-Allow-Origin", .value = "*"},
        // What scripts may see beyond a few: Content-Range and ETag, and what --header adds.
        site::ExtraField{.name = "Access-Control-Expose-Headers", .value = "*"},
        site::ExtraField{.name = "Access-Control-Allow-Methods",
                         .value = "GET, HEAD, OPTIONS",
                         .scope = Scope::options},
        // The wildcard does not include Authorization.
        site::ExtraField{.name = "Access-Control-Allow-Headers",
                         .value = "*, Authorization",
                         .scope = Scope::options},
        site::ExtraField{
            .name = "Access-Control-Max-Age", .value = "86400", .scope = Scope::options}};
    for (const site::ExtraField& field : cors_fields) {
        const auto is_same = [&field](const site::ExtraField& own) {
            return http::is_same_field_name(own.name, field.name);
        };
        if (std::ranges::none_of(fields, is_same)) {
            fields.push_back(field);
        }
    }
}

void settle_cache_control(Settings& settings, std::string_view name) {
    const auto value = take_cache_control(settings.sites.front().whole.extra_fields);
    if (!value) {
        return;
    }
    if (value->size() > site::cache_control_bytes_max) {
        throw StartError(fmt::format("{} 'Cache-Control': at most {} bytes, not {}", name,
                                     site::cache_control_bytes_max, value->size()));
    }
    settings.sites.front().whole.load_rules.cache_control.push_back({.glob = "*", .value = *value});
    settings.sites.front().whole.load_rules.listing_cache_control = *value;
}

}  // namespace torc::config
