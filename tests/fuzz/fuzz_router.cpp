// Hosts, areas, redirects and globs against plain references that look at each
// in turn.

#include <torc/base/ascii.hpp>
#include <torc/base/assert.hpp>
#include <torc/file/glob.hpp>
#include <torc/http/target.hpp>
#include <torc/site/routing/area_table.hpp>
#include <torc/site/routing/glob_index.hpp>
#include <torc/site/routing/host_table.hpp>
#include <torc/site/routing/redirects.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using torc::http::Target;
using torc::site::Redirect;
using torc::site::Redirects;

/// What an input says, by the first character of each of its lines.
struct Input {
    /// 'h': a host.
    std::vector<std::string> hosts;
    /// 'a': the path of an area.
    std::vector<std::string> areas;
    /// 'r' or, where nothing else is, 'n': from, to, and perhaps a host, with
    /// blanks between them.
    std::vector<Redirect> redirects;
    /// 'g': a glob.
    std::vector<std::string> globs;
    /// 'q': the host and the target of a request.
    std::vector<std::pair<std::string, std::string>> requests;
};

std::string take(std::string_view& text, char end) {
    const std::size_t bytes = std::min(text.find(end), text.size());
    std::string taken(text.substr(0, bytes));
    text.remove_prefix(std::min(bytes + 1, text.size()));
    return taken;
}

Input decode(std::string_view data) {
    Input input;
    while (!data.empty()) {
        const std::string line = take(data, '\n');
        std::string_view rest = line;
        const char kind = line.empty() ? ' ' : line.front();
        rest.remove_prefix(rest.empty() ? 0 : 1);
        if (kind == 'h' && torc::site::find_host_flaw(rest).empty()) {
            input.hosts.emplace_back(rest);
        } else if (kind == 'a' && rest.size() > 1 && rest.ends_with('/') &&
                   !rest.starts_with('/') && !rest.contains("//")) {
            input.areas.emplace_back(rest);
        } else if (kind == 'r' || kind == 'n') {
            Redirect redirect{.from = take(rest, ' '), .to = take(rest, ' ')};
            redirect.host = take(rest, ' ');
            redirect.over = kind == 'r' ? Redirect::Over::files : Redirect::Over::nothing_else;
            if (torc::site::find_redirect_flaw(redirect).empty()) {
                input.redirects.push_back(redirect);
            }
        } else if (kind == 'g' && rest.size() <= 24) {
            input.globs.emplace_back(rest);
        } else if (kind == 'q' && rest.size() <= 80) {
            const std::string host = take(rest, ' ');
            input.requests.emplace_back(host, rest);
        }
    }
    return input;
}

std::string plain_host(std::string_view host) {
    std::string plain;
    std::ranges::transform(host, std::back_inserter(plain), torc::to_lower);
    if (plain.ends_with('.')) {
        plain.pop_back();
    }
    return plain.size() > 255 ? "" : plain;
}

std::optional<std::uint32_t> site_of(const std::vector<std::string>& hosts, std::string_view host) {
    const std::string wanted = plain_host(host);
    std::optional<std::uint32_t> best;
    std::size_t best_bytes = 0;
    for (std::uint32_t i = 0; i < hosts.size(); ++i) {
        const std::string name = plain_host(hosts[i]);
        if (name == wanted && !wanted.starts_with('*')) {
            return i;
        }
        const std::string suffix = name.starts_with("*.") ? name.substr(1) : "";
        if (!suffix.empty() && wanted.size() > suffix.size() && wanted.ends_with(suffix) &&
            suffix.size() > best_bytes) {
            best = i;
            best_bytes = suffix.size();
        }
    }
    return best;
}

void check_hosts(const Input& input, std::string_view host) {
    torc::site::HostTable table;
    for (std::uint32_t i = 0; i < input.hosts.size(); ++i) {
        (void)table.add(input.hosts[i], i);
    }
    TORC_ASSERT(table.find(host) == site_of(input.hosts, host));
}

void check_areas(const Input& input, std::string_view path) {
    torc::site::AreaTable table;
    std::optional<std::uint32_t> best;
    std::size_t best_bytes = 0;
    using Directory = torc::site::AreaTable::Directory;
    for (std::uint32_t i = 0; i < input.areas.size(); ++i) {
        const bool has_own = i % 2 == 0;
        if (table.add(input.areas[i], i,
                      has_own ? Directory::of_its_own : Directory::of_the_site)) {
            continue;  // The first of two counts.
        }
        const bool is_in = path.starts_with(input.areas[i]) ||
                           (has_own && std::string(path) + '/' == input.areas[i]);
        if (is_in && input.areas[i].size() > best_bytes) {
            best = i;
            best_bytes = input.areas[i].size();
        }
    }
    TORC_ASSERT(table.find(path) == best);
}

