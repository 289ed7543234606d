#pragma once

#include <torc/site/listing.hpp>

#include <span>
#include <string>
#include <string_view>

// The formats of a listing, each in a source of its own.

namespace torc::site {

/// What a listing shows, sorted.
struct ListingContents {
    /// As a http::Target has it.
    std::string_view path;
    std::span<const ListedEntry* const> entries;
    bool is_truncated = false;
};

[[nodiscard]] std::string render_html(const ListingContents& contents, ListingStyle style);
/// The Content-Security-Policy of such a page: its own style sheet, script and icon, and nothing
/// else, whatever names a directory has.
[[nodiscard]] std::string_view html_policy() noexcept;
[[nodiscard]] std::string render_plain(const ListingContents& contents);
[[nodiscard]] std::string render_json(const ListingContents& contents);

/// Appends the link that leads from a directory's page to an entry in it: its name and, for a
/// directory, a slash. Names with a colon need no "./" in front, for that is encoded too.
void append_href(std::string& page, const ListedEntry& entry);

}  // namespace torc::site
