#include "option_hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <vector>

namespace torc::server {
namespace {

/// The option of another server, and the sentence about torc that answers it.
struct Rival {
    std::string_view name;
    std::string_view answer;
};

constexpr std::string_view use_address =
    "use --address (-a), such as --address 0.0.0.0 --address :: for all";
constexpr std::string_view use_address_and_port =
    "use --address and --port, or both in one: --address 127.0.0.1:3000";
constexpr std::string_view use_open = "use --open";
constexpr std::string_view use_cors = "use --cors";
constexpr std::string_view use_codings =
    "it sends app.js.br, .zst or .gz beside app.js unasked (--codings) and compresses nothing "
    "itself";
constexpr std::string_view use_no_codings = "use --codings off";
constexpr std::string_view use_spa = "use --spa index.html";
constexpr std::string_view use_directory = "give the directory without a name: torc DIR";
constexpr std::string_view use_listing = "use --listing";
constexpr std::string_view use_no_listing = "use --no-listing";
constexpr std::string_view use_silence = "use --access-log off, and --log-level off for no report";
constexpr std::string_view use_cache_control =
    "use --cache-control, such as --cache-control '*=max-age=10'";
constexpr std::string_view use_workers = "use --workers";
constexpr std::string_view use_clean_urls = "use --clean-urls";
constexpr std::string_view use_log = "use --access-log FILE, or - for standard output";
constexpr std::string_view use_hidden =
    "use --hidden for files that begin with a dot, such as --hidden '.*'";
constexpr std::string_view use_symlinks = "use --symlinks inside, all or none";
constexpr std::string_view no_clipboard = "it never touches the clipboard: leave it out";
constexpr std::string_view no_tls = "put a TLS terminator in front of it";
constexpr std::string_view no_proxy =
    "it forwards nothing; for a single-page application use --spa index.html";
constexpr std::string_view no_config =
    "it has no configuration file: give options, or set variables such as TORC_PORT";
constexpr std::string_view no_users = "put a proxy that asks for passwords in front of it";
constexpr std::string_view no_daemon =
    "it stays in the foreground: config/torc.service runs it as a service under a user of its own";

/// From serve, http-server, Caddy, miniserve, darkhttpd, static-web-server, Python's http.server
/// and nginx. Names that torc has, such as -p, are no use here.
constexpr std::array rivals = {
    Rival{"--host", use_address},
    Rival{"--bind", use_address},
    Rival{"--interfaces", use_address},
    Rival{"--addr", use_address},
    Rival{"-b", "use --address to bind; precompressed files are sent unasked (--codings)"},
    Rival{"-i", "use --address for an interface's address, or --index"},
    Rival{"--listen", use_address_and_port},
    Rival{"-l", use_address_and_port},
    Rival{"-o", use_open},
    Rival{"-C", use_cors},
    Rival{"--enable-cors", use_cors},
    Rival{"--cors-allow-origins", use_cors},
    Rival{"--gzip", use_codings},
    Rival{"-g", use_codings},
    Rival{"--brotli", use_codings},
    Rival{"--zstd", use_codings},
    Rival{"--compression", use_codings},
    Rival{"--compression-static", use_codings},
    Rival{"--precompressed", use_codings},
    Rival{"--no-compression", use_no_codings},
    Rival{"-u", use_no_codings},
    Rival{"--single", use_spa},
    Rival{"-s", "use --spa index.html for a single-page application, --access-log off for silence"},
    Rival{"--page-fallback", use_spa},
    Rival{"--root", use_directory},
    Rival{"-r", use_directory},
    Rival{"--directory", use_directory},
    Rival{"--dir", use_directory},
    Rival{"--document-root", use_directory},
    Rival{"-d",
          "give the directory without a name (torc DIR); to show what is in it use --listing"},
    Rival{"--browse", use_listing},
    Rival{"--autoindex", use_listing},
    Rival{"--show-dir", use_listing},
    Rival{"--directory-listing", use_listing},
    Rival{"--disable-indexing", use_no_listing},
    Rival{"--no-dirs", use_no_listing},
    Rival{"--no-clipboard", no_clipboard},
    Rival{"-n", no_clipboard},
    Rival{"--cache", use_cache_control},
    Rival{"-c", "use --cache-control '*=max-age=10'; it has no configuration file"},
    Rival{"--silent", use_silence},
    Rival{"--quiet", use_silence},
    Rival{"-S", "use --access-log off for silence; for TLS put a TLS terminator in front of it"},
    Rival{"-q", use_silence},
    Rival{"--no-request-logging", use_silence},
    Rival{"-L", use_silence},
    Rival{"--verbose", "use --log-level debug"},
    Rival{"--debug", "use --log-level debug"},
    Rival{"--log", use_log},
    Rival{"--threads", use_workers},
    Rival{"-t", use_workers},
    Rival{"--threads-multiplier", use_workers},
    Rival{"--cleanUrls", use_clean_urls},
    Rival{"--ext", use_clean_urls},
    Rival{"-e", use_clean_urls},
    Rival{"--pretty-urls", use_clean_urls},
    Rival{"--no-symlinks", "use --symlinks none"},
    Rival{"--follow-symlinks", use_symlinks},
    Rival{"--dotfiles", use_hidden},
    Rival{"--no-dotfiles", "files that begin with a dot are not served: leave it out"},
    Rival{"--qrcode", "use --share"},
    Rival{"--ssl", no_tls},
    Rival{"--tls", no_tls},
    Rival{"--https", no_tls},
    Rival{"--cert", no_tls},
    Rival{"--key", no_tls},
    Rival{"--ssl-cert", no_tls},
    Rival{"--ssl-key", no_tls},
    Rival{"--tls-cert", no_tls},
    Rival{"--tls-key", no_tls},
    Rival{"-K", no_tls},
    Rival{"--proxy", no_proxy},
    Rival{"-P", no_proxy},
    Rival{"--config", no_config},
    Rival{"--config-file", no_config},
    Rival{"--auth", no_users},
    Rival{"--basic-auth", no_users},
    Rival{"--username", no_users},
    Rival{"--password", no_users},
    Rival{"--daemon", no_daemon},
    Rival{"--user", no_daemon},
    Rival{"--uid", no_daemon},
    Rival{"--chroot", no_daemon},
};

/// How many characters must be put in, taken away, replaced or swapped with a neighbour to make one
/// of the other (Damerau and Levenshtein, optimal string alignment).
std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> before_last(to.size() + 1);
    std::vector<std::size_t> last(to.size() + 1);
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= from.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t replaced = last[j - 1] + std::size_t{from[i - 1] != to[j - 1]};
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last.back();
}

/// "--host" of "--host=::", "-c" of "-c10".
std::string_view name_of(std::string_view argument) {
    constexpr std::size_t short_characters = 2;
    return argument.starts_with("--") ? argument.substr(0, argument.find('='))
                                      : argument.substr(0, short_characters);
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<const std::string> names) {
    const auto continues = [name](const std::string& candidate) {
        return candidate.starts_with(name);
    };
    if (std::ranges::count_if(names, continues) == 1) {
        return *std::ranges::find_if(names, continues);
    }
    // The shorter a name, the less is left of it after an edit.
    std::size_t least = name.size() / 4 + 1;
    std::string_view nearest;
    for (const std::string& candidate : names) {
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < least) {
            least = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

std::string explain_unknown_option(std::string_view argument,
                                   std::span<const std::string> options) {
    const std::string_view name = name_of(argument);
    const auto rival = std::ranges::find(rivals, name, &Rival::name);
    if (rival != rivals.end()) {
        return fmt::format("torc has no {}; {}", name, rival->answer);
    }
    const std::string_view nearest = nearest_name(name, options);
    return nearest.empty() ? fmt::format("torc has no option {}; see torc --help", name)
                           : fmt::format("torc has no option {}; did you mean {}? See torc --help",
                                         name, nearest);
}

}  // namespace torc::server
