#include <torc/base/start_error.hpp>
#include <torc/config/command_line.hpp>
#include <torc/config/reload.hpp>

#include "live_values.hpp"
#include "options.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace torc::config {

std::vector<std::string> keep_until_restart(const Settings& running, Settings& next) {
    std::vector<std::string> pending;
    for (const LiveValue& value : live_values()) {
        if (option_with_key(value.key).liveness == Liveness::live) {
            continue;
        }
        const std::string before = value.text(running);
        const std::string after = value.text(next);
        if (before != after) {
            pending.push_back(fmt::format("{}: {} → {} takes effect at the next start", value.key,
                                          before, after));
        }
        value.copy(running, next);
    }
    return pending;
}

std::expected<Reloaded, std::string> reload_settings(int argc, const char* const* argv,
                                                     const Settings& running) {
    if (running.configuration_file == "-") {
        return std::unexpected(
            "the configuration was read from standard input, which can't be read again");
    }
    try {
        auto read = read_command_line(argc, argv);
        auto* const settings = std::get_if<Settings>(&read);
        if (settings == nullptr) {
            return std::unexpected("the command line asks for no server");
        }
        std::vector<std::string> pending = keep_until_restart(running, *settings);
        return Reloaded{.settings = std::move(*settings), .pending = std::move(pending)};
    } catch (const StartError& error) {
        return std::unexpected(error.what());
    }
}

}  // namespace torc::config
