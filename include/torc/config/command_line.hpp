#pragma once

#include <torc/config/settings.hpp>

#include <cstdint>
#include <string>
#include <variant>

namespace torc::config {

/// What the command line may ask for instead of a server.
enum class Inquiry : std::uint8_t { help, version };

/// Reads the command line and the environment (TORC_PORT for --port, and so on; a flag wins).
/// `argv` as in main. Throws StartError for what makes no sense.
[[nodiscard]] std::variant<Settings, Inquiry> read_command_line(int argc, const char* const* argv);

/// The answer to Inquiry::help: all options, for a terminal of 100 columns.
[[nodiscard]] std::string help_text();

}  // namespace torc::config
