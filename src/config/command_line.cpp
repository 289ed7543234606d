#include <torc/base/ascii.hpp>
#include <torc/base/start_error.hpp>
#include <torc/config/command_line.hpp>

#include "check.hpp"
#include "configuration_text.hpp"
#include "make_settings.hpp"
#include "option_hints.hpp"
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

using namespace std::string_view_literals;

/// What the command line says of one option; CLI11 writes to it.
struct Written {
    /// The value of an option that takes one.
    std::string text;
    /// The values of a list.
    std::vector<std::string> list;
};

/// A toggle's names as CLI11 takes them, with what each means: "--listing{on},--no-listing{off}".
std::string toggle_names(const Option& option) {
    std::string names;
    for (const std::string_view name : names_of(option)) {
        names += fmt::format("{}{}{}", names.empty() ? "" : ",", name,
                             name.starts_with("--no-") ? "{off}" : "{on}");
    }
    return names;
}

void add_option(CLI::App& app, const Option& option, Written& written) {
    if (std::holds_alternative<Toggle>(option.kind)) {
        app.add_flag(toggle_names(option), written.text);
    } else if (const auto* list = std::get_if<List>(&option.kind)) {
        // One value each time, lest `torc -a ::1 ./site` take the directory for an address.
        app.add_option(std::string(option.flags), written.list)
            ->delimiter(list->delimiter)
            ->allow_extra_args(false);
    } else {
        app.add_option(std::string(option.flags), written.text);
    }
}

/// `written`: as many as there are options, in their order.
void add_options(CLI::App& app, std::span<Written> written) {
    for (std::size_t i = 0; i < options().size(); ++i) {
        const Option& option = options()[i];
        if (!option.flags.empty() && !std::holds_alternative<Question>(option.kind)) {
            add_option(app, option, written[i]);
        }
    }
    for (const std::string_view name : {"--check", "--print-config"}) {
        app.add_flag(std::string(option_named(name).flags));
    }
    // CLI11 has --help of its own.
    app.add_flag_callback(std::string(option_named("--version").flags),
                          [] { throw CLI::CallForVersion(); });
    // Unknown options are explained better than the parser does.
    app.allow_extras();
}

struct KnownNames {
    /// "--port".
    std::vector<std::string> options;
    /// "TORC_PORT".
    std::vector<std::string> variables;
};

KnownNames known_names() {
    KnownNames known;
    for (const Option& option : options()) {
        for (const std::string_view name : names_of(option)) {
            if (name.starts_with("--")) {
                known.options.emplace_back(name);
            }
        }
        if (!option.variable.empty()) {
            known.variables.emplace_back(option.variable);
        }
    }
    return known;
}

/// The arguments as the parser takes them. Other programs take "-p=3000", to which it is the value
/// "=3000"; and "-port", to which it is the option -p. Throws StartError for the latter.
std::vector<std::string> normalize(std::span<const char* const> arguments,
                                   const KnownNames& known) {
    std::vector<std::string> normal;
    if (!arguments.empty() && arguments.front() == "check"sv) {
        arguments = arguments.subspan(1);
        normal.emplace_back("--check");
    }
    bool may_be_option = true;
    for (std::string argument : arguments) {
        may_be_option = may_be_option && argument != "--";
        if (may_be_option && argument.size() > 2 && argument[0] == '-' && argument[1] != '-') {
            const std::string long_name = '-' + argument.substr(0, argument.find('='));
            if (std::ranges::find(known.options, long_name) != known.options.end()) {
                throw StartError(fmt::format("torc has no option {}; did you mean {}?",
                                             long_name.substr(1), long_name));
            }
            if (argument[2] == '=') {
                argument.erase(2, 1);
            }
        }
        normal.push_back(std::move(argument));
    }
    return normal;
}

