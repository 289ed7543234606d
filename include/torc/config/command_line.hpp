#pragma once

#include <torc/config/settings.hpp>

#include <cstdint>
#include <string>
#include <variant>

namespace torc::config {

/// What the command line may ask for instead of a server.
enum class Inquiry : std::uint8_t { help, version };

/// What --check and --print-config come to.
struct Verdict {
    /// Valid only without problems.
    Settings settings;
    /// What is printed: of --check one line, of --print-config a configuration file. With problems
    /// a line for each.
    std::string text;
    bool has_problems = false;
    /// Of --check without problems: what `settings` were made of, as --print-config prints it, if
    /// there is an admin socket that shows what a server runs with and a file can hold it.
    std::string configuration{};
};

/// Reads the command line, the environment (TORC_PORT for --port, and so on) and the configuration
/// file that they name; the first of these that has a value wins. `argv` as in main. Throws
/// StartError for what makes no sense, with a line for each problem.
[[nodiscard]] std::variant<Settings, Inquiry, Verdict> read_command_line(int argc,
                                                                         const char* const* argv);

/// What Inquiry::help is about: all options, for a terminal of 100 columns.
[[nodiscard]] std::string help_text();

}  // namespace torc::config
