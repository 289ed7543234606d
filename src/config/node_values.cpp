#include "node_values.hpp"

#include <torc/base/printable.hpp>

#include "option_hints.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

using Type = Node::Type;

/// How to give a value of a kind in a file.
struct Forms {
    std::string_view operator()(const Number& /*kind*/) const { return "a whole number"; }
    std::string_view operator()(const Size& /*kind*/) const {
        return R"(a number of bytes, or a string such as "64m")";
    }
    std::string_view operator()(const Duration& /*kind*/) const {
        return R"(a string such as "30s", "2m" or "1h")";
    }
    std::string_view operator()(const Toggle& /*kind*/) const { return "true or false"; }
    std::string_view operator()(const OptionalText& /*kind*/) const {
        return "a string, or false for none";
    }
    std::string_view operator()(const List& /*kind*/) const {
        return R"(strings, as in ["one", "two"])";
    }
    std::string_view operator()(const LogTarget& /*kind*/) const {
        return R"(a string, or a table as in { file = "...", format = "json" })";
    }
    std::string_view operator()(const auto& /*kind*/) const { return "a string"; }
};

/// The value as it would be written on the command line; nothing: it is of another type.
std::optional<std::string> text_of(const Kind& kind, const Node& node) {
    const bool is_number = std::holds_alternative<Number>(kind);
    const bool is_toggle = std::holds_alternative<Toggle>(kind);
    if (node.type == Type::boolean && is_toggle) {
        return node.boolean ? "on" : "off";
    }
    if (node.type == Type::integer && (is_number || std::holds_alternative<Size>(kind))) {
        return fmt::format("{}", node.integer);
    }
    if (node.type == Type::string && !is_number && !is_toggle) {
        return node.string;
    }
    return std::nullopt;
}

bool is_control(char character) {
    constexpr unsigned char first_printable = 0x20;
    constexpr unsigned char delete_character = 0x7f;
    const auto byte = static_cast<unsigned char>(character);
    return (byte < first_printable && character != '\t') || byte == delete_character;
}

/// The key of the flag that is called like the key `name`: "server.log.level" of "log_level";
/// empty: there is none.
std::string_view find_key_of_flag(std::string name) {
    std::ranges::replace(name, '_', '-');
    const std::string flag = "--" + name;
    for (const Option& option : options()) {
        const std::vector<std::string_view> names = names_of(option);
        if (!option.key.empty() && std::ranges::find(names, flag) != names.end()) {
            return option.key;
        }
    }
    return "";
}

/// The keys that end with `name` in other tables, if they are few: `"a" or "b"`. Empty: none or
/// many.
std::string find_elsewhere(std::string_view name) {
    constexpr std::size_t found_max = 3;
    std::vector<std::string> found;
    for (const Option& option : options()) {
        if (option.key.ends_with(fmt::format(".{}", name))) {
            found.push_back(fmt::format("\"{}\"", option.key));
        }
    }
    return found.size() > found_max ? "" : fmt::format("{}", fmt::join(found, " or "));
}

}  // namespace

void add_value(Given& given, const Kind& kind, const Node& node, Problems& problems) {
    std::optional<std::string> text = text_of(kind, node);
    const bool may_be_none = std::holds_alternative<OptionalText>(kind);
    if (!text && may_be_none && node.type == Type::boolean && !node.boolean) {
        given.values.push_back({.text = "", .position = node.position});
    } else if (!text) {
        problems.add(node.position,
                     fmt::format("{}: give {}", given.name, std::visit(Forms(), kind)));
    } else if (text->empty()) {
        problems.add(node.position, fmt::format("{}: is empty{}", given.name,
                                                may_be_none ? "; false is none" : ""));
    } else if (std::ranges::any_of(*text, is_control)) {
        problems.add(node.position, fmt::format("{}: has a control character in it", given.name));
    } else {
        given.values.push_back({.text = std::move(*text), .position = node.position});
    }
}

void add_values(Given& given, const Kind& kind, const Node& node, Problems& problems) {
    if (node.type != Type::array) {
        add_value(given, kind, node, problems);
        return;
    }
    for (const Node& element : node.nodes) {
        add_value(given, kind, element, problems);
    }
}

std::optional<Value> string_of(const Node& node, std::string_view key, Problems& problems) {
    Given given{.name = std::string(key)};
    add_value(given, Text{.set = nullptr}, node, problems);
    return given.values.empty() ? std::nullopt : std::optional(std::move(given.values.front()));
}

void add_unknown(const Node& node, std::string_view path, std::span<const std::string> siblings,
                 Problems& problems) {
    if (!path.empty() && (node.key == "include" || node.key == "version")) {
        problems.add(node.key_position,
                     fmt::format("{0}: put it above the first table; here it is a key of {1}",
                                 node.key, path));
        return;
    }
    std::string_view meant = find_key_of_flag(node.key);
    // One of this table goes without the table's name.
    const std::string_view last_part = meant.substr(meant.rfind('.') + 1);
    if (meant.empty() || std::ranges::find(siblings, last_part) != siblings.end()) {
        meant = nearest_name(node.key, siblings);
    }
    const std::string suggestion =
        meant.empty() ? find_elsewhere(node.key) : fmt::format("\"{}\"", meant);
    problems.add(
        node.key_position,
        fmt::format("unknown key \"{}{}{}\"{}", path, path.empty() ? "" : ".", printable(node.key),
                    suggestion.empty() ? "" : fmt::format("; did you mean {}?", suggestion)));
}

}  // namespace torc::config
