#include <torc/config/command_line.hpp>

#include "help_layout.hpp"
#include "options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace torc::config {
namespace {

constexpr std::size_t columns = 100;
/// Where what is said of an option begins.
constexpr std::size_t text_column = 26;

constexpr std::string_view beginning =
    R"(torc serves the files of a directory, or one file, over HTTP/1.1.

Usage: torc [OPTIONS] [--] [DIR | FILE]
       torc check [OPTIONS] [--] [DIR | FILE]
       torc status | reload | reopen | upgrade | drain | stop [--admin unix:PATH] [-c FILE] [--json]

)";

/// Beside the row of DIR, which it is given in the place of.
constexpr std::string_view file_argument =
    R"(  FILE                    Or the one file to serve, at /FILE and at /, and nothing beside it.
)";

/// "  -p, --port PORT"; the long names stand one below the other.
std::string term_of(const Option& option) {
    const bool has_long_names_alone = option.flags.starts_with("--");
    std::string term = fmt::format("{}{}", has_long_names_alone ? "      " : "  ",
                                   fmt::join(names_of(option), ", "));
    if (!option.value_name.empty()) {
        term += fmt::format(" {}", option.value_name);
    }
    return term;
}

std::string describe(const Option& option) {
    std::string entry = term_of(option);
    if (entry.size() >= text_column) {
        entry += '\n' + std::string(text_column, ' ');
    } else {
        entry.resize(text_column, ' ');
    }
    append_folded(entry, text_of(option), std::string(text_column, ' '));
    return entry;
}

std::string describe(const Example& example) {
    constexpr std::size_t meaning_column = 39;
    std::string line = fmt::format("  {}", example.command);
    if (!example.meaning.empty()) {
        line.resize(std::max(line.size() + 1, meaning_column), ' ');
        line += example.meaning;
    }
    return line + '\n';
}

}  // namespace

std::string_view title_of(Group group) noexcept {
    switch (group) {
        case Group::subject:
            return "";
        case Group::listening:
            return "Where it listens";
        case Group::serving:
            return "What it serves";
        case Group::responding:
            return "What it answers";
        case Group::running:
            return "How it runs";
        case Group::clients:
            return "How long it waits for clients";
        case Group::configuring:
            return "How it is configured";
        case Group::reporting:
            return "What it tells";
    }
    return "";
}

void append_folded(std::string& text, std::string_view words, std::string_view prefix) {
    std::size_t column = prefix.size();
    while (!words.empty()) {
        const std::string_view word = words.substr(0, words.find(' '));
        words.remove_prefix(std::min(word.size() + 1, words.size()));
        if (column > prefix.size() && column + 1 + word.size() > columns) {
            text += fmt::format("\n{}", prefix);
            column = prefix.size();
        } else if (column > prefix.size()) {
            text += ' ';
            ++column;
        }
        text += word;
        column += word.size();
    }
    text += '\n';
}

std::string text_of(const Option& option) {
    std::string text(option.help);
    if (!option.default_note.empty()) {
        text += fmt::format(" [{}]", option.default_note);
    } else if (!option.default_value.empty() && !std::holds_alternative<Toggle>(option.kind)) {
        text += fmt::format(" [{}]", option.default_value);
    }
    return text;
}

std::string help_text() {
    std::string text(beginning);
    Group group = Group::subject;
    for (const Option& option : options()) {
        if (option.flags.empty()) {
            continue;
        }
        if (option.group != group) {
            if (group == Group::subject) {
                text += file_argument;
            }
            group = option.group;
            text += fmt::format("\n{}:\n", title_of(group));
        }
        text += describe(option);
    }
    text += '\n';
    append_folded(text, about_environment, "");
    append_folded(text, about_sizes, "");
    append_folded(text, about_colours, "");
    text += '\n';
    append_folded(text, about_commands, "");
    append_folded(text, about_signals, "");
    append_folded(text, about_exit_status, "");
    text += "\nExamples:\n";
    for (const Example& example : examples) {
        text += describe(example);
    }
    return text;
}

}  // namespace torc::config
