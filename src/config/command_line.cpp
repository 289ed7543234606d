#include <torc/base/ascii.hpp>
#include <torc/base/start_error.hpp>
#include <torc/config/command_line.hpp>

#include "option_hints.hpp"
#include "raw_options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

/// By hand, not by the parser's formatter, which does not fold lines. A test holds it against the
/// options.
constexpr std::string_view help =
    R"(torc serves the files of a directory, or one file, over HTTP/1.1.

Usage: torc [OPTIONS] [--] [DIR | FILE]

  DIR                     The directory to serve. Default: the current one, but only when standard
                          output is a terminal; elsewhere it must be named. One whose name begins
                          with - comes after --.
  FILE                    Or the one file to serve, at /FILE and at /, and nothing beside it.

Where it listens:
  -p, --port PORT         Port to listen on; 0: any that is free, which is printed. [the variable
                          PORT, which hosting platforms set, else 8080]
  -a, --address ADDRESS   Address to listen on; may be given several times. 0.0.0.0 and :: are all
                          addresses of this machine. It may have a port of its own, as in
                          127.0.0.1:3000, [::1]:3000 and, for all, :3000. [127.0.0.1 and ::1: this
                          machine alone]
      --share             Listen on all addresses, unless some are given, and print the URL for the
                          network first; on a terminal with room, with its QR code.
      --open              Show the site in the browser: $BROWSER, or xdg-open. Only when standard
                          output is a terminal.

What it serves:
      --index NAME        File that stands for its directory; may be given several times, and the
                          first that exists is served. [index.html]
      --listing, --no-listing
                          Whether a directory without such a file shows what is in it. [when
                          standard output is a terminal]
      --clean-urls        /about is about.html, and /about.html leads there.
      --spa FILE          A page for every path where there is nothing, for browsers that look for a
                          page: what a single-page application wants. A missing .js stays a 404.
      --hidden GLOB       Names that begin with a dot and are served all the same, such as .treeinfo
                          or '.z*'; may be given several times. Wildcards never match what holds
                          secrets (.git, .env, .ssh): name it. [none but /.well-known]
      --decode-slash      %2F in a path is a slash, for clients that send the path of a file as one
                          segment, such as npm: /@scope%2Fname. Without it, it is a 404.
      --symlinks WHICH    Symbolic links to follow: inside (those that stay inside DIR), all, or
                          none. [inside]
      --codings LIST      Precompressed files to look for beside a file (app.js.br), the most wanted
                          first, or off. [br,zstd,gzip]

What it answers:
      --header FIELD      Field to add to every answer, as 'Name: value'; may be given several
                          times. What is said of files, such as Cache-Control, is not added to
                          errors.
      --cors              Let scripts of other sites read this one: Access-Control-Allow-Origin: *,
                          and an answer to their preflight requests.
      --cache-control GLOB=VALUE
                          Cache-Control of the files whose name (or path, when there is a / in
                          GLOB) matches; may be given several times, and the first that matches
                          counts. The value immutable is a year, off sends no field. [a year for
                          what build tools name by its contents, else no-cache]
      --type GLOB=TYPE    Content-Type of the files whose name (or path, when there is a / in GLOB)
                          matches, such as '*.foo=text/plain'; may be given several times, and the
                          first that matches counts. [what the name tells]
      --max-request-line SIZE, --max-request-head SIZE, --max-request-fields N
                          What a request may be at the most: 414 and 431 beyond. [8k, 32k, 100]
      --max-request-body SIZE
                          Body that is read and ignored; beyond it the connection ends. [64k]

How it runs:
      --workers N         Number of workers; 0: one for each CPU that may be used, and no more than
                          the CPU quota of a container. [0]
      --cpus LIST         CPUs to pin the workers to, such as 0-3,8; workers that are not pinned
                          (--pin) run on any of them and on no other. [all that may be used]
      --pin WHEN          Whether to pin each worker to a CPU: on, off, or auto: unless a CPU quota
                          gives less than the CPUs have. Fewer workers than CPUs begin, without
                          --cpus, at one that follows from the port and the addresses, so that
                          several instances spread. [auto]
      --cache-memory SIZE What all workers together may keep of files in memory, with what slow
                          clients are still being sent. [an eighth of the memory that the process
                          may use, and 1g for each worker at the most]
      --io BACKEND        uring, epoll, or auto: io_uring, and epoll where that is forbidden or
                          missing. [auto]
      --load-timeout TIME How long a response waits for a file system before it is 503: 30s, 2m, 1h
                          or a number of seconds. [10s]
      --drain-timeout TIME
                          How long a stop waits for what is in flight. [30s]

