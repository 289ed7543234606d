#include <torc/io/backend.hpp>
#include <torc/server/command_line.hpp>
#include <torc/server/start_error.hpp>

#include "raw_options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace torc::server {
namespace {

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
      --listing, --no-listing
                          Whether a directory without such a file shows what is in it. [when
                          standard output is a terminal]
      --clean-urls        /about is about.html, and /about.html leads there.
      --spa FILE          A page for every path where there is nothing, for browsers that look for a
                          page: what a single-page application wants. A missing .js stays a 404.
      --symlinks WHICH    Symbolic links to follow: inside (those that stay inside DIR), all, or
                          none. [inside]
      --codings LIST      Precompressed files to look for beside a file (app.js.br), the most wanted
                          first, or off. [br,zstd,gzip]

What it answers:
      --header FIELD      Field to add to every answer, as 'Name: value'; may be given several
                          times.
      --cache-control GLOB=VALUE
                          Cache-Control of the files whose name (or path, when there is a / in
                          GLOB) matches; may be given several times, the first that matches counts,
                          and the value off sends none. [a year for names with a content hash, else
                          no-cache]
      --max-request-line SIZE, --max-request-head SIZE, --max-request-fields N
                          What a request may be at the most: 414 and 431 beyond. [8k, 32k, 100]
      --max-request-body SIZE
                          Body that is read and ignored; beyond it the connection ends. [64k]

How it runs:
      --workers N         Number of workers; 0: one for each CPU that may be used, and no more than
                          the CPU quota of a container. [0]
      --cpus LIST         CPUs to pin the workers to, such as 0-3,8. [all that may be used]
      --pin WHEN          Whether to pin each worker to a CPU: on, off, or auto: unless a quota gives
                          less than the CPUs have. Few workers without --cpus begin at a CPU that
                          follows from the port and the address, so that instances spread. [auto]
      --cache-memory SIZE What all workers together may keep of files in memory. [an eighth of the
                          memory that the process may use, and 1g for each worker at the most]
      --io BACKEND        uring, epoll, or auto: io_uring, and epoll where that is forbidden or
                          missing. [auto]
      --load-timeout TIME How long a response waits for a file system before it is 503: 30s, 2m, 1h
                          or a number of seconds. [10s]
      --drain-timeout TIME
                          How long a stop waits for what is in flight. [30s]

What it tells:
      --access-log FILE   Where to log requests, in the format `combined`: a file, - for standard
                          output, or off. [- when standard output is a terminal, else off]
      --log-level LEVEL   What to report on standard error: debug, info, warn, error, off. [info]
  -V, --version           Print versions and what the kernel offers.
  -h, --help              Print this.

Each option can also be given by an environment variable: TORC_PORT for --port, TORC_ACCESS_LOG for
--access-log, and so on, and TORC_DIR; lists are separated by commas (those of TORC_HEADER and
TORC_CACHE_CONTROL by line ends), and what takes no value is on or off. The command line wins.

SIGTERM or SIGINT (Ctrl-C) finishes what is in flight (--drain-timeout); a second one stops at once.
Exit status: 0 stopped as told, 1 could not start, 2 some connections were cut off.

Examples:
  torc ./site                          serve ./site on http://127.0.0.1:8080/
  torc ./site -a 0.0.0.0 -a ::         the same to the whole network, on IPv4 and IPv6
  torc ./site -p 0                     on any free port
  torc ./dist --spa index.html         a single-page application
  torc /srv/www -p 80 --access-log /var/log/torc/access.log
)";

std::string version_text() {
#ifdef __clang__
    constexpr const char* compiler = "clang " __clang_version__;
#else
    constexpr const char* compiler = "g++ " __VERSION__;
#endif
    return fmt::format("torc {} ({})\n{}", TORC_VERSION, compiler, io::describe_kernel());
}

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

    add_list(app, "--index", raw.index_names, "TORC_INDEX");
    app.add_flag("--listing{on},--no-listing{off}", raw.listing)->envname("TORC_LISTING");
    app.add_flag("--clean-urls{on}", raw.clean_urls)->envname("TORC_CLEAN_URLS");
    app.add_option("--spa", raw.fallback_path)->envname("TORC_SPA");
    app.add_option("--symlinks", raw.symlinks)->envname("TORC_SYMLINKS");
    add_list(app, "--codings", raw.codings, "TORC_CODINGS");

    add_list(app, "--header", raw.headers, "TORC_HEADER", '\n');
    add_list(app, "--cache-control", raw.cache_control, "TORC_CACHE_CONTROL", '\n');
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
    app.add_option("--access-log", raw.access_log)->envname("TORC_ACCESS_LOG");
    app.add_option("--log-level", raw.log_level)->envname("TORC_LOG_LEVEL");
    app.add_flag_callback("-V,--version", [] {
        throw CLI::CallForVersion(version_text(), static_cast<int>(CLI::ExitCodes::Success));
    });
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
