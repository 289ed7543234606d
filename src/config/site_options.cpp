#include <torc/base/start_error.hpp>
#include <torc/http/credentials.hpp>

#include "options.hpp"
#include "site_values.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace torc::config {
namespace {

using namespace std::string_view_literals;

/// It is part of each sample of metrics.
constexpr std::size_t site_name_bytes_max = 255;

constexpr std::array symlink_words = {"inside"sv, "all"sv, "none"sv};
constexpr std::array symlink_policies = {file::SymlinkPolicy::inside, file::SymlinkPolicy::all,
                                         file::SymlinkPolicy::none};

void set_directory(const Destination& destination, std::string_view /*name*/,
                   const std::string& text) {
    destination.area.directory = text;
    destination.area.has_own_directory = true;
}

void set_site_name(const Destination& destination, std::string_view name, const std::string& text) {
    if (text.size() > site_name_bytes_max) {
        throw StartError(fmt::format("{} '{}': at most {} bytes", name, text, site_name_bytes_max));
    }
    destination.site.name = text;
}

void set_realm(const Destination& destination, std::string_view name, const std::string& text) {
    if (!http::is_realm(text)) {
        throw StartError(fmt::format("{} '{}': give 1 to {} bytes without control characters", name,
                                     text, http::realm_bytes_max));
    }
    destination.area.auth.emplace().realm = text;
}

/// After set_realm.
void set_users_file(const Destination& destination, std::string_view /*name*/,
                    const std::string& text) {
    if (destination.area.auth) {
        destination.area.auth->users_file = text;
    }
}

constexpr std::array rows = {
    Option{.flags = "DIR",
           .variable = "TORC_DIR",
           .key = "site.root",
           .extent = Extent::place,
           .example = "/srv/www",
           .kind = Text{set_directory},
           .help = "The directory to serve. Default: the current one, but only when standard "
                   "output is a terminal; elsewhere it must be named. One whose name begins with "
                   "- comes after --."},
    Option{.flags = "--index",
           .variable = "TORC_INDEX",
           .key = "site.index",
           .value_name = "NAME",
           .group = Group::serving,
           .default_value = "index.html",
           .kind = List{',', set_index_names},
           .help = "File that stands for its directory; may be given several times, and the first "
                   "that exists is served."},
    Option{.flags = "--listing,--no-listing",
           .variable = "TORC_LISTING",
           .key = "site.listing",
           .group = Group::serving,
           .default_note = "when standard output is a terminal",
           .example = "on",
           .kind = Toggle{[](const Destination& destination, bool is_on) {
               destination.area.load_rules.lists_directories = is_on;
           }},
           .help = "Whether a directory without such a file shows what is in it."},
    Option{.flags = "--clean-urls",
           .variable = "TORC_CLEAN_URLS",
           .key = "site.clean_urls",
           .group = Group::serving,
           .default_value = "off",
           .kind = Toggle{[](const Destination& destination, bool is_on) {
               destination.area.load_rules.has_clean_urls = is_on;
           }},
           .help = "/about is about.html, and /about.html leads there."},
    Option{.flags = "--spa",
           .variable = "TORC_SPA",
           .key = "site.spa",
           .value_name = "FILE",
           .group = Group::serving,
           .example = "index.html",
           .kind = OptionalText{set_fallback_path},
           .help = "A page for every path where there is nothing, for browsers that look for a "
                   "page: what a single-page application wants. A missing .js stays a 404."},
    Option{.flags = "--hidden",
           .variable = "TORC_HIDDEN",
           .key = "site.hidden",
           .value_name = "GLOB",
           .group = Group::serving,
           .default_note = "none but /.well-known",
           .example = ".treeinfo",
           .kind = List{',', set_hidden_names},
           .help = "Names that begin with a dot and are served all the same, such as .treeinfo or "
                   "'.z*'; may be given several times. Wildcards never match what holds secrets "
                   "(.git, .env, .ssh): name it."},
    Option{.flags = "--decode-slash",
           .variable = "TORC_DECODE_SLASH",
           .key = "site.decode_slash",
           .group = Group::serving,
           .default_value = "off",
           .kind = Toggle{[](const Destination& destination, bool is_on) {
               destination.area.encoded_slash =
                   is_on ? http::EncodedSlash::separates : http::EncodedSlash::not_found;
           }},
           .help = "%2F in a path is a slash, for clients that send the path of a file as one "
                   "segment, such as npm: /@scope%2Fname. Without it, it is a 404."},
    Option{.flags = "--symlinks",
           .variable = "TORC_SYMLINKS",
           .key = "site.symlinks",
           .value_name = "WHICH",
           .group = Group::serving,
           .default_value = "inside",
           .kind = Choice{symlink_words,
                          [](const Destination& destination, std::size_t index) {
                              destination.area.load_rules.symlinks = symlink_policies.at(index);
                          }},
           .help = "Symbolic links to follow: inside (those that stay inside DIR), all, or none."},
    Option{.flags = "--keep-previous",
           .variable = "TORC_KEEP_PREVIOUS",
           .key = "site.keep_previous",
           .value_name = "TIME",
           .group = Group::serving,
           .default_value = "0s",
           .kind = Duration{std::chrono::seconds(0), &site::LoadRules::keep_previous},
           .help = "How long files with hashes of their contents in their names are still served "
                   "from the directory that was DIR before a deploy, if the new one has nothing "
                   "there: for pages that were loaded before. 0: not at all."},
    Option{.flags = "--codings",
           .variable = "TORC_CODINGS",
           .key = "site.codings",
           .value_name = "LIST",
           .group = Group::serving,
           .default_value = "br,zstd,gzip",
           .kind = List{',', set_codings},
           .help = "Precompressed files to look for beside a file (app.js.br), the most wanted "
                   "first, or off."},
    Option{.flags = "--header",
           .variable = "TORC_HEADER",
           .key = "site.rule.set",
           .value_name = "FIELD",
           .group = Group::responding,
           .example = "X-Frame-Options: DENY",
           .kind = List{'\n', add_fields},
           .help = "Field to add to every answer, as 'Name: value'; may be given several times. "
                   "What is said of files, such as Cache-Control, is not added to errors."},
    Option{.flags = "--cors",
           .variable = "TORC_CORS",
           .key = "site.cors",
           .group = Group::responding,
           .default_value = "off",
           .kind = Toggle{[](const Destination& destination, bool is_on) {
               destination.area.is_for_other_origins = is_on;
           }},
           .help = "Let scripts of other sites read this one: Access-Control-Allow-Origin: *, and "
                   "an answer to their preflight requests."},
    Option{.flags = "--server-timing",
           .variable = "TORC_SERVER_TIMING",
           .key = "site.server_timing",
           .group = Group::responding,
           .default_value = "off",
           .kind = Toggle{[](const Destination& destination, bool is_on) {
               destination.area.tells_timing = is_on;
           }},
           .help = "Whether each answer says in the field Server-Timing if the file was in memory, "
                   "and how long the disk took if not: what browsers show beside a request."},
    Option{.flags = "--cache-control",
           .variable = "TORC_CACHE_CONTROL",
           .key = "site.rule.cache",
           .value_name = "GLOB=VALUE",
           .group = Group::responding,
           .default_note = "a year for what build tools name by its contents, else no-cache",
           .example = "*.css=max-age=3600",
           .kind = List{'\n', add_cache_control},
           .help = "Cache-Control of the files whose name (or path, when there is a / in GLOB) "
                   "matches; may be given several times, and the first that matches counts. The "
                   "value immutable is a year, off sends no field."},
    Option{.flags = "--type",
           .variable = "TORC_TYPE",
           .key = "site.rule.type",
           .value_name = "GLOB=TYPE",
           .group = Group::responding,
           .default_note = "what the name tells",
           .example = "*.foo=text/plain",
           .kind = List{'\n', add_types},
           .help = "Content-Type of the files whose name (or path, when there is a / in GLOB) "
                   "matches, such as '*.foo=text/plain'; may be given several times, and the first "
                   "that matches counts."},
    Option{.key = "site.name",
           .extent = Extent::site,
           .group = Group::configuring,
           .default_note = "the first of its hosts",
           .example = "www",
           .kind = Text{set_site_name},
           .help = "What the site is called in logs and metrics."},
    Option{.key = "site.hosts",
           .extent = Extent::site,
           .group = Group::configuring,
           .default_note = "all, if there is no other site",
           .example = "example.org,*.example.org",
           .kind = List{',', set_hosts},
           .help = "The hosts that the site is for, without ports: names, or *.example.org for all "
                   "beneath example.org. A request for a host that no site has gets the default "
                   "site, and without one 421."},
    Option{.key = "site.default",
           .extent = Extent::site,
           .group = Group::configuring,
           .default_value = "off",
           .kind = Toggle{[](const Destination& destination, bool is_on) {
               destination.site.is_default = is_on;
           }},
           .help = "Whether the site is for the hosts that no site has."},
    Option{.key = "site.access_log",
           .extent = Extent::site_and_defaults,
           .group = Group::configuring,
           .default_note = "as server.log.access",
           .example = "/var/log/torc/www.log",
           .kind = LogTarget{[](const Destination& destination, AccessLogSettings log) {
               destination.site.access_log = std::move(log);
           }},
           .help = "Where to log requests for the site, in the place of server.log.access: a "
                   "file, - or off, or a table of file and format. Sites may share a file."},
    Option{.key = "site.site_files",
           .extent = Extent::site,
           .group = Group::configuring,
           .default_value = "off",
           .kind = Toggle{[](const Destination& destination, bool is_on) {
               destination.site.has_site_files = is_on;
           }},
           .help = "Whether rules and redirects are read from the files _headers and _redirects of "
                   "the root too, as Netlify and Cloudflare Pages have them."},
    Option{
        .key = "site.site_files_status",
        .extent = Extent::site,
        .group = Group::configuring,
        .default_value = "301",
        .kind =
            Number{
                301, 302,
                [](const Destination& destination, std::uint64_t code) {
                    destination.site.site_files_status =
                        code == 301 ? http::Status::moved_permanently : http::Status::found;
                }},
        .help = "Status of the redirects in _redirects that name none: 301, as Netlify has it, "
                "or 302, as Cloudflare Pages has it."},
    Option{.key = "site.allow",
           .group = Group::configuring,
           .default_note = "everybody",
           .example = "10.0.0.0/8,::1",
           .kind = List{',', set_allowed_networks},
           .help = "Networks that clients must be of; others get 403."},
    Option{.key = "site.deny",
           .group = Group::configuring,
           .default_note = "nobody",
           .example = "192.0.2.0/24",
           .kind = List{',', set_denied_networks},
           .help = "Networks that clients must not be of, though they are allowed."},
    Option{.key = "site.auth.realm",
           .group = Group::configuring,
           .default_note = "no password is asked for",
           .example = "staff",
           .kind = Text{set_realm},
           .help = "What browsers call the thing that they ask a password for."},
    Option{.key = "site.auth.users_file",
           .group = Group::configuring,
           .default_note = "no password is asked for",
           .example = "/etc/torc/staff.htpasswd",
           .kind = Text{set_users_file},
           .help = "File with a line user:hash for each who has a password, as htpasswd -B writes "
                   "it. It should not be in the root."},
    Option{.key = "site.rule.match",
           .group = Group::configuring,
           .example = R"("*.html")",
           .kind = Part{},
           .help = "Glob of the files that the rule is for: of their names, or with a / in it of "
                   "their paths from the root. Of the rules that say something of a field the "
                   "first counts, and those of a site come before those of [defaults]."},
    Option{.key = "site.rule.status",
           .group = Group::configuring,
           .default_note = "what is said of files: 200, 206 and 304; anything else: all",
           .example = "[404, 503]",
           .kind = Part{},
           .help = "Status, or several, of the responses that the rule is for."},
    Option{.key = "site.rule.remove",
           .group = Group::configuring,
           .default_note = "none",
           .example = R"(["X-Powered-By"])",
           .kind = Part{},
           .help = "Names of fields that neither a later rule adds nor torc itself."},
    Option{.key = "site.redirect.from",
           .extent = Extent::site,
           .group = Group::configuring,
           .example = R"("/old/*")",
           .kind = Part{},
           .help = "Path that is found elsewhere. A * at the end stands for any rest, a segment "
                   ":name for any one segment. The first redirect that matches counts."},
    Option{.key = "site.redirect.to",
           .extent = Extent::site,
           .group = Group::configuring,
           .example = R"("/new/:splat")",
           .kind = Part{},
           .help = "Path or URL where it is found; :splat is what * stood for, :name the segment. "
                   "The query follows, unless there is one here."},
    Option{.key = "site.redirect.status",
           .extent = Extent::site,
           .group = Group::configuring,
           .default_value = "301",
           .kind = Part{},
           .help = "301 or 308: for good; 302 or 307: for now. With 307 and 308 the method stays."},
    Option{.key = "site.redirect.host",
           .extent = Extent::site,
           .group = Group::configuring,
           .default_note = "any of the site's",
           .example = R"("www.example.org")",
           .kind = Part{},
           .help = "The one host of the site that it is for."},
    Option{.key = "site.area.path",
           .extent = Extent::site,
           .group = Group::configuring,
           .example = R"("/download/")",
           .kind = Part{},
           .help = "Path beneath which things are otherwise, in whole segments. What the area does "
                   "not say is as in the site. With a root of its own the path is not looked for "
                   "in that."},
    Option{.key = "include",
           .group = Group::configuring,
           .default_note = "none",
           .example = R"(["sites/*.toml"])",
           .kind = Part{},
           .help = "Globs of files with more sites, relative to this file. They hold [[site]] "
                   "alone."},
};

}  // namespace

std::span<const Option> site_options() noexcept {
    return rows;
}

}  // namespace torc::config
