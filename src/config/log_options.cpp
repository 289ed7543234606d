#include "options.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace torc::config {
namespace {

using namespace std::string_view_literals;

constexpr std::array level_words = {"debug"sv, "info"sv, "warn"sv, "error"sv, "off"sv};
constexpr std::array levels = {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error,
                               LogLevel::off};

void set_access_log(const Destination& destination, AccessLogSettings log) {
    destination.settings.access_log = std::move(log);
}

constexpr std::array rows = {
    Option{.flags = "--access-log",
           .variable = "TORC_ACCESS_LOG",
           .key = "server.log.access",
           .value_name = "FILE",
           .group = Group::reporting,
           .default_note = "- when standard output is a terminal, else off",
           .example = "/var/log/torc/access.log",
           .kind = LogTarget{set_access_log},
           .help = "Where to log requests: a file, - for standard output, or off. In a "
                   "configuration file there may be a table of file and format in its place."},
    // In a file it is given with the log: { file = "...", format = "json" }.
    Option{.flags = "--access-log-format",
           .variable = "TORC_ACCESS_LOG_FORMAT",
           .value_name = "FORMAT",
           .group = Group::reporting,
           .default_value = "combined",
           .kind = Choice{log_format_words,
                          [](const Destination& destination, std::size_t index) {
                              destination.settings.access_log.format =
                                  static_cast<LogFormat>(index);
                          }},
           .help = "What to log of each request: combined, combined-plus (the host and the times "
                   "behind it) or json."},
    Option{.flags = "--log-level",
           .variable = "TORC_LOG_LEVEL",
           .key = "server.log.level",
           .value_name = "LEVEL",
           .group = Group::reporting,
           .default_value = "info",
           .kind = Choice{level_words,
                          [](const Destination& destination, std::size_t index) {
                              destination.settings.log_level = levels.at(index);
                          }},
           .help = "What to report on standard error: debug, info, warn, error, off."},
};

}  // namespace

std::span<const Option> log_options() noexcept {
    return rows;
}

}  // namespace torc::config