How long it waits for clients:
      --idle-timeout TIME How long a connection may ask for nothing. [75s]
      --request-timeout TIME
                          How long a request head may take, from its first byte: 408 beyond. [10s]
      --send-timeout TIME How long a client may take none of its response. [5m]
      --min-rate SIZE     Bytes a second that a client must take of its response, over a minute or
                          so, when there is no room for others: the slowest below it is cut off. 0:
                          nobody is. [1k]
      --linger-timeout TIME
                          How long torc reads on after a response to a request that it did not take
                          whole, so that the client sees it: until so much silence, and for twelve
                          times as long if the client sends at the minimum rate. [5s]
      --max-connections-per-address N
                          Connections that one client may have, an IPv4 address or the /64 of an
                          IPv6 one; 0: as many as there is room for. Not behind a proxy, which is
                          one client. [0]

What it tells:
      --access-log FILE   Where to log requests, in the format `combined`: a file, - for standard
                          output, or off. [- when standard output is a terminal, else off]
      --log-level LEVEL   What to report on standard error: debug, info, warn, error, off. [info]
  -V, -v, --version       Print versions and what the kernel offers.
  -h, --help              Print this.

Each option can also be given by an environment variable: TORC_PORT for --port, TORC_ACCESS_LOG for
--access-log, and so on, and TORC_DIR; lists are separated by commas (those of TORC_HEADER,
TORC_CACHE_CONTROL and TORC_TYPE by line ends), and what takes no value is on or off. The command
line wins.
Sizes are bytes, or with a unit powers of 1024: 8k, 8KB and 8KiB are 8192 bytes; m, g and t too.
NO_COLOR keeps colours out of reports.

SIGTERM, SIGQUIT or SIGINT (Ctrl-C) finishes what is in flight (--drain-timeout); a second one stops
at once. SIGUSR1 or SIGHUP opens the access log anew; SIGUSR2 is ignored.
Exit status: 0 stopped as told, 1 could not start for a reason outside (starting again may help),
2 an option or variable makes no sense, 3 some connections were cut off.

Examples:
  torc ./site                          serve ./site on http://127.0.0.1:8080/
  torc ./site --share                  the same to the whole network, on IPv4 and IPv6
  torc ./site -p 0                     on any free port
  torc ./dist --spa index.html         a single-page application
  torc notes.pdf                       one file
  torc /srv/www -p 80 --access-log /var/log/torc/access.log
)";

/// An option that may be given several times, each time with one value, lest `torc -a ::1 ./site`
/// take the directory for an address. `delimiter`: what separates values in the environment.
void add_list(CLI::App& app, const char* names, std::vector<std::string>& values,
              const char* variable, char delimiter = ',') {
    app.add_option(names, values)->envname(variable)->delimiter(delimiter)->allow_extra_args(false);
}

