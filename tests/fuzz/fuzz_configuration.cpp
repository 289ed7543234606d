#include <torc/base/assert.hpp>

#include "configuration_file.hpp"
#include "configuration_text.hpp"
#include "make_settings.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The input is a configuration file. What holds for each:
// - it is refused with positions that are in it, or
// - it makes settings, and what it comes to, written as a file, makes the same again.

namespace {

using torc::config::effective_configuration;
using torc::config::FileRole;
using torc::config::GivenConfiguration;
using torc::config::make_settings;
using torc::config::Output;
using torc::config::parse_configuration;
using torc::config::Problems;

/// What the sites of a file are made of, in words that are the same for the same settings.
GivenConfiguration parse(std::string_view text, Problems& problems) {
    GivenConfiguration given{.files = {"file"}};
    parse_configuration(text, 0, FileRole::named, given, problems);
    (void)make_settings(given, Output::terminal, problems);
    return given;
}

/// A configuration file without what tells the origins, which are lines of it.
std::string without_origins(std::string_view text) {
    std::string bare;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        bare += line.substr(0, line.rfind("  # "));
        bare += '\n';
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return bare;
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
    const GivenConfiguration given = parse(text, problems);
    if (!problems.all().empty()) {
        for (const auto& [position, message] : problems.all()) {
            TORC_ASSERT(position.line > 0 && position.line <= size + 1 && position.column > 0);
            TORC_ASSERT(!message.empty());
        }
        return 0;
    }
    const std::string written = effective_configuration(given);
    const GivenConfiguration again = parse(written, problems);
    TORC_ASSERT(problems.all().empty());
    TORC_ASSERT(again.sites.size() == given.sites.size());
    TORC_ASSERT(without_origins(effective_configuration(again)) == without_origins(written));
    return 0;
}
