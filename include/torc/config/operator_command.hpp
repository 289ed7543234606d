#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace torc::config {

/// What an operator asks of a server that runs: `torc status`, `torc reload` and so on.
struct OperatorCommand {
    enum class Kind : std::uint8_t { status, reload, reopen, upgrade, drain, stop };
    enum class Format : std::uint8_t { text, json };
    enum class Repeat : std::uint8_t { once, until_interrupted };

    Kind kind = Kind::status;
    /// Path of the server's admin socket.
    std::string socket_path = "/run/torc/admin.sock";
    Format format = Format::text;
    Repeat repeat = Repeat::once;
};

/// "status".
[[nodiscard]] std::string_view word_of(OperatorCommand::Kind kind) noexcept;

/// The path of the socket that `admin` names as server.admin does, "unix:/run/torc/admin.sock", or
/// without its prefix.
[[nodiscard]] std::string admin_socket_path(std::string_view admin);

/// The command of a command line whose first argument is one's word; nothing: it is none. `argv` as
/// in main. The socket is that of --admin, or else of TORC_ADMIN, or else of the configuration file
/// that --config or TORC_CONFIG names, or else the default. Throws StartError for what makes no
/// sense.
[[nodiscard]] std::optional<OperatorCommand> read_operator_command(int argc,
                                                                   const char* const* argv);

}  // namespace torc::config
