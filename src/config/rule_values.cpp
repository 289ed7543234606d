#include "rule_values.hpp"

#include <torc/base/ascii.hpp>
#include <torc/base/printable.hpp>
#include <torc/base/start_error.hpp>
#include <torc/file/glob.hpp>
#include <torc/http/field.hpp>
#include <torc/http/status.hpp>
#include <torc/site/load/content_type.hpp>
#include <torc/site/routing/host_table.hpp>
#include <torc/site/routing/redirect_pattern.hpp>
#include <torc/site/routing/redirects.hpp>

#include "site_values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

using http::Status;

/// Of responses to what was asked for, and of those in its place.
constexpr std::array response_statuses = {Status::ok,
                                          Status::no_content,
                                          Status::partial_content,
                                          Status::moved_permanently,
                                          Status::found,
                                          Status::not_modified,
                                          Status::temporary_redirect,
                                          Status::permanent_redirect,
                                          Status::bad_request,
                                          Status::unauthorized,
                                          Status::forbidden,
                                          Status::not_found,
                                          Status::method_not_allowed,
                                          Status::not_acceptable,
                                          Status::precondition_failed,
                                          Status::range_not_satisfiable,
                                          Status::expectation_failed,
                                          Status::too_many_requests,
                                          Status::internal_server_error,
                                          Status::not_implemented,
                                          Status::service_unavailable};

constexpr std::array redirect_statuses = {Status::moved_permanently, Status::found,
                                          Status::temporary_redirect, Status::permanent_redirect};

template <std::size_t Count>
Status parse_status(std::string_view key, const std::string& text,
                    const std::array<Status, Count>& choices) {
    std::vector<std::uint16_t> codes;
    for (const Status status : choices) {
        codes.push_back(http::code(status));
        if (fmt::format("{}", http::code(status)) == text) {
            return status;
        }
    }
    throw StartError(fmt::format("{} {}: give one of {}", key, text, fmt::join(codes, ", ")));
}

void make_fields(site::Rule& rule, const GivenRule& given, Problems& problems) {
    const std::string key = given.name + ".set";
    for (const auto& [name, value] : given.fields) {
        if (!http::is_field_name(name.text)) {
            problems.add(name.position, fmt::format("{} '{}': not the name of a field", key,
                                                    printable(name.text)));
        } else if (!http::is_field_value(value.text)) {
            problems.add(value.position,
                         fmt::format("{}.{}: not a valid field value", key, name.text));
        } else {
            problems.attempt(name.position, [&] {
                rule.fields.push_back(make_field(key, name.text, value.text));
                if (http::is_same_field_name(name.text, "Cache-Control")) {
                    warn_of_cache_control(key, value.text, value.position, problems);
                }
            });
        }
    }
}

void make_removed_fields(site::Rule& rule, const GivenRule& given, Problems& problems) {
    const std::string key = given.name + ".remove";
    for (const auto& [text, position] : given.removed_fields) {
        if (!http::is_field_name(text)) {
            problems.add(position,
                         fmt::format("{} '{}': not the name of a field", key, printable(text)));
            continue;
        }
        problems.attempt(position, [&] {
            require_free_field(key, text);
            rule.removed_fields.push_back(text);
        });
    }
}

/// Makes a Cache-Control among the fields of some files the rule's own. That of all files stays:
/// it is for those that no other rule is for.
void take_cache_control(site::Rule& rule, const GivenRule& given, Problems& problems) {
    if (rule.glob == "*" && rule.statuses.empty()) {
        return;
    }
    const auto found = std::ranges::find_if(rule.fields, [](const site::ExtraField& field) {
        return http::is_same_field_name(field.name, "Cache-Control");
    });
    if (found == rule.fields.end()) {
        return;
    }
    if (rule.cache_control) {
        problems.add(
            given.fields_position,
            fmt::format("{0}.set: Cache-Control is said twice; leave it to {0}.cache", given.name));
    }
    problems.attempt(given.fields_position, [&] {
        rule.cache_control = make_cache_control(given.name + ".set", found->value);
    });
    rule.fields.erase(found);
}

