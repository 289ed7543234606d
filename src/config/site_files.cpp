#include <torc/base/printable.hpp>
#include <torc/config/site_files.hpp>
#include <torc/http/field.hpp>
#include <torc/site/cache/representation.hpp>
#include <torc/site/routing/site_files.hpp>

#include "area_rules.hpp"
#include "given.hpp"
#include "site_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

namespace torc::config {
namespace {

/// What errors call a field; the line says where it is.
constexpr std::string_view field_noun = "field";

Position line_of(std::size_t line) {
    return {.line = static_cast<std::uint32_t>(line), .column = 1};
}

void add_problems(const std::vector<site::SiteFileProblem>& found, Problems& problems) {
    for (const auto& [line, text] : found) {
        problems.add(line_of(line), text);
    }
}

/// Netlify takes a password by this name.
void refuse_password(std::string_view name) {
    if (http::is_same_field_name(name, "Basic-Auth")) {
        throw StartError(
            "Basic-Auth would be sent to all who ask, with the password in it; give the setting "
            "auth");
    }
}

void set_type(site::Rule& rule, const std::string& value) {
    if (!is_type(value)) {
        throw StartError(
            fmt::format("Content-Type '{}': no media type of at most {} bytes; give one like "
                        "text/plain",
                        value, site::named_type_bytes_max));
    }
    rule.content_type = value;
}

/// Adds a field as it stands in _headers to what a rule says. Throws StartError.
void add_field(site::Rule& rule, site::ExtraField& field) {
    refuse_password(field.name);
    if (http::is_same_field_name(field.name, "Content-Type")) {
        set_type(rule, field.value);
    } else if (http::is_same_field_name(field.name, "Cache-Control")) {
        // Several are one list (RFC 9110 §5.3).
        rule.cache_control = make_cache_control(
            field.name,
            rule.cache_control ? *rule.cache_control + ", " + field.value : field.value);
    } else {
        rule.fields.push_back(
            make_field(field_noun, std::move(field.name), std::move(field.value)));
    }
}

site::Rule make_rule(site::HeadersFile::HeadersRule& given, Problems& problems) {
    // Rules for all files are kept with what all responses have, and cost nothing.
    site::Rule rule{.glob = given.rule.glob == "/*" ? "*" : std::move(given.rule.glob)};
    for (site::ExtraField& field : given.rule.fields) {
        problems.attempt(line_of(given.line), [&] { add_field(rule, field); });
    }
    for (std::string& name : given.rule.removed_fields) {
        problems.attempt(line_of(given.line), [&] {
            require_free_field(field_noun, name);
            rule.removed_fields.push_back(std::move(name));
        });
    }
    return rule;
}

void add_redirects(SiteSettings& site, std::string_view text, Problems& problems) {
    site::RedirectsFile file = site::parse_redirects_file(text, site.site_files_status);
    add_problems(file.problems, problems);
    std::ranges::move(file.redirects, std::back_inserter(site.redirects));
}

void add_headers(SiteSettings& site, std::string_view text, Problems& problems) {
    site::HeadersFile file = site::parse_headers_file(text);
    add_problems(file.problems, problems);
    std::vector<site::Rule> rules;
    rules.reserve(file.rules.size());
    for (site::HeadersFile::HeadersRule& each : file.rules) {
        rules.push_back(make_rule(each, problems));
    }
    if (rules.empty()) {
        return;
    }
    add_rules(site.whole, rules, {}, "fields", problems);
    for (AreaSettings& area : site.areas) {
        if (!area.has_own_directory) {
            add_rules(area, rules, {}, "fields", problems);
        }
    }
}

/// A line for each problem, of which those of the whole file come first.
std::vector<std::string> describe(const Problems& problems, const SiteSettings& site,
                                  std::string_view name) {
    std::vector<Problems::Problem> sorted = problems.all();
    std::ranges::sort(sorted, {}, [](const Problems::Problem& problem) {
        return std::pair(problem.position, std::string_view(problem.message));
    });
    std::vector<std::string> lines;
    for (const auto& [position, message] : sorted) {
        const std::string line = position.line == 0 ? "" : fmt::format(":{}", position.line);
        // What others wrote is read on a terminal.
        lines.push_back(
            fmt::format("{}/{}{}: {}", site.whole.directory, name, line, printable(message)));
    }
    return lines;
}

}  // namespace

std::vector<std::string> add_site_files(SiteSettings& site, const SiteFileTexts& texts) {
    Problems of_redirects;
    add_redirects(site, texts.redirects, of_redirects);
    Problems of_headers;
    add_headers(site, texts.headers, of_headers);
    std::vector<std::string> lines = describe(of_redirects, site, site::redirects_file_name);
    std::ranges::move(describe(of_headers, site, site::headers_file_name),
                      std::back_inserter(lines));
    return lines;
}

}  // namespace torc::config
