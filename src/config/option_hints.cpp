#include "option_hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <ranges>
#include <vector>

namespace torc::config {
namespace {

/// What torc has in place of options of other servers.
struct Answer {
    /// With their dashes, separated by spaces.
    std::string_view names;
    /// The end of a sentence that begins with "torc has no --name; ".
    std::string_view text;
};

/// From http-server, serve, miniserve, Python's http.server, Caddy, darkhttpd, static-web-server,
/// dufs, live-server, Vite and nginx. One that means several things is answered for each. Names
/// that torc has, such as -p, are no use here.
constexpr std::array answers = {
    // Where it listens.
    Answer{"--host --hostname --bind --interfaces --addr --ip",
           "use --address (-a), such as --address 0.0.0.0 --address :: for all"},
    Answer{"--listen -l", "use --address and --port, or both in one: --address 127.0.0.1:3000"},
    Answer{"--ipv6 -6", "use --address ::1, or --address :: for all"},
    Answer{"-b", "use --address to bind; precompressed files are sent unasked (--codings)"},
    Answer{"-i",
           "use --address for an interface's address, --listing to show directories, or --index"},
    Answer{"--no-port-switching --strictPort --strict-port",
           "it never takes another port than the one it is given: leave it out"},
    Answer{"--socket --unix-socket --fd", "it listens on TCP ports that it opens itself: --port"},
    Answer{"-o --browser", "use --open"},
    Answer{"--no-browser --no-open", "it opens no browser without --open: leave it out"},
    Answer{"--no-clipboard -n", "it never touches the clipboard: leave it out"},
    Answer{"--qrcode --qr", "use --share"},
    // What it serves.
    Answer{"--root -r --directory --dir --document-root --webroot --outDir",
           "give the directory without a name: torc DIR"},
    Answer{"-d",
           "give the directory without a name (torc DIR); to show what is in it use --listing"},
    Answer{"--index-files --index-file --index-page --default-file", "use --index"},
    Answer{"--browse --autoindex --auto-index --show-dir --showDir --directory-listing -z",
           "use --listing"},
    Answer{"--disable-indexing -I --no-dirs --no-autoindex --no-dir-listing", "use --no-listing"},
    Answer{"--single --page-fallback --fallback --single-page --history-api-fallback --render-spa "
           "--entry-file --single-file",
           "use --spa index.html"},
    Answer{"-s",
           "use --spa index.html for a single-page application, --access-log off for silence"},
    Answer{"--cleanUrls --clean --ext -e --pretty-urls", "use --clean-urls"},
    Answer{"--no-symlinks --disable-symlinks", "use --symlinks none"},
    Answer{"--follow-symlinks --follow", "use --symlinks inside, all or none"},
    Answer{"--dotfiles --show-hidden",
           "use --hidden for files that begin with a dot, such as --hidden '.*'"},
    Answer{"-H", "use --hidden '.*' for files that begin with a dot, --header to add a field"},
    Answer{"--no-dotfiles --hide-dotfiles --no-hidden --ignore-hidden-files",
           "files that begin with a dot are not served: leave it out"},
    Answer{
        "--gzip -g --brotli --zstd --compress --compression --compression-static "
        "--compression-level --compress-response --precompressed",
        "it sends app.js.br, .zst or .gz beside app.js unasked (--codings) and compresses nothing "
        "itself"},
    Answer{"--no-compression --no-compress", "use --codings off"},
    Answer{"-u", "use --codings off to compress nothing; it takes no uploads"},
    Answer{"--page404 --404 --error-page --page50x",
           "the 404.html in a directory is shown for what is missing there: put one there"},
    Answer{"--base --base-dir --base-url --prefix --path-prefix --route-prefix --mount",
           "it serves at /: let the proxy in front take the prefix off, or put the files into a "
           "directory of that name"},
    Answer{"--robots", "put a robots.txt into the directory"},
    Answer{"--upload --upload-files --allow-upload --allow-delete --allow-all -A -U --mkdir "
           "--rm-files -R --overwrite-files --enable-webdav",
           "it reads files and changes none: it has no uploads and no WebDAV"},
    Answer{"--enable-tar --enable-tar-gz --enable-zip --directory-listing-download --allow-archive",
           "it packs no archives: put them into the directory"},
    Answer{"--cgi --templates --ssi", "it runs no programs and fills in no pages: it serves files"},
    Answer{"--watch --live --livereload --hot --no-reload --wait",
           "it reloads no pages in the browser; a change on disk is served at once"},
    Answer{"--title --color-scheme --theme --default-sorting-method --default-sorting-order "
           "--dirs-first",
           "its listings have no settings: a reader sorts them"},
    // What it answers.
    Answer{"-C", "use --cors; for TLS put a TLS terminator in front of it"},
    Answer{"--enable-cors --cors-allow-origins --cors-allow-headers --cors-expose-headers -j",
           "use --cors"},
    Answer{"--headers --add-header --security-headers --coop",
           "use --header, such as --header 'X-Frame-Options: DENY'"},
    Answer{"--mimetypes --mime --mime-types --default-mimetype --media-type --content-type -m",
           "use --type, such as --type '*.foo=text/plain'"},
    Answer{"--cache --cache-time --max-age --cache-control-headers",
           "use --cache-control, such as --cache-control '*=max-age=10'"},
    Answer{
        "--no-cache --no-caching",
        "use --cache-control '*=no-store'; without it browsers keep files and ask before each use"},
    Answer{"--no-etag --no-keepalive --no-last-modified",
           "it always sends what saves a download, and keeps connections: leave it out"},
    Answer{"--timeout --keep-alive-timeout --grace-period",
           "each of its timeouts has an option of its own: see torc --help"},
    Answer{"--maxconn --max-connections",
           "it takes as many connections as it may have descriptors: ulimit -n, LimitNOFILE="},
    // How it runs, and what it tells.
    Answer{"--threads --threads-multiplier --max-blocking-threads --processes", "use --workers"},
    Answer{"--memory-cache", "use --cache-memory"},
    Answer{"--silent --quiet -q --no-request-logging -L --no-log --no-logging",
           "use --access-log off, and --log-level off for no report"},
    Answer{
        "-S",
        "use --access-log off for silence, --symlinks all for links; for TLS put a TLS terminator "
        "in front of it"},
    Answer{"--verbose --debug", "use --log-level debug"},
    Answer{"--log --log-file --log-format",
           "use --access-log FILE, or - for standard output; its format is `combined`"},
    Answer{"--syslog", "pipe it to logger: --access-log - | logger"},
    Answer{"--log-ip --log-remote-address --log-x-real-ip --log-forwarded-for --trusted-proxies "
           "--trusted-ip",
           "it logs the address of who connects, behind a proxy that of the proxy"},
    Answer{"--health --metrics --status",
           "any file that is there tells that it lives; it has no metrics"},
    Answer{"--ssl --tls --https --cert --key --ssl-cert --ssl-key --ssl-pass --tls-cert --tls-key "
           "--tls-password-file --http2 --http2-tls-cert --http2-tls-key --https-redirect --domain "
           "-K",
           "put a TLS terminator in front of it"},
    Answer{"--proxy --proxy-options --forward --forward-all --upstream",
           "it forwards nothing; for a single-page application use --spa index.html"},
    Answer{"-P",
           "it forwards nothing, for a single-page application use --spa index.html; to follow no "
           "symbolic links use --symlinks none"},
    Answer{"--config-file --conf -w", "use --config FILE (-c); docs/configuration.md has its keys"},
    Answer{"--auth --auth-file --basic-auth --username --password",
           "put a proxy that asks for passwords in front of it"},
    Answer{
        "--daemon --daemonize --background --pidfile --user --group --uid --gid --chroot",
        "it stays in the foreground: config/torc.service runs it as a service under a user of its "
        "own"},
};

/// Null where nothing is known of an option.
const Answer* find_answer(std::string_view name) noexcept {
    const auto has_name = [name](const Answer& answer) {
        for (const auto each : std::views::split(answer.names, ' ')) {
            if (std::string_view(each) == name) {
                return true;
            }
        }
        return false;
    };
    const auto* const found = std::ranges::find_if(answers, has_name);
    return found != answers.end() ? found : nullptr;
}

/// How many characters must be put in, taken away, replaced or swapped with a neighbour to make one
/// of the other (Damerau and Levenshtein, optimal string alignment).
std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> before_last(to.size() + 1);
    std::vector<std::size_t> last(to.size() + 1);
    std::vector<std::size_t> row(to.size() + 1);
    // NOLINTNEXTLINE(modernize-use-ranges): g++ 12 has no std::ranges::iota.
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
    if (const Answer* const answer = find_answer(name)) {
        return fmt::format("torc has no {}; {}", name, answer->text);
    }
    const std::string_view nearest = nearest_name(name, options);
    return nearest.empty() ? fmt::format("torc has no option {}; see torc --help", name)
                           : fmt::format("torc has no option {}; did you mean {}? See torc --help",
                                         name, nearest);
}

}  // namespace torc::config
