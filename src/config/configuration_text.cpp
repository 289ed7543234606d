#include "configuration_text.hpp"

#include <torc/base/ascii.hpp>

#include "help_layout.hpp"
#include "option_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <ranges>
#include <utility>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

/// A string of TOML, in which everything is itself.
std::string quote(std::string_view text) {
    constexpr unsigned char first_printable = 0x20;
    constexpr unsigned char delete_character = 0x7f;
    std::string quoted = "\"";
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        if (character == '"' || character == '\\') {
            quoted += '\\';
            quoted += character;
        } else if (byte < first_printable || byte == delete_character) {
            quoted += fmt::format("\\u{:04x}", byte);
        } else {
            quoted += character;
        }
    }
    return quoted + '"';
}

/// A value of TOML of what was written on the command line.
struct Literal {
    const std::vector<std::string>& texts;

    std::string operator()(const Number& kind) const {
        return fmt::format("{}", parse_number("", texts.front(), kind.min, kind.max));
    }
    std::string operator()(const Toggle& /*kind*/) const {
        return parse_toggle("", texts.front()) ? "true" : "false";
    }
    std::string operator()(const List& /*kind*/) const {
        std::string list = "[";
        for (const std::string& text : texts) {
            list += fmt::format("{}{}", list.size() > 1 ? ", " : "", quote(text));
        }
        return list + ']';
    }
    std::string operator()(const auto& /*kind*/) const { return quote(texts.front()); }
};

std::string literal_of(const Option& option, const std::vector<std::string>& texts) {
    return std::visit(Literal{texts}, option.kind);
}

/// The values of a default or an example.
std::vector<std::string> values_in(const Option& option, std::string_view text) {
    std::vector<std::string> values;
    if (const auto* list = std::get_if<List>(&option.kind)) {
        for (const auto part : std::views::split(text, list->delimiter)) {
            values.emplace_back(std::string_view(part));
        }
    } else {
        values.emplace_back(text);
    }
    return values;
}

/// "server.timeouts" of "server.timeouts.idle".
std::string_view table_of(const Option& option) {
    return option.key.substr(0, option.key.rfind('.'));
}

std::string_view last_part(const Option& option) {
    return option.key.substr(option.key.rfind('.') + 1);
}

bool is_rule(const Option& option) {
    return table_of(option) == "site.rule";
}

/// All tables but that of rules, those of the server first and each before those inside of it.
std::vector<std::string_view> all_tables() {
    std::vector<std::string_view> tables;
    const auto add = [&tables](std::span<const Option> rows) {
        for (const Option& option : rows) {
            if (!option.key.empty() && !is_rule(option) &&
                std::ranges::find(tables, table_of(option)) == tables.end()) {
                tables.push_back(table_of(option));
            }
        }
    };
    add(server_options());
    add(site_options());
    return tables;
}

/// Calls `write` for each option with a key in this table.
void for_each_in(std::string_view table, const auto& write) {
    for (const Option& option : options()) {
        if (!option.key.empty() && table_of(option) == table) {
            write(option);
        }
    }
}

std::string heading_of(std::string_view table) {
    return table == "site" ? "\n[[site]]\n" : fmt::format("\n[{}]\n", table);
}

/// The lines of a rule that says what one value of `option` does.
std::vector<std::string> rule_lines(const Option& option, const std::string& text) {
    const bool is_field = last_part(option) == "set";
    const std::size_t middle = text.find(is_field ? ':' : '=');
    std::string_view value = std::string_view(text).substr(middle + 1);
    if (!is_field) {
        return {"[[site.rule]]", fmt::format("match = {}", quote(text.substr(0, middle))),
                fmt::format("{} = {}", last_part(option), quote(value))};
    }
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    return {"[[site.rule]]", R"(match = "*")",
            fmt::format("set = {{ {} = {} }}", quote(text.substr(0, middle)), quote(value))};
}

std::string origin_of(const Given& given, Position position, std::string_view file) {
    return given.source == Source::file ? fmt::format("{}:{}", file, position.line) : given.name;
}

std::string effective_line(const Option& option, const Given* given, std::string_view file) {
    if (given != nullptr) {
        std::vector<std::string> texts;
        texts.reserve(given->values.size());
        for (const Value& value : given->values) {
            texts.push_back(value.text);
        }
        return fmt::format("{} = {}  # {}\n", last_part(option), literal_of(option, texts),
                           origin_of(*given, given->position, file));
    }
    if (!option.default_value.empty()) {
        return fmt::format("{} = {}  # default\n", last_part(option),
                           literal_of(option, values_in(option, option.default_value)));
    }
    return option.default_note.empty()
               ? ""
               : fmt::format("# {}: {}\n", last_part(option), option.default_note);
}

std::string effective_rules(const Option& option, const Given* given, std::string_view file) {
    std::string text;
    if (given != nullptr) {
        for (const Value& value : given->values) {
            const std::vector<std::string> lines = rule_lines(option, value.text);
            text += fmt::format("\n{}\n{}\n{}  # {}\n", lines[0], lines[1], lines[2],
                                origin_of(*given, value.position, file));
        }
    }
    return text;
}

/// A comment of so many lines as it takes.
std::string comment(std::string_view text) {
    std::string lines = "# ";
    append_folded(lines, text, "# ");
    return lines;
}

std::string sample_entry(const Option& option) {
    std::string entry = '\n' + comment(text_of(option));
    entry += fmt::format("# On the command line {}, as a variable {}.\n", name_of(option),
                         option.variable);
    const std::string_view text =
        option.default_value.empty() ? option.example : option.default_value;
    if (is_rule(option)) {
        for (const std::string& line : rule_lines(option, std::string(text))) {
            entry += fmt::format("# {}\n", line);
        }
        return entry;
    }
    // A site without a root would be none.
    const std::string_view mark = name_of(option) == "DIR" ? "" : "# ";
    return entry + fmt::format("{}{} = {}\n", mark, last_part(option),
                               literal_of(option, values_in(option, text)));
}

}  // namespace

std::string effective_configuration(const GivenOptions& given, std::string_view file) {
    std::string text = "version = 1\n";
    for (const std::string_view table : all_tables()) {
        if (table == "site" && given.find(option_named("DIR")) == nullptr) {
            continue;
        }
        text += heading_of(table);
        for_each_in(table, [&](const Option& option) {
            text += effective_line(option, given.find(option), file);
        });
    }
    for_each_in("site.rule", [&](const Option& option) {
        text += effective_rules(option, given.find(option), file);
    });
    return text;
}

std::string sample_configuration() {
    std::string text = comment(
        "torc.toml: every setting of torc with its default, commented out; where the default "
        "follows from something, an example. Made of the options by scripts/documents.");
    text +=
        "#\n# torc check -c torc.toml says what is wrong with it, torc -c torc.toml serves.\n#\n";
    text += comment(about_sizes);
    text += comment("Times are whole seconds, or with a unit: 30s, 2m, 1h.");
    text += "\nversion = 1\n";
    for (const std::string_view table : all_tables()) {
        text += heading_of(table);
        if (table == "site") {
            text += '\n' + comment(
                               "With a [[site]] in the file, flags and variables of a site are "
                               "refused: this is the one place.");
        }
        for_each_in(table, [&text](const Option& option) { text += sample_entry(option); });
    }
    for_each_in("site.rule", [&text](const Option& option) { text += sample_entry(option); });
    return text;
}

}  // namespace torc::config
