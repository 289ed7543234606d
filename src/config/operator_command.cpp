#include <torc/base/start_error.hpp>
#include <torc/config/operator_command.hpp>

#include "check.hpp"
#include "given_configuration.hpp"
#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <utility>

namespace torc::config {
namespace {

using namespace std::string_view_literals;

/// By OperatorCommand::Kind.
constexpr std::array words = {"status"sv, "reload"sv, "reopen"sv, "upgrade"sv, "drain"sv, "stop"sv};
constexpr std::string_view socket_prefix = "unix:";

/// What the command line says.
struct Said {
    std::string admin;
    std::string configuration_file;
};

std::string variable(const char* name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

/// Takes the value of `argument`, which is "--admin=…" or stands before it; nothing: it is none of
/// `names`.
std::optional<std::string> take_value(std::span<const char* const>& arguments,
                                      std::initializer_list<std::string_view> names) {
    const std::string_view argument = arguments.front();
    for (const std::string_view name : names) {
        if (argument == name) {
            if (arguments.size() < 2) {
                throw StartError(fmt::format("{} needs a value", name));
            }
            arguments = arguments.subspan(2);
            return arguments.data()[-1];
        }
        if (argument.starts_with(name) && argument.substr(name.size()).starts_with('=')) {
            arguments = arguments.subspan(1);
            return std::string(argument.substr(name.size() + 1));
        }
    }
    return std::nullopt;
}

Said read_arguments(std::span<const char* const> arguments, OperatorCommand& command) {
    Said said;
    while (!arguments.empty()) {
        const std::string_view argument = arguments.front();
        if (auto admin = take_value(arguments, {"--admin"})) {
            said.admin = *std::move(admin);
        } else if (auto file = take_value(arguments, {"--config", "-c"})) {
            said.configuration_file = *std::move(file);
        } else if (argument == "--json") {
            command.format = OperatorCommand::Format::json;
            arguments = arguments.subspan(1);
        } else if (argument == "--watch" && command.kind == OperatorCommand::Kind::status) {
            command.repeat = OperatorCommand::Repeat::until_interrupted;
            arguments = arguments.subspan(1);
        } else {
            const std::string_view word = word_of(command.kind);
            throw StartError(fmt::format(
                "torc {0}: {1} makes no sense here; it takes --admin, --config, --json{2}. To "
                "serve a directory of that name: torc ./{0}",
                word, argument,
                command.kind == OperatorCommand::Kind::status ? " and --watch" : ""));
        }
    }
    return said;
}

/// What the configuration file says, whatever else is wrong with it; empty: nothing.
std::string admin_of_file(const std::string& file) {
    GivenConfiguration given;
    given.options.add(
        option_named("--config"),
        {.source = Source::command_line, .name = "--config", .values = {{.text = file}}});
    Problems problems;
    add_configuration(given, problems);
    const Given* const admin = given.options.find(option_named("--admin"));
    return admin != nullptr && !admin->values.empty() ? admin->values.front().text : "";
}

}  // namespace

std::string_view word_of(OperatorCommand::Kind kind) noexcept {
    return words.at(static_cast<std::size_t>(kind));
}

std::string admin_socket_path(std::string_view admin) {
    return std::string(admin.starts_with(socket_prefix) ? admin.substr(socket_prefix.size())
                                                        : admin);
}

std::optional<OperatorCommand> read_operator_command(int argc, const char* const* argv) {
    const auto arguments = std::span(argv, static_cast<std::size_t>(argc)).subspan(1);
    const auto word = arguments.empty()
                          ? words.end()
                          : std::ranges::find(words, std::string_view(arguments.front()));
    if (word == words.end()) {
        return std::nullopt;
    }
    OperatorCommand command{.kind = static_cast<OperatorCommand::Kind>(word - words.begin())};
    Said said = read_arguments(arguments.subspan(1), command);
    if (said.admin.empty()) {
        said.admin = variable("TORC_ADMIN");
    }
    if (said.configuration_file.empty()) {
        said.configuration_file = variable("TORC_CONFIG");
    }
    if (said.admin.empty() && !said.configuration_file.empty()) {
        said.admin = admin_of_file(said.configuration_file);
        if (said.admin == "off") {
            throw StartError(
                fmt::format("{}: server.admin is \"off\": the server that runs by it "
                            "can't be reached",
                            said.configuration_file));
        }
    }
    if (std::string path = admin_socket_path(said.admin); !path.empty()) {
        command.socket_path = std::move(path);
    }
    return command;
}

}  // namespace torc::config
