#include <torc/base/assert.hpp>
#include <torc/site/routing/redirects.hpp>

#include "routing/percent_decoded.hpp"
#include "routing/plain_host.hpp"

#include <algorithm>
#include <utility>

namespace torc::site {
namespace {

/// Of a path or URI that a user gives.
constexpr std::size_t redirect_bytes_max = 4096;
/// What stands for any value of a placeholder, and is in no user's redirect.
constexpr std::string_view sample = "~any~";

/// The set of a host's redirects for paths at which there is a file, or not.
std::uint32_t set_of(std::uint32_t host, Redirect::Over over) noexcept {
    return 2 * host + (over == Redirect::Over::files ? 0 : 1);
}

/// A path that matches.
std::string sample_path(const RedirectPattern& pattern) {
    std::string path;
    for (const RedirectPattern::Segment& segment : pattern.segments()) {
        path += &segment == pattern.segments().data() ? "" : "/";
        path += segment.kind == RedirectPattern::Segment::Kind::name ? sample : segment.text;
        path += segment.kind == RedirectPattern::Segment::Kind::rest ? sample : "";
    }
    return path;
}

std::string written(const RedirectLocation& location, const RedirectPattern::Captures& captures,
                    const http::Target& target) {
    std::string text(location.bytes_max(target), '\0');
    http::HeadWriter writer(text);
    location.write(captures, target, writer);
    text.resize(writer.written().size());
    return text;
}

/// Whether a client that follows it is sent by it again.
bool leads_to_itself(const Redirect& redirect, const RedirectPattern& pattern,
                     const RedirectLocation& location) {
    if (pattern.has_placeholders() && redirect.over == Redirect::Over::nothing_else) {
        return false;  // There may be a file.
    }
    const bool is_elsewhere =
        !location.host().empty() && (location.is_secure() || PlainHost(location.host()).text() !=
                                                                 PlainHost(redirect.host).text());
    if (is_elsewhere) {
        return false;
    }
    const std::string path = sample_path(pattern);
    RedirectPattern::Captures captures;
    TORC_ASSERT(pattern.capture(path, captures));
    std::string next = written(location, captures, {.path = path, .query = {}});
    next.resize(std::min(next.find_first_of("?#"), next.size()));
    next.erase(0, next.find('/', next.starts_with('/') ? 0 : next.find("//") + 2) + 1);
    const auto next_path = percent_decoded(next);
    return next_path && pattern.capture(*next_path, captures);
}

bool is_redirect(http::Status status) noexcept {
    return status == http::Status::moved_permanently || status == http::Status::found ||
           status == http::Status::temporary_redirect || status == http::Status::permanent_redirect;
}

struct Parsed {
    RedirectPattern pattern;
    RedirectLocation location;
};

std::expected<Parsed, std::string> parse(const Redirect& redirect) {
    if (!is_redirect(redirect.status)) {
        return std::unexpected("a redirect has the status 301, 302, 307 or 308, not " +
                               std::to_string(http::code(redirect.status)));
    }
    if (redirect.from.size() > redirect_bytes_max || redirect.to.size() > redirect_bytes_max) {
        return std::unexpected("a path or URI has at most " + std::to_string(redirect_bytes_max) +
                               " bytes");
    }
    auto pattern = RedirectPattern::parse(redirect.from);
    if (!pattern) {
        return std::unexpected("from \"" + redirect.from + "\": " + pattern.error());
    }
    auto location = RedirectLocation::parse(redirect.to, pattern->names());
    if (!location) {
        return std::unexpected("to \"" + redirect.to + "\": " + location.error());
    }
    if (leads_to_itself(redirect, *pattern, *location)) {
        return std::unexpected("from \"" + redirect.from + "\" to \"" + redirect.to +
                               "\" leads to itself, and clients would follow it in circles; "
                               "leave it out");
    }
    return Parsed{.pattern = std::move(*pattern), .location = std::move(*location)};
}

}  // namespace

std::string find_redirect_flaw(const Redirect& redirect) {
    const auto parsed = parse(redirect);
    return parsed ? "" : parsed.error();
}

std::expected<Redirects, std::vector<Redirects::Flaw>> Redirects::compile(
    std::span<const Redirect> redirects) {
    std::vector<Flaw> flaws;
    Redirects compiled;
    compiled.rules_.reserve(redirects.size());
    compiled.sets_.resize(2);
    for (std::size_t i = 0; i < redirects.size(); ++i) {
        if (auto parsed = parse(redirects[i])) {
            compiled.add(redirects[i], std::move(parsed->pattern), std::move(parsed->location));
        } else {
            flaws.push_back({.index = i, .text = std::move(parsed.error())});
        }
    }
    if (!flaws.empty()) {
        return std::unexpected(std::move(flaws));
    }
    return compiled;
}

void Redirects::add(const Redirect& redirect, RedirectPattern pattern, RedirectLocation location) {
    const auto rule = static_cast<std::uint32_t>(rules_.size());
    rules_.push_back({.status = redirect.status, .location = std::move(location)});
    const auto hosts = static_cast<std::uint32_t>(hosts_.size());
    const std::uint32_t host =
        redirect.host.empty() ? 0 : hosts_.insert(0, PlainHost(redirect.host).text(), hosts + 1);
    sets_.resize(2 * hosts_.size() + 2);
    const std::uint32_t number = set_of(host, redirect.over);
    Set& set = sets_[number];
    if (!pattern.has_placeholders()) {
        set.has_exact = true;
        exact_.insert(number, pattern.literal_path(), rule);
        return;
    }
    if (set.root == none) {
        set.root = add_node();
    }
    add_to_tree(set.root, pattern, rule);
    rules_.back().pattern = static_cast<std::uint32_t>(patterns_.size());
    patterns_.push_back(std::move(pattern));
}

std::uint32_t Redirects::add_node() {
    nodes_.emplace_back();
    return static_cast<std::uint32_t>(nodes_.size() - 1);
}

void Redirects::add_to_tree(std::uint32_t root, const RedirectPattern& pattern,
                            std::uint32_t rule) {
    using Kind = RedirectPattern::Segment::Kind;
    std::uint32_t node = root;
    for (const RedirectPattern::Segment& segment : pattern.segments()) {
        nodes_[node].lowest = std::min(nodes_[node].lowest, rule);
        const auto new_node = static_cast<std::uint32_t>(nodes_.size());
        if (segment.kind == Kind::rest && segment.text.empty()) {
            nodes_[node].rest = std::min(nodes_[node].rest, rule);
            return;
        }
        if (segment.kind == Kind::rest) {
            add_partial_rest(node, segment.text, rule);
            return;
        }
        if (segment.kind == Kind::literal) {
            node = literal_children_.insert(node, segment.text, new_node);
        } else {
            std::uint32_t& child = nodes_[node].name_child;
            child = child == none ? new_node : child;
            node = child;
        }
        if (node == new_node) {
            (void)add_node();
        }
    }
    nodes_[node].here = std::min(nodes_[node].here, rule);
    nodes_[node].lowest = std::min(nodes_[node].lowest, rule);
}

void Redirects::add_partial_rest(std::uint32_t node, std::string_view prefix, std::uint32_t rule) {
    // In the order of the list, so that the first that matches ends the search.
    const auto added = static_cast<std::uint32_t>(partial_rests_.size());
    Node& parent = nodes_[node];
    const bool is_first = parent.partial_rest == none;
    (is_first ? parent.partial_rest : partial_rests_[parent.last_partial_rest].next) = added;
    parent.last_partial_rest = added;
    partial_rests_.push_back({.rule = rule, .prefix = std::string(prefix), .next = none});
}

Redirects::Found Redirects::find(std::string_view host, std::string_view path) const noexcept {
    if (rules_.empty()) {
        return {};
    }
    std::uint32_t over_file = find_in(set_of(0, Redirect::Over::files), path);
    std::uint32_t over_nothing = find_in(set_of(0, Redirect::Over::nothing_else), path);
    const std::uint32_t number = hosts_.empty() ? none : hosts_.find(0, PlainHost(host).text());
    if (number != none) {
        over_file = std::min(over_file, find_in(set_of(number, Redirect::Over::files), path));
        over_nothing =
            std::min(over_nothing, find_in(set_of(number, Redirect::Over::nothing_else), path));
    }
    over_nothing = std::min(over_nothing, over_file);
    const auto optional = [](std::uint32_t rule) {
        return rule == none ? std::nullopt : std::optional(rule);
    };
    return {.where_file_is = optional(over_file), .where_nothing_is = optional(over_nothing)};
}

std::uint32_t Redirects::find_in(std::uint32_t set, std::string_view path) const noexcept {
    const Set& wanted = sets_[set];
    std::uint32_t best = wanted.has_exact ? exact_.find(set, path) : none;
    if (wanted.root != none) {
        search(wanted.root, path, best);
    }
    return best;
}

void Redirects::search(std::uint32_t node, std::string_view path,
                       std::uint32_t& best) const noexcept {
    const Node& here = nodes_[node];
    if (here.lowest >= best) {
        return;
    }
    best = std::min(best, here.rest);
    for (std::uint32_t i = here.partial_rest; i != none && partial_rests_[i].rule < best;
         i = partial_rests_[i].next) {
        best = path.starts_with(partial_rests_[i].prefix) ? partial_rests_[i].rule : best;
    }
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    const std::uint32_t literal_child = literal_children_.find(node, segment);
    const std::uint32_t name_child = segment.empty() ? none : here.name_child;
    for (const std::uint32_t child : {literal_child, name_child}) {
        if (child == none) {
            continue;
        }
        if (slash == std::string_view::npos) {
            best = std::min(best, nodes_[child].here);
        } else {
            search(child, path.substr(slash + 1), best);
        }
    }
}

void Redirects::write_location(Index index, const http::Target& target,
                               http::HeadWriter& writer) const noexcept {
    const Rule& rule = rules_[index];
    RedirectPattern::Captures captures;
    if (rule.pattern != none) {
        (void)patterns_[rule.pattern].capture(target.path, captures);
    }
    rule.location.write(captures, target, writer);
}

std::string Redirects::location(Index index, const http::Target& target) const {
    std::string text(location_bytes_max(index, target), '\0');
    http::HeadWriter writer(text);
    write_location(index, target, writer);
    text.resize(writer.written().size());
    return text;
}

}  // namespace torc::site
