#include <torc/base/assert.hpp>

#include "configuration_file.hpp"
#include "configuration_text.hpp"
#include "options.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The input is a configuration file. What holds for each:
// - it is refused with positions that are in it, or
// - it makes settings, and what it comes to, written as a file, makes the same again.

namespace {

using torc::config::effective_configuration;
using torc::config::FileContents;
using torc::config::GivenOptions;
using torc::config::make_settings;
using torc::config::Option;
using torc::config::options;
using torc::config::Output;
using torc::config::parse_configuration;
using torc::config::Problems;

std::vector<std::string> texts_of(const GivenOptions& given, const Option& option) {
    std::vector<std::string> texts;
    for (const auto& [text, position] : given.find(option)->values) {
        texts.push_back(text);
    }
    return texts;
}

/// So that what nests deeper than any stack is not tried; the server takes what its user trusts.
constexpr std::size_t input_bytes_max = std::size_t{16} * 1024;

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (size > input_bytes_max) {
        return 0;
    }
    Problems problems;
    const FileContents contents = parse_configuration(text, problems);
    (void)make_settings(contents.given, Output::terminal, problems);
    if (!problems.all().empty()) {
        for (const auto& [position, message] : problems.all()) {
            TORC_ASSERT(position.line > 0 && position.line <= size + 1 && position.column > 0);
            TORC_ASSERT(!message.empty());
        }
        return 0;
    }
    const std::string written = effective_configuration(contents.given, "file");
    const FileContents again = parse_configuration(written, problems);
    (void)make_settings(again.given, Output::terminal, problems);
    TORC_ASSERT(problems.all().empty());
    TORC_ASSERT(again.has_site == contents.has_site);
    for (const Option& option : options()) {
        TORC_ASSERT(contents.given.find(option) == nullptr ||
                    texts_of(contents.given, option) == texts_of(again.given, option));
    }
    return 0;
}
