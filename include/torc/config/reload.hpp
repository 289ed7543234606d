#pragma once

#include <torc/config/settings.hpp>

#include <expected>
#include <string>
#include <vector>

namespace torc::config {

/// What a configuration that was read again comes to in a process that runs.
struct Reloaded {
    /// Those to run with: what takes effect at the next start alone is as it was.
    Settings settings;
    /// What that is, a line each: "server.workers: 2 → 4 takes effect at the next start".
    std::vector<std::string> pending;
};

/// Reads the configuration file again that the command line names, with the same flags and
/// environment. `argv` as for read_command_line, `running`: what that gave, or the last reload, as
/// it was then. The error has a line for each problem, without an end after the last one ("the
/// configuration was read from standard input, which can't be read again"). Reads files, so it may
/// wait for them; neither ends the process nor changes anything in it.
[[nodiscard]] std::expected<Reloaded, std::string> reload_settings(int argc,
                                                                   const char* const* argv,
                                                                   const Settings& running);

/// Gives `next` the values of `running` in what a new process alone can change. A line for each
/// that differs, as in Reloaded.
[[nodiscard]] std::vector<std::string> keep_until_restart(const Settings& running, Settings& next);

}  // namespace torc::config
