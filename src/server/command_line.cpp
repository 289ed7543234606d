#include <torc/io/backend.hpp>
#include <torc/server/command_line.hpp>
#include <torc/server/cpu_set.hpp>
#include <torc/server/start_error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace torc::server {
namespace {

constexpr unsigned workers_max = 1024;

constexpr const char* examples = R"(Examples:
  torc ./site                          serve ./site on http://127.0.0.1:8080/
  torc ./site -a 0.0.0.0 -a ::         to the whole network, on IPv4 and IPv6
  torc ./site -p 0                     on any free port, which is printed
  torc /srv/www -p 80 --access-log /var/log/torc/access.log

Each option can also be given by an environment variable: TORC_PORT for --port, TORC_ACCESS_LOG for
--access-log, and so on; lists are separated by commas. The command line wins.
SIGTERM or SIGINT (Ctrl-C) finishes what is in flight and exits; a second one stops at once.
)";

/// Options as they are written; some need a second look before they are settings.
struct RawOptions {
    std::string directory;
    std::string cpus;
    std::string access_log;
};

std::string version_text() {
#ifdef __clang__
    constexpr const char* compiler = "clang " __clang_version__;
#else
    constexpr const char* compiler = "g++ " __VERSION__;
#endif
    return fmt::format("torc {} ({})\n{}", TORC_VERSION, compiler, io::describe_kernel());
}

void add_options(CLI::App& app, Settings& settings, RawOptions& raw) {
    app.add_option("DIR", raw.directory,
                   "The directory to serve. The current one when standard output is a terminal; "
                   "elsewhere it must be named")
        ->envname("TORC_DIR");
    app.add_option("-p,--port", settings.port, "Port to listen on; 0: any that is free")
        ->envname("TORC_PORT")
        ->capture_default_str();
    app.add_option("-a,--address", settings.addresses,
                   "Address to listen on, may be given several times: 0.0.0.0 and :: are all of "
                   "this machine's. Default: 127.0.0.1 and ::1, this machine alone")
        ->envname("TORC_ADDRESS")
        ->delimiter(',')
        ->type_name("ADDRESS");
    app.add_option("--index", settings.load_rules.index_names,
                   "Name of the file that stands for a directory, may be given several times; the "
                   "first that exists is served")
        ->envname("TORC_INDEX")
        ->delimiter(',')
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--workers", settings.workers,
                   "How many workers; 0: one for each CPU that may be used")
        ->envname("TORC_WORKERS")
        ->check(CLI::Range(0U, workers_max))
        ->capture_default_str();
    app.add_option("--cpus", raw.cpus,
                   "CPUs to pin the workers to, such as 0-3,8. Default: all that the process may "
                   "run on")
        ->envname("TORC_CPUS")
        ->type_name("LIST");
    app.add_option("--io", settings.io,
                   "auto: io_uring, or epoll where that is forbidden or missing; uring; epoll")
        ->envname("TORC_IO")
        ->transform(
            CLI::CheckedTransformer(std::map<std::string, IoChoice>{{"auto", IoChoice::automatic},
                                                                    {"uring", IoChoice::uring},
                                                                    {"epoll", IoChoice::epoll}},
                                    CLI::ignore_case))
        ->option_text("auto|uring|epoll [auto]");
    app.add_option("--access-log", raw.access_log,
                   "Where to log requests, in the format `combined`: a file, - for standard "
                   "output, or off. Default: - when standard output is a terminal, else off")
        ->envname("TORC_ACCESS_LOG")
        ->type_name("FILE|-|off");
    app.add_option("--log-level", settings.log_level, "What to report on standard error")
        ->envname("TORC_LOG_LEVEL")
        ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
        ->option_text("debug|info|warn|error|off [info]");
    app.add_flag_callback(
        "-V,--version",
        [] {
            throw CLI::CallForVersion(version_text(), static_cast<int>(CLI::ExitCodes::Success));
        },
        "Print versions and what the kernel offers");
}

/// What is wrong only on a second look, or depends on the terminal.
void settle(Settings& settings, const RawOptions& raw) {
    const bool is_terminal = ::isatty(STDOUT_FILENO) != 0;
    if (!raw.directory.empty()) {
        settings.directory = raw.directory;
    } else if (!is_terminal) {
        // A service that was started in / would serve / to everybody.
        throw StartError(
            "no directory given; name the one to serve (torc DIR), since standard output is no "
            "terminal");
    }
    for (const std::string& name : settings.load_rules.index_names) {
        if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") {
            throw StartError(
                fmt::format("--index '{}': not a file name; give one like index.html", name));
        }
    }
    if (!raw.cpus.empty()) {
        settings.cpus = parse_cpu_list(raw.cpus);
    }
    if (raw.access_log.empty() ? is_terminal : raw.access_log == "-") {
        settings.access_log = "-";
    } else if (!raw.access_log.empty() && raw.access_log != "off") {
        settings.access_log = raw.access_log;
    }
}

}  // namespace

std::variant<Settings, EarlyExit> read_command_line(int argc, const char* const* argv) {
    Settings settings;
    RawOptions raw;
    CLI::App app("torc serves the files of a directory over HTTP/1.1.", "torc");
    app.footer(examples);
    app.get_formatter()->column_width(32);
    add_options(app, settings, raw);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        fmt::print("{}", app.help());
        return EarlyExit{.code = 0};
    } catch (const CLI::CallForVersion& version) {
        fmt::print("{}", version.what());
        return EarlyExit{.code = 0};
    } catch (const CLI::ParseError& error) {
        throw StartError(fmt::format("{}; see torc --help", error.what()));
    }
    settle(settings, raw);
    return settings;
}

}  // namespace torc::server
