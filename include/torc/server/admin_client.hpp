#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/exit_code.hpp>
#include <torc/config/operator_command.hpp>

#include <string>

namespace torc::server {

/// Asks a running server what `command` says, by its admin socket, and prints what it responds.
/// Errors go to standard error. Gives stopped (0): done; failed_start (1): refused, or there is no
/// server; awaits_upgrade (4): a reload was applied, but some of it waits for an upgrade.
[[nodiscard]] ExitCode run_operator_command(const config::OperatorCommand& command);

/// What the server with that admin socket runs with, as a configuration file. Errors are those of
/// connect(2) and recv(2): ENOENT and ECONNREFUSED where none runs, EAGAIN where it does not
/// respond within 10 s; EPROTO: what responds there is no torc's admin socket.
[[nodiscard]] Result<std::string> read_running_configuration(const std::string& socket_path);

}  // namespace torc::server
