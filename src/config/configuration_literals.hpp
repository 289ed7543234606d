#pragma once

#include "options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace torc::config {

// What configuration files are written of.

/// A string of TOML, in which everything is itself.
[[nodiscard]] std::string quote(std::string_view text);

/// A value of TOML of what was written on the command line.
[[nodiscard]] std::string literal_of(const Option& option, const std::vector<std::string>& texts);

/// The values of a default or an example.
[[nodiscard]] std::vector<std::string> values_in(const Option& option, std::string_view text);

/// "server.timeouts" of "server.timeouts.idle".
[[nodiscard]] std::string_view table_of(const Option& option);

/// "idle" of "server.timeouts.idle".
[[nodiscard]] std::string_view last_part(const Option& option);

/// All tables of the server, each before those inside of it.
[[nodiscard]] std::vector<std::string_view> server_tables();

/// The lines of a rule that says what one value of `option`, that of a flag, does.
[[nodiscard]] std::vector<std::string> rule_lines(const Option& option, const std::string& text);

/// Calls `write` for each option with a key in this table.
void for_each_in(std::string_view table, const auto& write) {
    for (const Option& option : options()) {
        if (!option.key.empty() && table_of(option) == table) {
            write(option);
        }
    }
}

}  // namespace torc::config
