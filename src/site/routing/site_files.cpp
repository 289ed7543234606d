#include <torc/base/ascii.hpp>
#include <torc/http/field.hpp>
#include <torc/site/routing/redirects.hpp>
#include <torc/site/routing/site_files.hpp>

#include "routing/percent_decoded.hpp"

#include <algorithm>
#include <array>
#include <expected>
#include <optional>
#include <ranges>
#include <span>
#include <utility>

namespace torc::site {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// Calls `on_line(number, line)` for each line that says something, without the blanks around it.
template <typename OnLine>
void for_each_line(std::string_view text, std::vector<SiteFileProblem>& problems,
                   const OnLine& on_line) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    text.remove_prefix(text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.size() > site_file_line_bytes_max) {
            problems.push_back({.line = number,
                                .text = "the line is longer than " +
                                        std::to_string(site_file_line_bytes_max) +
                                        " bytes; shorten it"});
        } else if (!line.empty() && line.front() != '#') {
            on_line(number, line);
        }
    }
}

/// The words of a line up to a comment.
std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty() && line.front() != '#') {
        const std::size_t end = std::min(line.find_first_of(blanks), line.size());
        words.push_back(line.substr(0, end));
        line = trimmed(line.substr(end));
    }
    return words;
}

bool is_condition(std::string_view word) noexcept {
    return !word.starts_with('/') && !word.contains("://") && word.contains('=');
}

using Problem = std::string;

/// The status that a word names, and whether it has a "!".
std::expected<void, Problem> read_status(std::string_view word, Redirect& redirect) {
    const std::string given(word);
    if (word.ends_with('!')) {
        word.remove_suffix(1);
        redirect.over = Redirect::Over::files;
    }
    constexpr std::array statuses = {http::Status::moved_permanently, http::Status::found,
                                     http::Status::temporary_redirect,
                                     http::Status::permanent_redirect};
    const auto status = std::ranges::find_if(
        statuses, [word](http::Status each) { return std::to_string(http::code(each)) == word; });
    if (status != statuses.end()) {
        redirect.status = *status;
        return {};
    }
    if (word == "200") {
        return std::unexpected(
            "status 200 is a rewrite or a proxy, which torc is not; for an "
            "application with views of its own give the setting spa");
    }
    if (word == "404") {
        return std::unexpected("status 404 is no redirect; put a 404.html where it is wanted");
    }
    return std::unexpected("\"" + given +
                           "\" is no status of a redirect; give 301, 302, 307 or 308");
}

/// Takes scheme and host off the front of a path.
std::expected<void, Problem> read_from(std::string_view from, Redirect& redirect) {
    const std::size_t scheme = from.find("://");
    if (scheme == std::string_view::npos) {
        redirect.from = from;
        return {};
    }
    const std::string_view rest = from.substr(scheme + 3);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view host = rest.substr(0, slash);
    if (host.empty() || host.contains(':') || host.contains('*')) {
        return std::unexpected("\"" + std::string(host) +
                               "\" is no host that a redirect can be for; give one like "
                               "https://example.org/path, without a port");
    }
    std::ranges::transform(host, std::back_inserter(redirect.host), to_lower);
    redirect.from = slash == rest.size() ? "/" : rest.substr(slash);
    return {};
}

std::expected<Redirect, Problem> read_redirect(std::span<const std::string_view> words,
                                               http::Status default_status) {
    Redirect redirect{
        .from = {}, .to = {}, .status = default_status, .over = Redirect::Over::nothing_else};
    if (words.size() > 1 && is_condition(words[1])) {
        return std::unexpected("a redirect can't depend on the query; leave out " +
                               std::string(words[1]));
    }
    if (words.size() < 2) {
        return std::unexpected("give two paths: from which one, and to which");
    }
    if (words.size() > 2) {
        const std::string_view condition = is_condition(words[2]) ? words[2] : words.back();
        if (is_condition(condition)) {
            return std::unexpected(
                "a redirect can't depend on country, language, role or cookie; leave out " +
                std::string(condition));
        }
        if (auto read = read_status(words[2], redirect); !read) {
            return std::unexpected(std::move(read.error()));
        }
    }
    if (words.size() > 3) {
        return std::unexpected("there is more behind the status: leave out \"" +
                               std::string(words[3]) + "\"");
    }
    if (auto read = read_from(words[0], redirect); !read) {
        return std::unexpected(std::move(read.error()));
    }
    redirect.to = words[1];
    if (std::string flaw = find_redirect_flaw(redirect); !flaw.empty()) {
        return std::unexpected(std::move(flaw));
    }
    return redirect;
}

/// The same with a slash at the end of its path or without, as the other has it; nothing: there is
/// none that differs, or it would lead to itself.
std::optional<Redirect> twin_of(Redirect redirect) {
    constexpr std::string_view rest = "/*";
    constexpr std::string_view splat = ":splat";
    std::string& from = redirect.from;
    if (from == "/" || from == rest) {
        return std::nullopt;
    }
    if (from.ends_with(rest)) {
        from.resize(from.size() - rest.size());
        redirect.to.resize(redirect.to.size() - (redirect.to.ends_with(splat) ? splat.size() : 0));
    } else if (from.ends_with('*')) {
        return std::nullopt;
    } else if (from.ends_with('/')) {
        from.pop_back();
    } else {
        from += '/';
    }
    return find_redirect_flaw(redirect).empty() ? std::optional(std::move(redirect)) : std::nullopt;
}

