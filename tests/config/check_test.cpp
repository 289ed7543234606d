#include "config/command_line_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

using Check = test::CommandLineTest;

std::string read_file(const std::filesystem::path& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

TEST_F(Check, SaysThePlaceOfEachErrorOfBrokenFiles) {
    const std::filesystem::path data = std::filesystem::path(TORC_SOURCE) / "tests/data/config";
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
        if (entry.path().extension() != ".toml") {
            continue;
        }
        ++count;
        SCOPED_TRACE(entry.path().filename().string());
        const std::vector<std::string> expected =
            lines_of(read_file(std::filesystem::path(entry.path()).replace_extension(".expected")));
        const bool has_site = read_file(entry.path()).contains("[[site]]");
        std::vector<std::string> arguments = {"check", "-c", entry.path().string()};
        if (!has_site) {
            arguments.emplace_back("./site");
        }
        const Verdict found = std::get<Verdict>(read(arguments));
        EXPECT_TRUE(found.has_problems);
        std::vector<std::string> lines = lines_of(found.text);
        EXPECT_LE(lines.size(), 21U);
        // Of many, some stand for all.
        EXPECT_GE(lines.size(), expected.size()) << found.text;
        for (const std::string& line : expected) {
            const std::string start =
                line.starts_with("and ") ? line : entry.path().string() + ':' + line;
            EXPECT_TRUE(std::ranges::any_of(
                lines, [&](const std::string& each) { return each.starts_with(start); }))
                << start << "\n"
                << found.text;
        }
        EXPECT_TRUE(lines.size() == expected.size() || lines.size() == 21U) << found.text;
    }
    EXPECT_GE(count, 150U);
}

TEST_F(Check, FindsTheExamplesRightAndThemselvesAgain) {
    const std::filesystem::path examples = std::filesystem::path(TORC_SOURCE) / "config/examples";
    const torc::test::TemporaryDirectory directory;
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(examples)) {
        if (entry.path().extension() != ".toml") {
            continue;  // A directory, or another program's.
        }
        ++count;
        const std::string name = entry.path().string();
        SCOPED_TRACE(name);
        EXPECT_EQ(std::get<Verdict>(read({"check", "-c", name})).text, name + " is valid\n");
        const Verdict printed = std::get<Verdict>(read({"-T", "-c", name}));
        ASSERT_FALSE(printed.has_problems) << printed.text;
        const std::string again = directory.write("again.toml", printed.text).string();
        EXPECT_EQ(std::get<Verdict>(read({"check", "-c", again})).text, again + " is valid\n");
    }
    EXPECT_GE(count, 7U);
}

}  // namespace
}  // namespace torc::config
