#pragma once

#include "options.hpp"

#include <array>
#include <string>
#include <string_view>

namespace torc::config {

// What the help and the manual page have in common beside the options.

inline constexpr std::string_view about_environment =
    "Each option can also be given by an environment variable: TORC_PORT for --port, "
    "TORC_ACCESS_LOG for --access-log, and so on, and TORC_DIR; lists are separated by commas "
    "(those of TORC_HEADER, TORC_CACHE_CONTROL and TORC_TYPE by line ends), and what takes no "
    "value is on or off. A flag wins over a variable, a variable over the configuration file.";
inline constexpr std::string_view about_sizes =
    "Sizes are bytes, or with a unit powers of 1024: 8k, 8KB and 8KiB are 8192 bytes; m, g and t "
    "too.";
inline constexpr std::string_view about_colours = "NO_COLOR keeps colours out of reports.";
inline constexpr std::string_view about_commands =
    "torc status, reload, reopen, upgrade, drain and stop reach a server that runs by its --admin "
    "socket: that of --admin, TORC_ADMIN or the configuration file (-c), or else "
    "/run/torc/admin.sock. torc reload ends when all is served by the new configuration, or says "
    "what is wrong with it. torc status --watch shows the page again every two seconds.";
inline constexpr std::string_view about_signals =
    "SIGTERM, SIGQUIT or SIGINT (Ctrl-C) finishes what is in flight (--drain-timeout); a second "
    "one stops at once. SIGHUP reads the configuration file anew, or without one does what SIGUSR1 "
    "does: opens the access log anew. SIGUSR2 has the program, which "
    "may be a newer one, take over without a connection lost.";
inline constexpr std::string_view about_exit_status =
    "Exit status: 0 stopped as told, 1 could not start for a reason outside of torc (starting "
    "again may "
    "help), 2 an option or variable makes no sense, 3 some connections were cut off. Of torc "
    "reload: 1 refused, and the old configuration serves, 4 applied, but some of it waits for an "
    "upgrade.";

struct Example {
    std::string_view command;
    std::string_view meaning;
};
inline constexpr std::array examples = {
    Example{"torc ./site", "serve ./site on http://127.0.0.1:8080/"},
    Example{"torc ./site --share", "the same to the whole network, on IPv4 and IPv6"},
    Example{"torc ./site -p 0", "on any free port"},
    Example{"torc ./dist --spa index.html", "a single-page application"},
    Example{"torc notes.pdf", "one file"},
    Example{"torc check -c torc.toml", "whether a configuration file is right"},
    Example{"torc /srv/www -p 80 --access-log /var/log/torc/access.log", ""}};

/// The heading over a group's options; empty: it has none.
[[nodiscard]] std::string_view title_of(Group group) noexcept;

/// Appends `words` to `text`, whose last line is `prefix` by now, and breaks it before those that
/// do not fit into 100 columns; each line begins with `prefix`, and the last one ends.
void append_folded(std::string& text, std::string_view words, std::string_view prefix);

/// What is said of an option, with its default in brackets.
[[nodiscard]] std::string text_of(const Option& option);

}  // namespace torc::config
