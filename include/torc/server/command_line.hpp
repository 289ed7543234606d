#pragma once

#include <torc/server/settings.hpp>

#include <variant>

namespace torc::server {

/// What the command line asked for instead of a server: help or a version, already printed, or an
/// error, already explained.
struct EarlyExit {
    int code = 0;
};

/// Reads the command line and the environment (TORC_PORT for --port, and so on; a flag wins).
/// Prints help, versions and errors. `argv` as in main. Throws StartError for a value that only
/// more than its syntax shows to be wrong.
[[nodiscard]] std::variant<Settings, EarlyExit> read_command_line(int argc,
                                                                  const char* const* argv);

}  // namespace torc::server
