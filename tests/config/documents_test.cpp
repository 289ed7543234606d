#include <torc/config/command_line.hpp>

#include "configuration_file.hpp"
#include "configuration_text.hpp"
#include "make_settings.hpp"
#include "manual_page.hpp"
#include "options.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

std::string read_file(const std::string& name) {
    std::ifstream stream(std::filesystem::path(TORC_SOURCE) / name);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// The flags that `text` names, such as "-p" and "--port".
std::set<std::string> flags_in(const std::string& text) {
    static const std::regex flag("(^|[^-A-Za-z0-9])(--?[A-Za-z][-a-z]*)");
    std::set<std::string> flags;
    for (auto at = std::sregex_iterator(text.begin(), text.end(), flag);
         at != std::sregex_iterator(); ++at) {
        flags.insert((*at)[2]);
    }
    return flags;
}

std::set<std::string> all_flags() {
    std::set<std::string> flags;
    for (const Option& option : options()) {
        for (const std::string_view name : names_of(option)) {
            if (name.starts_with('-')) {
                flags.emplace(name);
            }
        }
    }
    return flags;
}

struct Row {
    std::string names;
    std::string fallback;
};

/// The table of options in README.
std::vector<Row> readme_rows() {
    std::istringstream lines(read_file("README.md"));
    std::vector<Row> rows;
    bool is_inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (line == "| option | default | meaning |") {
            is_inside = true;
        } else if (is_inside && !line.starts_with('|')) {
            break;
        } else if (is_inside && !line.starts_with("| ---")) {
            // A bar inside of a cell is escaped.
            const std::regex bar(R"(([^\\])\|)");
            std::istringstream cells(std::regex_replace(line.substr(1), bar, "$1\n"));
            Row row;
            std::getline(cells, row.names);
            std::getline(cells, row.fallback);
            rows.push_back(row);
        }
    }
    return rows;
}

TEST(Documents, ReadmeHasEveryOptionAndNoOther) {
    std::set<std::string> flags;
    for (const Row& row : readme_rows()) {
        flags.merge(flags_in(row.names));
    }
    EXPECT_EQ(flags, all_flags());
}

TEST(Documents, ReadmeTellsTheDefaults) {
    const std::vector<Row> rows = readme_rows();
    for (const Option& option : options()) {
        if (option.flags.empty()) {
            continue;
        }
        const std::string name(name_of(option));
        const auto row = std::ranges::find_if(
            rows, [&](const Row& each) { return each.names.contains("`" + name); });
        ASSERT_NE(row, rows.end()) << name;
        if (option.default_value.empty()) {
            continue;
        }
        std::string value(option.default_value);
        if (!std::holds_alternative<Toggle>(option.kind)) {
            value.insert(0, 1, '`') += '`';
        }
        EXPECT_TRUE(row->fallback.contains(value)) << name << ": " << row->fallback;
    }
}

TEST(Documents, TheHelpHasEveryOption) {
    const std::string text = help_text();
    for (const Option& option : options()) {
        for (const std::string_view name : names_of(option)) {
            EXPECT_TRUE(std::regex_search(
                text, std::regex("\n +(-., )*(--[-a-z]+, )*" + std::string(name) + "[ ,\n]")))
                << name;
        }
    }
}

/// All problems of a configuration file.
std::string problems_of(const std::string& text) {
    Problems problems;
    GivenConfiguration given;
    parse_configuration(text, 0, FileRole::named, given, problems);
    (void)make_settings(given, Output::terminal, problems);
    std::string messages;
    for (const auto& [position, message] : problems.all()) {
        messages += std::to_string(position.line) + ": " + message + '\n';
    }
    return messages;
}

TEST(Documents, TheConfigurationFileWithEverySettingIsThatOfTheOptions) {
    const std::string text = read_file("config/torc.toml");
    EXPECT_EQ(text, sample_configuration()) << "run scripts/documents";
    EXPECT_EQ(problems_of(text), "");
    // With every setting in force, one at a time: some would contradict each other.
    const std::string all = std::regex_replace(
        text, std::regex("\n# (\\[+(site|defaults)[a-z._]*\\]+|[a-z_]+ = [^\n]*)"), "\n$1");
    EXPECT_EQ(problems_of(std::regex_replace(all, std::regex("\nhost = [^\n]*"), "")), "");
    for (const Option& option : options()) {
        const std::string key(option.key.substr(option.key.rfind('.') + 1));
        EXPECT_TRUE(key.empty() || all.contains("\n" + key + " = ")) << option.key;
    }
}

TEST(Documents, TheConfigurationPageHasEveryKeyAndNoOther) {
    const std::string text = read_file("docs/configuration.md");
    std::set<std::string> keys;
    const std::regex row("\n\\| `([a-z._]+)` \\|[^|]*\\|([^|]*)\\|");
    for (auto at = std::sregex_iterator(text.begin(), text.end(), row);
         at != std::sregex_iterator(); ++at) {
        const std::string key = (*at)[1];
        EXPECT_TRUE(keys.insert(key).second) << key;
        const auto option = std::ranges::find(options(), key, &Option::key);
        ASSERT_NE(option, options().end()) << key;
        EXPECT_TRUE((*at)[2].str().contains(option->default_value)) << key;
    }
    for (const Option& option : options()) {
        EXPECT_TRUE(option.key.empty() || keys.contains(std::string(option.key))) << option.key;
    }
}

TEST(Documents, TheConfigurationPageHasExamplesThatAreRight) {
    const std::string text = read_file("docs/configuration.md");
    std::size_t examples = 0;
    constexpr std::string_view fence = "```toml\n";
    for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
        at += fence.size();
        EXPECT_EQ(problems_of(text.substr(at, text.find("```", at) - at)), "");
        ++examples;
    }
    EXPECT_GT(examples, 0U);
    // Those of single keys, in the tables.
    const std::regex row("\n\\| `(server[a-z._]+)` \\|[^|]*\\|[^|]*\\| `([^`]*)` \\|");
    for (auto at = std::sregex_iterator(text.begin(), text.end(), row);
         at != std::sregex_iterator(); ++at) {
        EXPECT_EQ(problems_of("version = 1\n" + (*at)[1].str() + " = " + (*at)[2].str() + '\n'),
                  "");
    }
}

TEST(Documents, TheManualPageIsThatOfTheOptions) {
    EXPECT_EQ(read_file("docs/torc.1"), manual_page()) << "run scripts/documents";
}

}  // namespace
}  // namespace torc::config