bool is_dynamic(std::string_view from) noexcept {
    return from.contains('*') || from.contains("/:");
}

}  // namespace

RedirectsFile parse_redirects_file(std::string_view text, http::Status default_status) {
    RedirectsFile file;
    std::size_t static_count = 0;
    std::size_t dynamic_count = 0;
    for_each_line(text, file.problems, [&](std::size_t number, std::string_view line) {
        auto redirect = read_redirect(words_of(line), default_status);
        if (!redirect) {
            file.problems.push_back({.line = number, .text = std::move(redirect.error())});
            return;
        }
        const bool has_placeholders = is_dynamic(redirect->from);
        const std::size_t count = ++(has_placeholders ? dynamic_count : static_count);
        const std::size_t count_max =
            has_placeholders ? dynamic_redirects_max : static_redirects_max;
        if (count > count_max) {
            if (count == count_max + 1) {
                file.problems.push_back(
                    {.line = number,
                     .text = "from here on redirects " +
                             std::string(has_placeholders ? "with" : "without") +
                             " placeholders are left out: there are more than " +
                             std::to_string(count_max) + "; put them into torc.toml"});
            }
            return;
        }
        std::optional<Redirect> twin = twin_of(*redirect);
        file.redirects.push_back(std::move(*redirect));
        if (twin) {
            file.redirects.push_back(std::move(*twin));
        }
    });
    return file;
}

namespace {

/// The glob for the paths of files that a request for `path` leads to. Precondition: its escapes
/// are right.
std::string glob_of(std::string_view path) {
    constexpr std::string_view special = "*?[]\\{},";
    std::string glob;
    for (const auto part : path | std::views::split('*')) {
        glob += part.data() == path.data() ? "" : "*";
        // Not in the loop's head: it would be gone before the first pass.
        const auto decoded = percent_decoded(std::string_view(part));
        for (const char character : *decoded) {
            if (special.contains(character)) {
                glob += '\\';
            }
            glob += character;
        }
    }
    const std::string_view name = std::string_view(glob).substr(glob.rfind('/') + 1);
    if (name.contains('*') || name.contains('.')) {
        return glob;
    }
    return name.empty() ? "{" + glob + "," + glob + "index.html}"
                        : "{" + glob + "," + glob + ".html," + glob + "/index.html}";
}

/// Adds what a line beneath a path says; gives what is wrong with it.
Problem read_field(std::string_view line, Rule& rule) {
    if (line.starts_with('!')) {
        const std::string_view name = trimmed(line.substr(1));
        if (!http::is_field_name(name)) {
            return "give the name of a field behind \"!\"";
        }
        rule.removed_fields.emplace_back(name);
        return "";
    }
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = trimmed(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(std::min(colon + 1, line.size())));
    if (colon == line.size() || !http::is_field_name(name) || !http::is_field_value(value)) {
        return "give a field as \"Name: value\", or a path that begins with a slash";
    }
    rule.fields.push_back({.name = std::string(name), .value = std::string(value)});
    return "";
}

/// What is wrong with the path of a rule.
Problem find_path_flaw(std::string_view path) {
    if (path.contains("://")) {
        return "fields are for all hosts of a site; give the path alone";
    }
    if (!percent_decoded(path)) {
        return "\"" + std::string(path) +
               R"(" is not percent-encoded as it should be; for "%" give %25)";
    }
    if (path.contains("/:")) {
        return "a path in _headers has no names; give \"*\" for any characters";
    }
    return "";
}

}  // namespace

HeadersFile parse_headers_file(std::string_view text) {
    HeadersFile file;
    // What is beneath a path that is wrong is left out with it.
    bool has_path = false;
    bool is_left_out = false;
    for_each_line(text, file.problems, [&](std::size_t number, std::string_view line) {
        const bool is_path =
            line.starts_with('/') || line.starts_with("http://") || line.starts_with("https://");
        Problem problem;
        if (is_path) {
            problem = find_path_flaw(line);
            if (problem.empty() && file.rules.size() == header_rules_max) {
                problem = "there are more than " + std::to_string(header_rules_max) +
                          " paths; put them into torc.toml";
            }
            has_path = true;
            is_left_out = !problem.empty();
            if (!is_left_out) {
                file.rules.push_back({.line = number, .rule = {.glob = glob_of(line)}});
            }
        } else if (!has_path) {
            problem = "there is no path above; give one that begins with a slash, such as /*";
        } else if (!is_left_out) {
            problem = read_field(line, file.rules.back().rule);
        }
        if (!problem.empty()) {
            file.problems.push_back({.line = number, .text = std::move(problem)});
        }
    });
    std::erase_if(file.rules, [](const HeadersFile::HeadersRule& each) {
        return each.rule.fields.empty() && each.rule.removed_fields.empty();
    });
    return file;
}

}  // namespace torc::site
