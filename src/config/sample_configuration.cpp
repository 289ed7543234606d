#include "configuration_literals.hpp"
#include "configuration_text.hpp"
#include "help_layout.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

/// A comment of so many lines as it takes.
std::string comment(std::string_view text) {
    std::string lines = "# ";
    append_folded(lines, text, "# ");
    return lines;
}

/// What a commented file says of an option, before its key.
std::string sample_comment(const Option& option) {
    std::string entry = '\n' + comment(text_of(option));
    if (!option.flags.empty()) {
        entry += fmt::format("# On the command line {}, as a variable {}.\n", name_of(option),
                             option.variable);
    }
    return entry;
}

std::string sample_literal(const Option& option) {
    const std::string_view text =
        option.default_value.empty() ? option.example : option.default_value;
    return std::holds_alternative<Part>(option.kind) ? std::string(text)
                                                     : literal_of(option, values_in(option, text));
}

std::string sample_entry(const Option& option) {
    // A site without a root would be none.
    const std::string_view mark = name_of(option) == "DIR" ? "" : "# ";
    return sample_comment(option) +
           fmt::format("{}{} = {}\n", mark, last_part(option), sample_literal(option));
}

/// A table of options that is commented out as a whole.
std::string sample_table(std::string_view heading, std::string_view table) {
    std::string text;
    std::string entries;
    for_each_in(table, [&](const Option& option) {
        text += sample_comment(option);
        entries += fmt::format("# {} = {}\n", last_part(option), sample_literal(option));
    });
    return fmt::format("{}\n# {}\n{}", text, heading, entries);
}

std::string sample_rules() {
    std::string text;
    for_each_in("site.rule", [&text](const Option& option) {
        text += sample_comment(option);
        if (option.key == "site.rule.match") {
            return;  // It is in the examples of all others.
        }
        text += "# [[site.rule]]\n";
        if (std::holds_alternative<Part>(option.kind)) {
            text += fmt::format(
                "# match = \"*\"\n# {} = {}\n{}", last_part(option), sample_literal(option),
                last_part(option) == "status" ? "# set = { \"X-Error\" = \"yes\" }\n" : "");
            return;
        }
        const std::vector<std::string> lines = rule_lines(option, std::string(option.example));
        text += fmt::format("# {}\n# {}\n", lines[1], lines[2]);
    });
    return text;
}

}  // namespace

std::string sample_configuration() {
    std::string text = comment(
        "torc.toml: every setting of torc with its default, commented out; where the default "
        "follows from something, an example. Made of the options by scripts/documents.");
    text +=
        "#\n# torc check -c torc.toml says what is wrong with it, torc -c torc.toml serves.\n#\n";
    text += comment(about_sizes);
    text += comment("Times are whole seconds, or with a unit: 30s, 2m, 1h.");
    text += "\nversion = 1\n" + sample_entry(option_with_key("include"));
    for (const std::string_view table : server_tables()) {
        text += fmt::format("\n[{}]\n", table);
        for_each_in(table, [&text](const Option& option) { text += sample_entry(option); });
    }
    text +=
        '\n' +
        comment(
            "What each site has that does not say it itself: all that a site may say "
            "but name, hosts, default, root, site_files, site_files_status, redirect and area.");
    text += "# [defaults]\n# index = [\"index.html\"]\n";
    text += "\n[[site]]\n\n" +
            comment(
                "With a [[site]] in the file, flags and variables of a site are refused: this "
                "is the one place. There may be several.");
    for_each_in("site", [&text](const Option& option) { text += sample_entry(option); });
    text += sample_table("[site.auth]", "site.auth");
    text += sample_rules();
    text += sample_table("[[site.redirect]]", "site.redirect");
    text += sample_table("[[site.area]]", "site.area");
    text += "# listing = true\n";
    return text;
}

}  // namespace torc::config