/// Throws StartError for what the parser found no option and no place for.
void require_no_extras(std::vector<std::string> extras, std::string_view directory,
                       const KnownNames& known) {
    // The parser leaves the first "--" among them: what follows is a directory, whatever its name.
    const auto separator = std::ranges::find(extras, "--");
    // The value of an unknown option is an extra, or the directory.
    const auto unknown = std::find_if(
        extras.begin(), separator, [](const std::string& extra) { return extra.starts_with('-'); });
    if (unknown != separator) {
        throw StartError(explain_unknown_option(*unknown, known.options));
    }
    if (separator != extras.end()) {
        extras.erase(separator);
    }
    if (!extras.empty()) {
        if (!extras.front().empty() && std::ranges::all_of(extras.front(), is_digit)) {
            throw StartError(fmt::format("{0}: is it a port? Give it with its option: --port {0}",
                                         extras.front()));
        }
        throw StartError(
            fmt::format("{}: one directory is served, and {} is given already; see "
                        "torc --help",
                        extras.front(), directory));
    }
}

/// Explains that an option has too few values or too many. The parser tells which option it is by
/// the beginning of its message alone: "--port: ...".
std::string explain_mismatch(const CLI::App& app, const CLI::ArgumentMismatch& error) {
    const std::string_view message = error.what();
    const std::string name(message.substr(0, message.find(':')));
    const CLI::Option* const option = app.get_option_no_throw(name);
    if (option == nullptr) {
        return fmt::format("{}; see torc --help", message);
    }
    return option->count() > 1
               ? fmt::format("{} is given {} times; give it once", name, option->count())
               : fmt::format("{} needs a value; see torc --help", name);
}

/// A line for each variable TORC_... of the environment that nothing reads.
std::vector<std::string> find_unknown_variables(const KnownNames& known) {
    std::vector<std::string> warnings;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text(*variable);
        const std::string_view name = text.substr(0, text.find('='));
        if (!name.starts_with("TORC_") ||
            std::ranges::find(known.variables, name) != known.variables.end()) {
            continue;
        }
        const std::string_view nearest = nearest_name(name, known.variables);
        warnings.push_back(
            nearest.empty()
                ? fmt::format("{} is set, but there is no such option; see torc --help", name)
                : fmt::format("{} is set, but there is no such option; did you mean {}?", name,
                              nearest));
    }
    std::ranges::sort(warnings);
    return warnings;
}

std::string variable(std::string_view name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
    const char* const value = std::getenv(std::string(name).c_str());
    return value != nullptr ? value : "";
}

/// Adds what the command line says.
void add_written(GivenOptions& given, std::span<const Written> written) {
    for (std::size_t i = 0; i < options().size(); ++i) {
        const Option& option = options()[i];
        Given found{.source = Source::command_line, .name = std::string(name_of(option))};
        if (!written[i].text.empty()) {
            found.values.push_back({.text = written[i].text});
        }
        for (const std::string& text : written[i].list) {
            found.values.push_back({.text = text});
        }
        if (!found.values.empty()) {
            given.add(option, std::move(found));
        }
    }
}

/// Adds what the variable `name` says, unless it is not set or empty.
void add_variable(GivenOptions& given, const Option& option, std::string_view name) {
    const std::string text = variable(name);
    Given found{.source = Source::environment, .name = std::string(name)};
    if (const auto* list = std::get_if<List>(&option.kind)) {
        for (const auto part : std::views::split(text, list->delimiter)) {
            if (const std::string_view value(part); !value.empty()) {
                found.values.push_back({.text = std::string(value)});
            }
        }
    } else if (!text.empty()) {
        found.values.push_back({.text = text});
    }
    if (!found.values.empty()) {
        given.add(option, std::move(found));
    }
}

void add_environment(GivenOptions& given) {
    for (const Option& option : options()) {
        if (!option.variable.empty()) {
            add_variable(given, option, option.variable);
        }
    }
    // As hosting platforms set it.
    add_variable(given, option_named("--port"), "PORT");
}

/// Throws StartError where what is to be served is a configuration file whose option was left out.
void require_no_configuration_to_serve(const GivenOptions& given) {
    const Given* const directory = given.find(option_named("DIR"));
    if (directory == nullptr || given.find(option_named("--config")) != nullptr) {
        return;
    }
    const std::string& name = directory->values.front().text;
    std::error_code error;
    if (name.ends_with(".toml") && std::filesystem::is_regular_file(name, error)) {
        throw StartError(
            fmt::format("{0}: did you mean -c {0}? To serve a file of that name to everybody, give "
                        "its directory",
                        name));
    }
}

