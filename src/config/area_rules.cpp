#include "area_rules.hpp"

#include <torc/base/ascii.hpp>
#include <torc/http/field.hpp>
#include <torc/site/cache/representation.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

std::string lower_case(std::string_view name) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(), to_lower);
    return lower;
}

bool has_field(const std::vector<site::ExtraField>& fields, std::string_view name) {
    return std::ranges::any_of(fields, [name](const site::ExtraField& field) {
        return http::is_same_field_name(field.name, name);
    });
}

bool is_for_all(const site::Rule& rule) {
    return rule.glob == "*" && rule.statuses.empty();
}

bool says_anything(const site::Rule& rule) {
    return !rule.fields.empty() || !rule.removed_fields.empty() || rule.cache_control ||
           rule.content_type;
}

/// Moves what a rule says of files into the rules by which they are loaded.
void settle_load_rules(site::Rule& rule, site::LoadRules& load_rules) {
    if (!rule.statuses.empty()) {
        return;
    }
    if (rule.cache_control) {
        load_rules.cache_control.push_back({.glob = rule.glob, .value = *rule.cache_control});
        rule.cache_control.reset();
    }
    if (rule.content_type) {
        load_rules.types.push_back(site::make_type_rule(rule.glob, *rule.content_type));
        rule.content_type.reset();
    }
}

/// Takes the Cache-Control out of fields: as one value, several being one list (RFC 9110 §5.3), or
/// nothing.
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

/// What lets scripts of any origin read it (https://fetch.spec.whatwg.org/#http-cors-protocol).
std::array<site::ExtraField, 5> cors_fields() {
    using Scope = site::ExtraField::Scope;
    return {{{.name = "Access-Control-Allow-Origin", .value = "*"},
             // What scripts may see beyond a few: Content-Range and ETag, and what --header adds.
             {.name = "Access-Control-Expose-Headers", .value = "*"},
             {.name = "Access-Control-Allow-Methods",
              .value = "GET, HEAD, OPTIONS",
              .scope = Scope::options},
             // The wildcard does not include Authorization.
             {.name = "Access-Control-Allow-Headers",
              .value = "*, Authorization",
              .scope = Scope::options},
             {.name = "Access-Control-Max-Age", .value = "86400", .scope = Scope::options}}};
}

/// What the user says of a field stands.
void add_cors_fields(std::vector<site::ExtraField>& fields) {
    for (site::ExtraField& field : cors_fields()) {
        if (!has_field(fields, field.name)) {
            fields.push_back(std::move(field));
        }
    }
}

void remove_cors_fields(std::vector<site::ExtraField>& fields) {
    for (const site::ExtraField& field : cors_fields()) {
        std::erase(fields, field);
    }
}

/// Names of fields that the rules of `area` for all files say something of.
std::vector<std::string> names_said_for_all(const AreaSettings& area) {
    std::vector<std::string> names;
    names.reserve(area.extra_fields.size());
    for (const site::ExtraField& field : area.extra_fields) {
        names.push_back(field.name);
    }
    for (const site::Rule& rule : area.rules) {
        if (is_for_all(rule)) {
            names.insert(names.end(), rule.removed_fields.begin(), rule.removed_fields.end());
        }
    }
    return names;
}

std::size_t bytes_of(const site::ExtraField& field) {
    return field.name.size() + field.value.size() + std::size(": \r\n") - 1;
}

/// All fields together, as if one response could have them.
std::size_t all_bytes(const AreaSettings& area) {
    std::size_t sum = 0;
    const auto add = [&sum](const std::vector<site::ExtraField>& fields) {
        for (const site::ExtraField& field : fields) {
            sum += bytes_of(field);
        }
    };
    add(area.extra_fields);
    for (const site::Rule& rule : area.rules) {
        add(rule.fields);
    }
    return sum;
}

/// What the fields of one response may take at the most: by each name those of the rule that has
/// the most of it.
std::size_t most_bytes(const AreaSettings& area) {
    std::map<std::string, std::size_t> most;
    const auto add = [&most](const std::vector<site::ExtraField>& fields) {
        std::map<std::string, std::size_t> bytes;
        for (const site::ExtraField& field : fields) {
            bytes[lower_case(field.name)] += bytes_of(field);
        }
        for (const auto& [name, count] : bytes) {
            most[name] = std::max(most[name], count);
        }
    };
    add(area.extra_fields);
    for (const site::Rule& rule : area.rules) {
        add(rule.fields);
    }
    std::size_t sum = 0;
    for (const auto& [name, count] : most) {
        sum += count;
    }
    return sum;
}

}  // namespace

void add_rules(AreaSettings& area, std::vector<site::Rule> rules, Position position,
               std::string_view name, Problems& problems) {
    if (area.is_for_other_origins) {
        remove_cors_fields(area.extra_fields);
    }
    std::vector<std::string> said = names_said_for_all(area);
    for (site::Rule& rule : rules) {
        settle_load_rules(rule, area.load_rules);
        const auto is_said = [&said](std::string_view each) {
            return std::ranges::any_of(said, [each](const std::string& other) {
                return http::is_same_field_name(other, each);
            });
        };
        std::erase_if(rule.fields,
                      [&](const site::ExtraField& field) { return is_said(field.name); });
        if (is_for_all(rule)) {
            for (site::ExtraField& field : rule.fields) {
                area.extra_fields.push_back(std::move(field));
            }
            for (std::size_t i = area.extra_fields.size() - rule.fields.size();
                 i < area.extra_fields.size(); ++i) {
                said.push_back(area.extra_fields[i].name);
            }
            said.insert(said.end(), rule.removed_fields.begin(), rule.removed_fields.end());
            rule.fields.clear();
        }
        if (says_anything(rule)) {
            area.rules.push_back(std::move(rule));
        }
    }
    if (const auto value = take_cache_control(area.extra_fields)) {
        if (value->size() > site::cache_control_bytes_max) {
            problems.add(position, fmt::format("{} 'Cache-Control': at most {} bytes, not {}", name,
                                               site::cache_control_bytes_max, value->size()));
        }
        area.load_rules.cache_control.push_back({.glob = "*", .value = *value});
        area.load_rules.listing_cache_control = *value;
    }
    // What each name has at the most takes longer to find out, and is rarely of interest.
    constexpr std::size_t bytes_max = site::extra_fields_bytes_max;
    if (all_bytes(area) > bytes_max && most_bytes(area) > bytes_max) {
        problems.add(position, fmt::format("{}: all of them together may take {} bytes, not {}",
                                           name, bytes_max, most_bytes(area)));
    }
    if (area.is_for_other_origins) {
        add_cors_fields(area.extra_fields);
    }
}

}  // namespace torc::config
