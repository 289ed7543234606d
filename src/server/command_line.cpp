#include <torc/io/backend.hpp>
#include <torc/server/command_line.hpp>
#include <torc/server/cpu_set.hpp>
#include <torc/server/start_error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace torc::server {
namespace {

constexpr unsigned workers_max = 1024;
constexpr unsigned port_max = 65'535;

/// By hand, not by the parser's formatter, which does not fold lines. A test holds it against the
/// options.
constexpr std::string_view help_text = R"(torc serves the files of a directory over HTTP/1.1.

Usage: torc [OPTIONS] [DIR]

  DIR                     The directory to serve. Default: the current one, but only when standard
                          output is a terminal; elsewhere it must be named.

Where it listens:
  -p, --port PORT         Port to listen on; 0: any that is free, which is printed. [8080]
  -a, --address ADDRESS   Address to listen on; may be given several times. 0.0.0.0 and :: are all
                          addresses of this machine. [127.0.0.1 and ::1: this machine alone]

What it serves:
      --index NAME        File that stands for its directory; may be given several times, and the
                          first that exists is served. [index.html]

How it runs:
      --workers N         Number of workers; 0: one for each CPU that may be used. [0]
      --cpus LIST         CPUs to pin the workers to, such as 0-3,8. [all that may be used]
      --io BACKEND        uring, epoll, or auto: io_uring, and epoll where that is forbidden or
                          missing. [auto]

What it tells:
      --access-log FILE   Where to log requests, in the format `combined`: a file, - for standard
                          output, or off. [- when standard output is a terminal, else off]
      --log-level LEVEL   What to report on standard error: debug, info, warn, error, off. [info]
  -V, --version           Print versions and what the kernel offers.
  -h, --help              Print this.

Each option can also be given by an environment variable: TORC_PORT for --port, TORC_ACCESS_LOG for
--access-log, and so on, and TORC_DIR; lists are separated by commas. The command line wins.

SIGTERM or SIGINT (Ctrl-C) finishes what is in flight, for at most 30 s; a second one stops at once.
Exit status: 0 stopped as told, 1 could not start, 2 some connections were cut off.

Examples:
  torc ./site                          serve ./site on http://127.0.0.1:8080/
  torc ./site -a 0.0.0.0 -a ::         the same to the whole network, on IPv4 and IPv6
  torc ./site -p 0                     on any free port
  torc /srv/www -p 80 --access-log /var/log/torc/access.log
)";

/// Options as they are written; `settle` makes settings of them.
struct RawOptions {
    std::string directory;
    std::string port;
    std::vector<std::string> addresses;
    std::vector<std::string> index_names;
    std::string workers;
    std::string cpus;
    std::string io;
    std::string access_log;
    std::string log_level;
};

std::string version_text() {
#ifdef __clang__
    constexpr const char* compiler = "clang " __clang_version__;
#else
    constexpr const char* compiler = "g++ " __VERSION__;
#endif
    return fmt::format("torc {} ({})\n{}", TORC_VERSION, compiler, io::describe_kernel());
}

void add_options(CLI::App& app, RawOptions& raw) {
    app.add_option("DIR", raw.directory)->envname("TORC_DIR");
    app.add_option("-p,--port", raw.port)->envname("TORC_PORT");
    // One value each time, lest `torc -a ::1 ./site` take the directory for an address.
    app.add_option("-a,--address", raw.addresses)
        ->envname("TORC_ADDRESS")
        ->delimiter(',')
        ->allow_extra_args(false);
    app.add_option("--index", raw.index_names)
        ->envname("TORC_INDEX")
        ->delimiter(',')
        ->allow_extra_args(false);
    app.add_option("--workers", raw.workers)->envname("TORC_WORKERS");
    app.add_option("--cpus", raw.cpus)->envname("TORC_CPUS");
    app.add_option("--io", raw.io)->envname("TORC_IO");
    app.add_option("--access-log", raw.access_log)->envname("TORC_ACCESS_LOG");
    app.add_option("--log-level", raw.log_level)->envname("TORC_LOG_LEVEL");
    app.add_flag_callback("-V,--version", [] {
        throw CLI::CallForVersion(version_text(), static_cast<int>(CLI::ExitCodes::Success));
    });
}

