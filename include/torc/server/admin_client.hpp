#pragma once

#include <torc/base/exit_code.hpp>
#include <torc/config/operator_command.hpp>

#include <string>

namespace torc::server {

/// Asks a running server what `command` says, by its admin socket, and prints what it responds.
/// Errors go to standard error. Gives stopped (0): done; failed_start (1): refused, or there is no
/// server; awaits_upgrade (4): a reload was applied, but some of it waits for an upgrade.
[[nodiscard]] ExitCode run_operator_command(const config::OperatorCommand& command);

}  // namespace torc::server
