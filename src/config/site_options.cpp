#include "options.hpp"
#include "site_values.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace torc::config {
namespace {

using namespace std::string_view_literals;

constexpr std::array symlink_words = {"inside"sv, "all"sv, "none"sv};
constexpr std::array symlink_policies = {file::SymlinkPolicy::inside, file::SymlinkPolicy::all,
                                         file::SymlinkPolicy::none};

void set_directory(Settings& settings, std::string_view /*name*/, const std::string& text) {
    settings.sites.front().whole.directory = text;
}

constexpr std::array rows = {
    Option{.flags = "DIR",
           .variable = "TORC_DIR",
           .key = "site.root",
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
           .kind = Toggle{[](Settings& settings, bool is_on) {
               settings.sites.front().whole.load_rules.lists_directories = is_on;
           }},
           .help = "Whether a directory without such a file shows what is in it."},
    Option{.flags = "--clean-urls",
           .variable = "TORC_CLEAN_URLS",
           .key = "site.clean_urls",
           .group = Group::serving,
           .default_value = "off",
           .kind = Toggle{[](Settings& settings, bool is_on) {
               settings.sites.front().whole.load_rules.has_clean_urls = is_on;
           }},
           .help = "/about is about.html, and /about.html leads there."},
    Option{.flags = "--spa",
           .variable = "TORC_SPA",
           .key = "site.spa",
           .value_name = "FILE",
           .group = Group::serving,
           .example = "index.html",
           .kind = Text{set_fallback_path},
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
           .kind = Toggle{[](Settings& settings, bool is_on) {
               settings.sites.front().whole.encoded_slash =
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
                          [](Settings& settings, std::size_t index) {
                              settings.sites.front().whole.load_rules.symlinks =
                                  symlink_policies.at(index);
                          }},
           .help = "Symbolic links to follow: inside (those that stay inside DIR), all, or none."},
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
           .kind = Toggle{[](Settings& settings, bool is_on) {
               if (is_on) {
                   add_cors_fields(settings);
               }
           }},
           .help = "Let scripts of other sites read this one: Access-Control-Allow-Origin: *, and "
                   "an answer to their preflight requests."},
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
};

}  // namespace

std::span<const Option> site_options() noexcept {
    return rows;
}

}  // namespace torc::config
