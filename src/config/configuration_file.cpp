#include "configuration_file.hpp"

#include <torc/base/printable.hpp>
#include <torc/http/field.hpp>

#include "option_hints.hpp"
#include "toml_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

using Type = Node::Type;

constexpr std::int64_t version_read = 1;

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
    std::string_view operator()(const List& /*kind*/) const {
        return R"(strings, as in ["one", "two"])";
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

const Option* find_key(std::string_view key) {
    const auto found = std::ranges::find(options(), key, &Option::key);
    return found != options().end() ? &*found : nullptr;
}

/// What may be in the table `path`.
std::vector<std::string> keys_in(const std::string& path) {
    std::vector<std::string> keys;
    const std::string prefix = path + '.';
    for (const Option& option : options()) {
        if (option.key.starts_with(prefix)) {
            const std::string_view rest = option.key.substr(prefix.size());
            keys.emplace_back(rest.substr(0, rest.find('.')));
        }
    }
    return keys;
}

/// The key that ends with `name` in another table; empty: none or several.
std::string_view find_elsewhere(std::string_view name) {
    std::string_view found;
    for (const Option& option : options()) {
        if (option.key.ends_with(fmt::format(".{}", name))) {
            if (!found.empty()) {
                return "";
            }
            found = option.key;
        }
    }
    return found;
}

/// Turns a document into what it says of options.
class Reader {
public:
    Reader(FileContents& contents, Problems& problems) : contents_(contents), problems_(problems) {}

    void read(const Node& root);

private:
    void read_version(const Node& root);
    /// `path`: the full name of the table, such as "server.timeouts".
    void read_table(const Node& table, const std::string& path);
    void read_member(const Node& member, const std::string& path);
    void read_sites(const Node& sites);
    void read_option(const Option& option, const Node& node);
    void read_access_log(Given& given, const Node& table);
    void read_rules(const Node& rules);
    void read_rule(const Node& rule);
    /// `glob`: of the rule that `node` is of; empty: it has none that is right.
    void read_fields(const Node& fields, std::string_view glob);
    void read_rule_value(const Node& node, std::string_view glob);

    /// Adds the value that `node` is, or a problem.
    void add_value(Given& given, const Kind& kind, const Node& node);
    /// The string that `node` is, or empty with a problem.
    std::string string_of(const Node& node, std::string_view path);
    void add_unknown(const Node& node, std::string_view path,
                     const std::vector<std::string>& siblings);
    /// Adds one value to those of the rules before.
    void add_rule_value(std::string_view key, Value value);

    FileContents& contents_;
    Problems& problems_;
    /// What all rules say, by the options of which they are the values.
    std::vector<Given> rule_values_;
};

void Reader::read(const Node& root) {
    read_version(root);
    for (const Node& member : root.nodes) {
        if (member.key == "site") {
            read_sites(member);
        } else if (member.key == "server" && member.type != Type::table) {
            problems_.add(member.key_position, "server: give a table, as in [server]");
        } else if (member.key == "server") {
            read_table(member, member.key);
        } else if (member.key != "version") {
            add_unknown(member, "", {"version", "server", "site"});
        }
    }
    for (Given& given : rule_values_) {
        const Option* const option = find_key(given.name);
        contents_.given.add(*option, std::move(given));
    }
}

void Reader::read_version(const Node& root) {
    const Node* const version = root.find("version");
    if (version == nullptr) {
        problems_.add({.line = 1, .column = 1}, "version is missing; begin with version = 1");
    } else if (version->type != Type::integer || version->integer != version_read) {
        problems_.add(version->position,
                      fmt::format("version: this torc reads version {}", version_read));
    }
}

void Reader::read_table(const Node& table, const std::string& path) {
    for (const Node& member : table.nodes) {
        read_member(member, path);
    }
}

void Reader::read_member(const Node& member, const std::string& path) {
    const std::string full = path + '.' + member.key;
    const std::vector<std::string> keys = keys_in(path);
    if (const Option* const option = find_key(full)) {
        read_option(*option, member);
    } else if (full == "site.rule") {
        read_rules(member);
    } else if (std::ranges::find(keys, member.key) == keys.end()) {
        add_unknown(member, path, keys);
    } else if (member.type != Type::table) {
        problems_.add(member.key_position, fmt::format("{0}: give a table, as in [{0}]", full));
    } else {
        read_table(member, full);
    }
}

void Reader::read_sites(const Node& sites) {
    if (!sites.is_array_of_tables()) {
        problems_.add(sites.key_position, "site: give a table in double brackets, [[site]]");
        return;
    }
    contents_.has_site = true;
    const Node& site = sites.nodes.front();
    read_table(site, sites.key);
    if (site.find("root") == nullptr) {
        problems_.add(site.position,
                      "site.root is missing: the directory to serve, such as \"/srv/www\"");
    }
    if (sites.nodes.size() > 1) {
        problems_.add(sites.nodes[1].position, "site: one is served; this is another [[site]]");
    }
}

void Reader::read_option(const Option& option, const Node& node) {
    Given given{
        .source = Source::file, .name = std::string(option.key), .position = node.key_position};
    const std::size_t problems_before = problems_.all().size();
    if (node.type == Type::array && std::holds_alternative<List>(option.kind)) {
        for (const Node& element : node.nodes) {
            add_value(given, option.kind, element);
        }
    } else if (node.type == Type::table && option.key == "server.log.access") {
        read_access_log(given, node);
    } else {
        add_value(given, option.kind, node);
    }
    if (problems_.all().size() == problems_before) {
        contents_.given.add(option, std::move(given));
    }
}

void Reader::read_access_log(Given& given, const Node& table) {
    for (const Node& part : table.nodes) {
        const std::string path = fmt::format("{}.{}", given.name, part.key);
        if (part.key == "file") {
            add_value(given, Text{}, part);
        } else if (part.key != "format") {
            add_unknown(part, given.name, {"file", "format"});
        } else if (const std::string format = string_of(part, path);
                   !format.empty() && format != "combined") {
            problems_.add(part.position, fmt::format("{} {}: give one of combined", path, format));
        }
    }
    if (table.find("file") == nullptr) {
        problems_.add(table.key_position, fmt::format("{}.file is missing", given.name));
    }
}

void Reader::read_rules(const Node& rules) {
    if (!rules.is_array_of_tables()) {
        problems_.add(rules.key_position,
                      "site.rule: give tables in double brackets, [[site.rule]]");
        return;
    }
    for (const Node& rule : rules.nodes) {
        read_rule(rule);
    }
}

void Reader::read_rule(const Node& rule) {
    std::string glob;
    if (const Node* const match = rule.find("match"); match == nullptr) {
        problems_.add(rule.position,
                      "site.rule.match is missing: the files of the rule, such as \"*\"");
    } else if (glob = string_of(*match, "site.rule.match"); glob.contains('=')) {
        problems_.add(match->position,
                      fmt::format("site.rule.match '{}': may not have a = in it", glob));
        glob.clear();
    }
    for (const Node& member : rule.nodes) {
        if (member.key == "set") {
            read_fields(member, glob);
        } else if (member.key == "cache" || member.key == "type") {
            read_rule_value(member, glob);
        } else if (member.key != "match") {
            add_unknown(member, "site.rule", {"match", "set", "cache", "type"});
        }
    }
}

void Reader::read_fields(const Node& fields, std::string_view glob) {
    const std::string path = "site.rule.set";
    if (fields.type != Type::table) {
        problems_.add(fields.key_position,
                      fmt::format(R"({}: give a table, as in {{ "Name" = "value" }})", path));
        return;
    }
    if (!glob.empty() && glob != "*") {
        problems_.add(fields.key_position,
                      fmt::format("{}: fields are set for all files; give match = \"*\"", path));
    }
    for (const Node& field : fields.nodes) {
        if (!http::is_field_name(field.key)) {
            problems_.add(field.key_position, fmt::format("{} '{}': not the name of a field", path,
                                                          printable(field.key)));
        } else if (field.type != Type::string) {
            problems_.add(field.position, fmt::format("{}.{}: give a string", path, field.key));
        } else if (std::ranges::any_of(field.string, is_control)) {
            problems_.add(field.position,
                          fmt::format("{}.{}: has a control character in it", path, field.key));
        } else {
            add_rule_value(path, {.text = fmt::format("{}: {}", field.key, field.string),
                                  .position = field.key_position});
        }
    }
}

void Reader::read_rule_value(const Node& node, std::string_view glob) {
    const std::string path = "site.rule." + node.key;
    const std::string text = string_of(node, path);
    if (!text.empty() && !glob.empty()) {
        add_rule_value(path, {.text = fmt::format("{}={}", glob, text), .position = node.position});
    }
}

void Reader::add_value(Given& given, const Kind& kind, const Node& node) {
    std::optional<std::string> text = text_of(kind, node);
    if (!text) {
        problems_.add(node.position,
                      fmt::format("{}: give {}", given.name, std::visit(Forms(), kind)));
    } else if (text->empty()) {
        problems_.add(node.position, fmt::format("{}: is empty", given.name));
    } else if (std::ranges::any_of(*text, is_control)) {
        problems_.add(node.position, fmt::format("{}: has a control character in it", given.name));
    } else {
        given.values.push_back({.text = std::move(*text), .position = node.position});
    }
}

std::string Reader::string_of(const Node& node, std::string_view path) {
    Given given{.name = std::string(path)};
    add_value(given, Text{}, node);
    return given.values.empty() ? std::string() : std::move(given.values.front().text);
}

void Reader::add_unknown(const Node& node, std::string_view path,
                         const std::vector<std::string>& siblings) {
    std::string_view meant = nearest_name(node.key, siblings);
    if (meant.empty()) {
        meant = find_elsewhere(node.key);
    }
    problems_.add(
        node.key_position,
        fmt::format("unknown key \"{}{}{}\"{}", path, path.empty() ? "" : ".", printable(node.key),
                    meant.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", meant)));
}

void Reader::add_rule_value(std::string_view key, Value value) {
    auto given = std::ranges::find(rule_values_, key, &Given::name);
    if (given == rule_values_.end()) {
        rule_values_.push_back(
            {.source = Source::file, .name = std::string(key), .position = value.position});
        given = std::prev(rule_values_.end());
    }
    given->values.push_back(std::move(value));
}

}  // namespace

FileContents parse_configuration(std::string_view text, Problems& problems) {
    FileContents contents;
    if (const std::optional<Node> root = parse_toml(text, problems)) {
        Reader(contents, problems).read(*root);
    }
    return contents;
}

}  // namespace torc::config