unsigned parse_number(std::string_view option, std::string_view text, unsigned max) {
    unsigned number = 0;
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || after != end || number > max) {
        throw StartError(fmt::format("{} {}: give a number from 0 to {}", option, text, max));
    }
    return number;
}

template <typename Choice, std::size_t Count>
Choice choose(std::string_view option, std::string_view text,
              const std::array<std::pair<std::string_view, Choice>, Count>& choices) {
    std::vector<std::string_view> names;
    for (const auto& [name, choice] : choices) {
        if (name == text) {
            return choice;
        }
        names.push_back(name);
    }
    throw StartError(fmt::format("{} {}: give one of {}", option, text, fmt::join(names, ", ")));
}

void require_file_name(const std::string& name) {
    if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") {
        throw StartError(
            fmt::format("--index '{}': not a file name; give one like index.html", name));
    }
}

void settle_directory(Settings& settings, const RawOptions& raw, bool is_terminal) {
    if (!raw.directory.empty()) {
        settings.directory = raw.directory;
    } else if (!is_terminal) {
        // A service that was started in / would serve / to everybody.
        throw StartError(
            "no directory given; name the one to serve (torc DIR), since standard output is no "
            "terminal");
    }
}

void settle_access_log(Settings& settings, const RawOptions& raw, bool is_terminal) {
    const std::string fallback = is_terminal ? "-" : "off";
    const std::string& target = raw.access_log.empty() ? fallback : raw.access_log;
    if (target != "off") {
        settings.access_log = target;
    }
}

Settings settle(const RawOptions& raw) {
    using namespace std::string_view_literals;
    static constexpr std::array io_choices = {std::pair{"auto"sv, IoChoice::automatic},
                                              std::pair{"uring"sv, IoChoice::uring},
                                              std::pair{"epoll"sv, IoChoice::epoll}};
    static constexpr std::array log_levels = {
        std::pair{"debug"sv, LogLevel::debug}, std::pair{"info"sv, LogLevel::info},
        std::pair{"warn"sv, LogLevel::warn}, std::pair{"error"sv, LogLevel::error},
        std::pair{"off"sv, LogLevel::off}};
    const bool is_terminal = ::isatty(STDOUT_FILENO) != 0;
    Settings settings;
    settle_directory(settings, raw, is_terminal);
    if (!raw.port.empty()) {
        settings.port = static_cast<std::uint16_t>(parse_number("--port", raw.port, port_max));
    }
    settings.addresses = raw.addresses;
    if (!raw.index_names.empty()) {
        for (const std::string& name : raw.index_names) {
            require_file_name(name);
        }
        settings.load_rules.index_names = raw.index_names;
    }
    if (!raw.workers.empty()) {
        settings.workers = parse_number("--workers", raw.workers, workers_max);
    }
    if (!raw.cpus.empty()) {
        settings.cpus = parse_cpu_list(raw.cpus);
    }
    if (!raw.io.empty()) {
        settings.io = choose("--io", raw.io, io_choices);
    }
    settle_access_log(settings, raw, is_terminal);
    if (!raw.log_level.empty()) {
        settings.log_level = choose("--log-level", raw.log_level, log_levels);
    }
    return settings;
}

}  // namespace

std::variant<Settings, EarlyExit> read_command_line(int argc, const char* const* argv) {
    RawOptions raw;
    CLI::App app("", "torc");
    add_options(app, raw);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        fmt::print("{}", help_text);
        return EarlyExit{.code = 0};
    } catch (const CLI::CallForVersion& version) {
        fmt::print("{}", version.what());
        return EarlyExit{.code = 0};
    } catch (const CLI::ParseError& error) {
        throw StartError(fmt::format("{}; see torc --help", error.what()));
    }
    return settle(raw);
}

}  // namespace torc::server
