#pragma once

#include <torc/http/head_writer.hpp>
#include <torc/http/status.hpp>
#include <torc/http/target.hpp>
#include <torc/site/routing/redirect.hpp>
#include <torc/site/routing/redirect_location.hpp>
#include <torc/site/routing/redirect_pattern.hpp>
#include <torc/site/routing/text_index.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

/// What is wrong with a redirect, and what would do; empty: nothing. One that leads to itself is
/// wrong, as far as that can be told from it alone.
[[nodiscard]] std::string find_redirect_flaw(const Redirect& redirect);

/// A site's redirects, of which the first in their list that matches counts, made ready to be found
/// without looking at all.
///
/// Those without placeholders are found by their path in a hash table. The others are in a tree of
/// segments: at each node the children by literal segment are in a hash table, and there is one
/// more child for a ":name". Both are there once for each host that redirects name and for each
/// Redirect::Over. So a lookup costs some hashes for each segment of the path, however many
/// redirects there are; only those whose "*" has text before it in its segment ("/old*") are
/// looked at one by one, where several have the same segments before.
class Redirects {
public:
    struct Flaw {
        /// Of the redirect in its list.
        std::size_t index;
        std::string text;
    };
    /// Else all that have flaws (see find_redirect_flaw), in their order.
    [[nodiscard]] static std::expected<Redirects, std::vector<Flaw>> compile(
        std::span<const Redirect> redirects);

    /// In its list.
    using Index = std::uint32_t;
    /// The redirect that counts; nothing: none does. When both are the same nobody needs to look
    /// whether there is a file.
    struct Found {
        std::optional<Index> where_file_is{};
        std::optional<Index> where_nothing_is{};

        [[nodiscard]] bool depends_on_file() const noexcept {
            return where_file_is != where_nothing_is;
        }
    };
    /// `host`: see HostTable::find. `path`: a http::Target's. Neither allocates nor blocks.
    [[nodiscard]] Found find(std::string_view host, std::string_view path) const noexcept;

    [[nodiscard]] http::Status status(Index index) const noexcept { return rules_[index].status; }
    /// Writes the value of Location for a request for `target`, for whose path `index` was found.
    /// `writer` has room for location_bytes_max.
    void write_location(Index index, const http::Target& target,
                        http::HeadWriter& writer) const noexcept;
    /// Room that the value of Location needs at the most.
    [[nodiscard]] std::size_t location_bytes_max(Index index,
                                                 const http::Target& target) const noexcept {
        return rules_[index].location.bytes_max(target);
    }
    /// The value of Location.
    [[nodiscard]] std::string location(Index index, const http::Target& target) const;

    [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }

private:
    static constexpr std::uint32_t none = TextIndex::none;

    struct Rule {
        http::Status status;
        RedirectLocation location;
        /// In `patterns_`; none: it has no placeholders.
        std::uint32_t pattern = none;
    };
    /// What is known of paths after some whole segments. Numbers of rules are the first ones.
    struct Node {
        /// The rule for paths that end here.
        std::uint32_t here = none;
        /// The rule for any further segments.
        std::uint32_t rest = none;
        /// The first and the last in `partial_rests_`.
        std::uint32_t partial_rest = none;
        std::uint32_t last_partial_rest = none;
        std::uint32_t name_child = none;
        /// The lowest number in the node and beneath it.
        std::uint32_t lowest = none;
    };
    /// A rule for what begins a segment with some text ("/old*").
    struct PartialRest {
        std::uint32_t rule;
        std::string prefix;
        std::uint32_t next;
    };
    /// The rules of one host (or of any) and one Redirect::Over.
    struct Set {
        std::uint32_t root = none;
        bool has_exact = false;
    };

    void add(const Redirect& redirect, RedirectPattern pattern, RedirectLocation location);
    void add_to_tree(std::uint32_t root, const RedirectPattern& pattern, std::uint32_t rule);
    void add_partial_rest(std::uint32_t node, std::string_view prefix, std::uint32_t rule);
    [[nodiscard]] std::uint32_t add_node();
    [[nodiscard]] std::uint32_t find_in(std::uint32_t set, std::string_view path) const noexcept;
    void search(std::uint32_t node, std::string_view path, std::uint32_t& best) const noexcept;

    std::vector<Rule> rules_;
    std::vector<RedirectPattern> patterns_;
    /// By host: half the number of its first set. Those of any host are 0 and 1.
    TextIndex hosts_;
    std::vector<Set> sets_;
    /// By set and path.
    TextIndex exact_;
    std::vector<Node> nodes_;
    /// By node and segment.
    TextIndex literal_children_;
    std::vector<PartialRest> partial_rests_;
};

}  // namespace torc::site
