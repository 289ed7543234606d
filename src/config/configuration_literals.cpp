#include "configuration_literals.hpp"

#include "option_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <span>
#include <variant>

namespace torc::config {
namespace {

/// A value of TOML of what was written on the command line.
struct Literal {
    const std::vector<std::string>& texts;

    std::string operator()(const Number& kind) const {
        return fmt::format("{}", parse_number("", texts.front(), kind.min, kind.max));
    }
    std::string operator()(const Toggle& /*kind*/) const {
        return parse_toggle("", texts.front()) ? "true" : "false";
    }
    std::string operator()(const OptionalText& /*kind*/) const {
        return texts.front().empty() ? "false" : quote(texts.front());
    }
    std::string operator()(const List& /*kind*/) const {
        std::string list = "[";
        for (const std::string& text : texts) {
            list += fmt::format("{}{}", list.size() > 1 ? ", " : "", quote(text));
        }
        return list + ']';
    }
    std::string operator()(const LogTarget& /*kind*/) const {
        return texts.size() == 1
                   ? quote(texts.front())
                   : fmt::format("{{ file = {}, format = {} }}", quote(texts[0]), quote(texts[1]));
    }
    std::string operator()(const auto& /*kind*/) const { return quote(texts.front()); }
};

}  // namespace

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

std::string literal_of(const Option& option, const std::vector<std::string>& texts) {
    return std::visit(Literal{texts}, option.kind);
}

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

std::string_view table_of(const Option& option) {
    return option.key.substr(0, option.key.rfind('.'));
}

std::string_view last_part(const Option& option) {
    return option.key.substr(option.key.rfind('.') + 1);
}

std::vector<std::string_view> server_tables() {
    std::vector<std::string_view> tables;
    for (const std::span<const Option> table : {server_options(), log_options()}) {
        for (const Option& option : table) {
            if (!option.key.empty() &&
                std::ranges::find(tables, table_of(option)) == tables.end()) {
                tables.push_back(table_of(option));
            }
        }
    }
    return tables;
}

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

}  // namespace torc::config