void add_options(CLI::App& app, RawOptions& raw) {
    app.add_option("DIR", raw.directory)->envname("TORC_DIR");
    app.add_option("-p,--port", raw.port)->envname("TORC_PORT");
    add_list(app, "-a,--address", raw.addresses, "TORC_ADDRESS");

    app.add_flag("--share{on}", raw.share)->envname("TORC_SHARE");
    app.add_flag("--open{on}", raw.open)->envname("TORC_OPEN");

    add_list(app, "--index", raw.index_names, "TORC_INDEX");
    app.add_flag("--listing{on},--no-listing{off}", raw.listing)->envname("TORC_LISTING");
    app.add_flag("--clean-urls{on}", raw.clean_urls)->envname("TORC_CLEAN_URLS");
    app.add_option("--spa", raw.fallback_path)->envname("TORC_SPA");
    add_list(app, "--hidden", raw.hidden, "TORC_HIDDEN");
    app.add_flag("--decode-slash{on}", raw.decode_slash)->envname("TORC_DECODE_SLASH");
    app.add_option("--symlinks", raw.symlinks)->envname("TORC_SYMLINKS");
    add_list(app, "--codings", raw.codings, "TORC_CODINGS");

    add_list(app, "--header", raw.headers, "TORC_HEADER", '\n');
    app.add_flag("--cors{on}", raw.cors)->envname("TORC_CORS");
    add_list(app, "--cache-control", raw.cache_control, "TORC_CACHE_CONTROL", '\n');
    add_list(app, "--type", raw.types, "TORC_TYPE", '\n');
    app.add_option("--max-request-line", raw.line_bytes_max)->envname("TORC_MAX_REQUEST_LINE");
    app.add_option("--max-request-head", raw.head_bytes_max)->envname("TORC_MAX_REQUEST_HEAD");
    app.add_option("--max-request-fields", raw.fields_max)->envname("TORC_MAX_REQUEST_FIELDS");
    app.add_option("--max-request-body", raw.body_bytes_max)->envname("TORC_MAX_REQUEST_BODY");

    app.add_option("--cache-memory", raw.cache_memory)->envname("TORC_CACHE_MEMORY");
    app.add_option("--workers", raw.workers)->envname("TORC_WORKERS");
    app.add_option("--cpus", raw.cpus)->envname("TORC_CPUS");
    app.add_option("--pin", raw.pin)->envname("TORC_PIN");
    app.add_option("--io", raw.io)->envname("TORC_IO");
    app.add_option("--load-timeout", raw.load_timeout)->envname("TORC_LOAD_TIMEOUT");
    app.add_option("--drain-timeout", raw.drain_timeout)->envname("TORC_DRAIN_TIMEOUT");
    app.add_option("--idle-timeout", raw.idle_timeout)->envname("TORC_IDLE_TIMEOUT");
    app.add_option("--request-timeout", raw.request_timeout)->envname("TORC_REQUEST_TIMEOUT");
    app.add_option("--send-timeout", raw.send_timeout)->envname("TORC_SEND_TIMEOUT");
    app.add_option("--linger-timeout", raw.linger_timeout)->envname("TORC_LINGER_TIMEOUT");
    app.add_option("--min-rate", raw.bytes_per_second_min)->envname("TORC_MIN_RATE");
    app.add_option("--max-connections-per-address", raw.connections_per_address_max)
        ->envname("TORC_MAX_CONNECTIONS_PER_ADDRESS");
    app.add_option("--access-log", raw.access_log)->envname("TORC_ACCESS_LOG");
    app.add_option("--log-level", raw.log_level)->envname("TORC_LOG_LEVEL");
    app.add_flag_callback("-V,-v,--version", [] { throw CLI::CallForVersion(); });
    // Unknown options are explained better than the parser does.
    app.allow_extras();
}

struct KnownNames {
    /// "--port".
    std::vector<std::string> options;
    /// "TORC_PORT".
    std::vector<std::string> variables;
};

KnownNames names_in(const CLI::App& app) {
    KnownNames known;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            known.options.push_back("--" + name);
        }
        if (!option->get_envname().empty()) {
            known.variables.push_back(option->get_envname());
        }
    }
    return known;
}

/// The arguments as the parser takes them. Other programs take "-p=3000", to which it is the value
/// "=3000"; and "-port", to which it is the option -p. Throws StartError for the latter.
std::vector<std::string> normalize(std::span<const char* const> arguments,
                                   const KnownNames& known) {
    std::vector<std::string> normal;
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
void require_no_extras(std::vector<std::string> extras, const RawOptions& raw,
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
                        extras.front(), raw.directory));
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

/// What is wrong with a value, "--workers x: ...", with the variable in the option's place when the
/// value is from there.
std::string name_source(const CLI::App& app, std::string message) {
    const std::string name = message.substr(0, message.find_first_of(" :"));
    const CLI::Option* const option = app.get_option_no_throw(name);
    if (option == nullptr || option->count() == 0) {
        return message;
    }
    const std::vector<CLI::Option*>& written = app.parse_order();
    const bool is_written = std::ranges::find(written, option) != written.end();
    return is_written ? message : message.replace(0, name.size(), option->get_envname());
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

std::string variable(const char* name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

std::string_view help_text() noexcept {
    return help;
}

std::variant<Settings, Inquiry> read_command_line(int argc, const char* const* argv) {
    RawOptions raw;
    CLI::App app("", "torc");
    add_options(app, raw);
    const KnownNames known = names_in(app);
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
    require_no_extras(app.remaining(), raw, known);
    raw.platform_port = variable("PORT");
    Settings settings;
    try {
        settings = settle(raw);
    } catch (const StartError& error) {
        throw StartError(name_source(app, error.what()));
    }
    for (std::string& warning : find_unknown_variables(known)) {
        settings.warnings.push_back(std::move(warning));
    }
    return settings;
}

}  // namespace torc::config
