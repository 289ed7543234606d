#include "site_tables.hpp"

#include "node_values.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

using Type = Node::Type;

/// A kind whose range is looked at later.
constexpr List list{.delimiter = ',', .set = nullptr};
constexpr Number number{.min = 0, .max = 0, .set = nullptr};

void read_fields(GivenRule& rule, const Node& fields, Problems& problems) {
    const std::string key = rule.name + ".set";
    if (fields.type != Type::table) {
        problems.add(fields.key_position,
                     fmt::format(R"({}: give a table, as in {{ "Name" = "value" }})", key));
        return;
    }
    rule.fields_position = fields.key_position;
    for (const Node& field : fields.nodes) {
        // A field may be empty.
        std::optional<Value> value = field.type == Type::string && field.string.empty()
                                         ? Value{.text = "", .position = field.position}
                                         : string_of(field, key + '.' + field.key, problems);
        if (value) {
            rule.fields.push_back({.name = {.text = field.key, .position = field.key_position},
                                   .value = *std::move(value)});
        }
    }
}

/// A number, or several.
std::vector<Value> read_statuses(const Node& node, const std::string& key, Problems& problems) {
    Given given{.name = key};
    const bool is_list = node.type == Type::array;
    if (is_list && node.nodes.empty()) {
        problems.add(node.position, fmt::format("{}: give at least one", key));
    }
    add_values(given, number, node, problems);
    return std::move(given.values);
}

GivenRule read_rule(const Node& node, std::string_view table, Problems& problems) {
    static const std::vector<std::string> keys = {"match",  "status", "set",
                                                  "remove", "cache",  "type"};
    GivenRule rule{.name = std::string(table) + ".rule", .position = node.position};
    for (const Node& member : node.nodes) {
        const std::string key = rule.name + '.' + member.key;
        if (member.key == "match") {
            rule.match = string_of(member, key, problems).value_or(Value{});
        } else if (member.key == "status") {
            rule.statuses = read_statuses(member, key, problems);
        } else if (member.key == "set") {
            read_fields(rule, member, problems);
        } else if (member.key == "remove") {
            Given names{.name = key};
            add_values(names, list, member, problems);
            rule.removed_fields = std::move(names.values);
        } else if (member.key == "cache") {
            rule.cache = string_of(member, key, problems);
        } else if (member.key == "type") {
            rule.type = string_of(member, key, problems);
        } else {
            add_unknown(member, rule.name, keys, problems);
        }
    }
    if (node.find("match") == nullptr) {
        problems.add(
            node.position,
            fmt::format("{}.match is missing: the files of the rule, such as \"*\"", rule.name));
    }
    return rule;
}

GivenRedirect read_redirect(const Node& node, Problems& problems) {
    static const std::vector<std::string> keys = {"from", "to", "status", "host"};
    GivenRedirect redirect{.position = node.position};
    for (const Node& member : node.nodes) {
        const std::string key = "site.redirect." + member.key;
        if (member.key == "from") {
            redirect.from = string_of(member, key, problems).value_or(Value{});
        } else if (member.key == "to") {
            redirect.to = string_of(member, key, problems).value_or(Value{});
        } else if (member.key == "host") {
            redirect.host = string_of(member, key, problems).value_or(Value{});
        } else if (member.key == "status") {
            Given status{.name = key};
            add_value(status, number, member, problems);
            redirect.status = status.values.empty() ? Value{} : std::move(status.values.front());
        } else {
            add_unknown(member, "site.redirect", keys, problems);
        }
    }
    for (const std::string_view key : {"from", "to"}) {
        if (node.find(key) == nullptr) {
            problems.add(node.position, fmt::format("site.redirect.{} is missing", key));
        }
    }
    return redirect;
}

}  // namespace

std::vector<GivenRule> read_rules(const Node& rules, std::string_view name, Problems& problems) {
    std::vector<GivenRule> given;
    if (!rules.is_array_of_tables()) {
        problems.add(rules.key_position,
                     fmt::format("{0}.rule: give tables in double brackets, [[{0}.rule]]", name));
        return given;
    }
    given.reserve(rules.nodes.size());
    for (const Node& node : rules.nodes) {
        GivenRule rule = read_rule(node, name, problems);
        if (!rule.match.text.empty()) {
            given.push_back(std::move(rule));
        }
    }
    return given;
}

std::vector<GivenRedirect> read_redirects(const Node& redirects, Problems& problems) {
    std::vector<GivenRedirect> given;
    if (!redirects.is_array_of_tables()) {
        problems.add(redirects.key_position,
                     "site.redirect: give tables in double brackets, [[site.redirect]]");
        return given;
    }
    for (const Node& node : redirects.nodes) {
        GivenRedirect redirect = read_redirect(node, problems);
        if (!redirect.from.text.empty() && !redirect.to.text.empty()) {
            given.push_back(std::move(redirect));
        }
    }
    return given;
}

}  // namespace torc::config