bool has_host(const SiteSettings& site, std::string_view host) {
    return site.is_default || site.hosts.empty() ||
           std::ranges::any_of(site.hosts, [host](std::string_view each) {
               return each == host || (each.starts_with('*') && host.ends_with(each.substr(1)));
           });
}

std::string make_redirect_host(const Value& given, const SiteSettings& site) {
    constexpr std::string_view key = "site.redirect.host";
    const std::string flaw = site::find_host_flaw(given.text);
    if (!flaw.empty() || given.text.contains('*')) {
        throw StartError(
            fmt::format("{} '{}': {}", key, given.text, flaw.empty() ? "give one host" : flaw));
    }
    std::string host = given.text;
    std::ranges::transform(host, host.begin(), to_lower);
    if (!has_host(site, host)) {
        throw StartError(fmt::format("{} '{}': the site has no such host; give one of {}", key,
                                     given.text, fmt::join(site.hosts, ", ")));
    }
    return host;
}

}  // namespace

std::optional<site::Rule> make_rule(const GivenRule& given, const file::HiddenNames& hidden,
                                    Problems& problems) {
    const std::size_t problems_before = problems.all().size();
    site::Rule rule{.glob = given.match.text};
    if (const std::string flaw = file::find_glob_flaw(rule.glob, hidden); !flaw.empty()) {
        problems.add(given.match.position, fmt::format("{}.match '{}': can never match: {}",
                                                       given.name, rule.glob, flaw));
    }
    for (const auto& [text, position] : given.statuses) {
        problems.attempt(position, [&] {
            rule.statuses.push_back(parse_status(given.name + ".status", text, response_statuses));
        });
    }
    make_fields(rule, given, problems);
    make_removed_fields(rule, given, problems);
    if (given.cache) {
        problems.attempt(given.cache->position, [&] {
            const std::string key = given.name + ".cache";
            rule.cache_control = make_cache_control(key, given.cache->text);
            warn_of_cache_control(key, given.cache->text, given.cache->position, problems);
        });
    }
    if (given.type) {
        if (!is_type(given.type->text)) {
            problems.add(given.type->position,
                         fmt::format("{}.type '{}': no media type of at most {} bytes; give one "
                                     "like text/plain",
                                     given.name, given.type->text, site::named_type_bytes_max));
        }
        rule.content_type = given.type->text;
    }
    take_cache_control(rule, given, problems);
    return problems.all().size() == problems_before ? std::optional(std::move(rule)) : std::nullopt;
}

std::optional<site::Redirect> make_redirect(const GivenRedirect& given, const SiteSettings& site,
                                            Problems& problems) {
    const std::size_t problems_before = problems.all().size();
    site::Redirect redirect{.from = given.from.text, .to = given.to.text};
    if (!given.host.text.empty()) {
        problems.attempt(given.host.position,
                         [&] { redirect.host = make_redirect_host(given.host, site); });
    }
    if (!given.status.text.empty()) {
        problems.attempt(given.status.position, [&] {
            redirect.status =
                parse_status("site.redirect.status", given.status.text, redirect_statuses);
        });
    }
    if (problems.all().size() != problems_before) {
        return std::nullopt;
    }
    if (const auto pattern = site::RedirectPattern::parse(redirect.from); !pattern) {
        problems.add(given.from.position,
                     fmt::format("site.redirect.from '{}': {}", redirect.from, pattern.error()));
    } else if (const std::string flaw = site::find_redirect_flaw(redirect); !flaw.empty()) {
        problems.add(given.to.position,
                     fmt::format("site.redirect.to '{}': {}", redirect.to, flaw));
    }
    return problems.all().size() == problems_before ? std::optional(std::move(redirect))
                                                    : std::nullopt;
}

}  // namespace torc::config