/// What is asked of a configuration.
enum class Ask : std::uint8_t { is_valid, what_it_is };

/// Notes what is given on the command line or by variables and no file can hold.
void check_writable(const GivenOptions& given, Problems& problems) {
    for (const Option& option : options()) {
        if (const Given* const found = given.find(option);
            found != nullptr && std::ranges::any_of(found->values, [](const Value& value) {
                return !can_be_written(value.text);
            })) {
            problems.add({}, fmt::format("{}: no configuration file can hold this value: it is no "
                                         "UTF-8, or has control characters in it",
                                         found->name));
        }
    }
}

/// All that `settings` were made of, as a configuration file.
std::string text_of(GivenConfiguration given, const Settings& settings) {
    // What follows from something else than the option itself.
    if (settings.shares) {
        given.options.add(option_named("--address"),
                          {.name = "--share", .values = {{.text = "0.0.0.0"}, {.text = "::"}}});
    }
    if (given.sites.empty()) {
        given.options.add(
            option_named("DIR"),
            {.name = "default", .values = {{.text = settings.sites.front().whole.directory}}});
    }
    return effective_configuration(given);
}

/// What there is to say of `settings`, which were made of `given`, instead of serving.
Verdict judge(Settings settings, GivenConfiguration given, Problems problems, Ask ask) {
    if (ask == Ask::what_it_is) {
        check_writable(given.options, problems);
    }
    if (!problems.all().empty()) {
        return {.settings = std::move(settings),
                .text = describe(problems, given.files) + '\n',
                .has_problems = true};
    }
    if (ask == Ask::is_valid) {
        std::string text =
            given.files.empty() ? "the options are valid\n" : given.files.front() + " is valid\n";
        check_writable(given.options, problems);
        std::string configuration = settings.admin && problems.all().empty()
                                        ? text_of(std::move(given), settings)
                                        : std::string();
        return {.settings = std::move(settings),
                .text = std::move(text),
                .configuration = std::move(configuration)};
    }
    std::string text = text_of(std::move(given), settings);
    return {.settings = std::move(settings), .text = std::move(text)};
}

}  // namespace

std::variant<Settings, Inquiry, Verdict> read_command_line(int argc, const char* const* argv) {
    const KnownNames known = known_names();
    std::vector<Written> written(options().size());
    CLI::App app("", "torc");
    add_options(app, written);
    try {
        auto arguments =
            normalize(std::span(argv, static_cast<std::size_t>(argc)).subspan(1), known);
        std::ranges::reverse(arguments);  // The parser takes them from the end.
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        return Inquiry::help;
    } catch (const CLI::CallForVersion&) {
        return Inquiry::version;
    } catch (const CLI::ArgumentMismatch& error) {
        throw StartError(explain_mismatch(app, error));
    } catch (const CLI::ParseError& error) {
        throw StartError(fmt::format("{}; see torc --help", error.what()));
    }
    GivenConfiguration given;
    add_written(given.options, written);
    add_environment(given.options);
    const Given* const directory = given.options.find(option_named("DIR"));
    require_no_extras(app.remaining(),
                      directory != nullptr ? directory->values.front().text : std::string(), known);
    require_no_configuration_to_serve(given.options);
    Problems problems;
    add_configuration(given, problems);
    const Output output = ::isatty(STDOUT_FILENO) != 0 ? Output::terminal : Output::other;
    Settings settings = make_settings(given, output, problems);
    for (const Problems::Problem& warning : problems.warnings()) {
        settings.warnings.push_back(describe(warning, given.files));
    }
    std::ranges::move(find_unknown_variables(known), std::back_inserter(settings.warnings));
    if (app.count("--print-config") > 0) {
        return judge(std::move(settings), std::move(given), std::move(problems), Ask::what_it_is);
    }
    if (app.count("--check") > 0) {
        return judge(std::move(settings), std::move(given), std::move(problems), Ask::is_valid);
    }
    if (!problems.all().empty()) {
        throw StartError(given.files.empty() ? problems.all().front().message
                                             : describe(problems, given.files));
    }
    if (settings.admin) {
        settings.text = text_of(std::move(given), settings);
    }
    return settings;
}

}  // namespace torc::config
