#include "toml_document.hpp"

#include <fmt/format.h>

// All of the library is in this file, so that no shared one is needed.
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace torc::config {
namespace {

/// A key has no more parts than its line has dots; many more, and the library would nest tables
/// deeper than the stack is. No value that torc takes is as long.
constexpr std::ptrdiff_t dots_in_line_max = 4096;

/// The line in which a key may have too many parts, from 1 on; nothing: there is none.
std::optional<std::uint32_t> find_deep_key(std::string_view text) {
    std::uint32_t number = 1;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        if (std::ranges::count(line, '.') > dots_in_line_max) {
            return number;
        }
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        ++number;
    }
    return std::nullopt;
}

Position position_of(const toml::source_region& region, std::uint32_t file) {
    return {.file = file, .line = region.begin.line, .column = region.begin.column};
}

/// Makes `node`, a fresh one, the same as `source`, whose strings it takes. In its place, since a
/// configuration may have a hundred thousand of them.
void take(Node& node, toml::node& source, std::uint32_t file) {
    node.position = position_of(source.source(), file);
    if (auto* const string = source.as_string()) {
        node.type = Node::Type::string;
        node.string = std::move(string->get());
    } else if (const auto* const integer = source.as_integer()) {
        node.type = Node::Type::integer;
        node.integer = integer->get();
    } else if (const auto* const boolean = source.as_boolean()) {
        node.type = Node::Type::boolean;
        node.boolean = boolean->get();
    } else if (auto* const array = source.as_array()) {
        node.type = Node::Type::array;
        node.nodes.reserve(array->size());
        for (toml::node& element : *array) {
            take(node.nodes.emplace_back(), element, file);
        }
    } else if (auto* const table = source.as_table()) {
        node.type = Node::Type::table;
        node.nodes.reserve(table->size());
        for (auto&& [key, value] : *table) {
            Node& member = node.nodes.emplace_back();
            take(member, value, file);
            member.key = key.str();
            member.key_position = position_of(key.source(), file);
        }
        // The library has them by name.
        if (!std::ranges::is_sorted(node.nodes, {}, &Node::key_position)) {
            std::ranges::sort(node.nodes, {}, &Node::key_position);
        }
    }
}

}  // namespace

const Node* Node::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(nodes, name, &Node::key);
    return found != nodes.end() ? &*found : nullptr;
}

bool Node::is_array_of_tables() const noexcept {
    return type == Type::array && !nodes.empty() &&
           std::ranges::all_of(nodes, [](const Node& node) { return node.type == Type::table; });
}

std::optional<Node> parse_toml(std::string_view text, std::uint32_t file, Problems& problems) {
    if (const auto line = find_deep_key(text)) {
        problems.add({.file = file, .line = *line, .column = 1},
                     fmt::format("no TOML: a line with more than {} dots", dots_in_line_max));
        return std::nullopt;
    }
    try {
        toml::table document = toml::parse(text);
        Node root;
        take(root, document, file);
        return root;
    } catch (const toml::parse_error& error) {
        problems.add(position_of(error.source(), file),
                     fmt::format("no TOML: {}", error.description()));
        return std::nullopt;
    }
}

}  // namespace torc::config