void check_globs(const Input& input, std::string_view path) {
    torc::site::GlobIndex index;
    std::vector<std::uint32_t> expected;
    for (std::uint32_t i = 0; i < input.globs.size(); ++i) {
        index.add(input.globs[i]);
        if (torc::file::matches_glob(input.globs[i], path)) {
            expected.push_back(i);
        }
    }
    std::vector<std::uint32_t> found;
    index.for_each_match(path, [&found](std::uint32_t glob) { found.push_back(glob); });
    TORC_ASSERT(found == expected);
    const auto first = expected.empty() ? std::nullopt : std::optional(expected.front());
    TORC_ASSERT(index.first_match(path) == first);
}

std::string decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_escape = text[i] == '%';
        plain += is_escape ? static_cast<char>(16 * torc::hex_digit(text[i + 1]) +
                                               torc::hex_digit(text[i + 2]))
                           : text[i];
        i += is_escape ? 2 : 0;
    }
    return plain;
}

/// `from` and `path` are without the slash in front.
bool matches(std::string_view from, std::string_view path) {
    const std::size_t from_slash = from.find('/');
    const std::size_t path_slash = path.find('/');
    const std::string_view pattern = from.substr(0, from_slash);
    const std::string_view segment = path.substr(0, path_slash);
    if (from_slash == std::string_view::npos && pattern.ends_with('*')) {
        return path.starts_with(decoded(pattern.substr(0, pattern.size() - 1)));
    }
    const bool does_match =
        pattern.starts_with(':') ? !segment.empty() : decoded(pattern) == segment;
    if (!does_match || from_slash == std::string_view::npos ||
        path_slash == std::string_view::npos) {
        return does_match && from_slash == path_slash;
    }
    return matches(from.substr(from_slash + 1), path.substr(path_slash + 1));
}

std::string_view origin_of(std::string_view uri) {
    const std::size_t scheme = uri.starts_with('/') ? std::string_view::npos : uri.find("://");
    return scheme == std::string_view::npos
               ? ""
               : uri.substr(0, std::min(uri.find_first_of("/?#", scheme + 3), uri.size()));
}

void check_location(const Redirects& redirects, const Input& input, std::uint32_t rule,
                    const Target& target) {
    const std::string location = redirects.location(rule, target);
    TORC_ASSERT(location.size() <= redirects.location_bytes_max(rule, target));
    TORC_ASSERT(std::ranges::all_of(location, [](char each) { return each > ' ' && each < 0x7F; }));
    TORC_ASSERT(!location.starts_with("//") && !location.contains('\\'));
    TORC_ASSERT(origin_of(location) == origin_of(input.redirects[rule].to));
}

void check_redirects(const Input& input, std::string_view host, const Target& target) {
    const auto redirects = Redirects::compile(input.redirects);
    TORC_ASSERT(redirects);
    std::optional<std::uint32_t> over_file;
    std::optional<std::uint32_t> over_nothing;
    for (std::uint32_t i = 0; i < input.redirects.size(); ++i) {
        const Redirect& redirect = input.redirects[i];
        if ((!redirect.host.empty() && plain_host(redirect.host) != plain_host(host)) ||
            !matches(redirect.from.substr(1), target.path)) {
            continue;
        }
        const bool is_over_file = redirect.over == Redirect::Over::files;
        over_file = over_file || !is_over_file ? over_file : std::optional(i);
        over_nothing = over_nothing ? over_nothing : std::optional(i);
    }
    const Redirects::Found found = redirects->find(host, target.path);
    TORC_ASSERT(found.where_file_is == over_file);
    TORC_ASSERT(found.where_nothing_is == over_nothing);
    for (const auto& rule : {over_file, over_nothing}) {
        if (rule) {
            check_location(*redirects, input, *rule, target);
        }
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Input input = decode({reinterpret_cast<const char*>(data), size});
    for (const auto& [host, target_text] : input.requests) {
        check_hosts(input, host);
        std::string scratch(target_text.size(), '\0');
        const auto target = torc::http::resolve_target(target_text, scratch);
        if (target) {
            check_areas(input, target->path);
            check_globs(input, target->path);
            check_redirects(input, host, *target);
        }
    }
    return 0;
}
