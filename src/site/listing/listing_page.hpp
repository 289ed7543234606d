#pragma once

#include <torc/base/assert.hpp>
#include <torc/site/cache/digest.hpp>
#include <torc/site/listing/listing.hpp>

#include <algorithm>
#include <cstddef>
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

/// Takes a page piece by piece: measures it, or writes it where there is room for as many bytes as
/// were measured. So a page is never in memory twice.
class PagePieces {
public:
    /// Measures: `digester`, which outlives this, gets what the page is made of.
    explicit PagePieces(Digester& digester) noexcept : digester_(&digester) {}
    explicit PagePieces(std::span<char> page) noexcept : page_(page) {}

    /// The end of the piece that is being made, for what comes next.
    [[nodiscard]] std::string& text() noexcept { return text_; }
    /// For each entry, and at the end of the page.
    void end_piece() noexcept {
        if (digester_ != nullptr) {
            digester_->add(text_);
        } else {
            TORC_ASSERT(text_.size() <= page_.size() - bytes_);
            std::ranges::copy(text_, page_.subspan(bytes_).begin());
        }
        bytes_ += text_.size();
        text_.clear();
    }
    /// Of all pieces that were ended.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    std::string text_;
    Digester* digester_ = nullptr;
    std::span<char> page_;
    std::size_t bytes_ = 0;
};

void render_html(PagePieces& page, const ListingContents& contents, ListingStyle style);
/// The Content-Security-Policy of such a page: its own style sheet, script and icon, and nothing
/// else, whatever names a directory has.
[[nodiscard]] std::string_view html_policy() noexcept;
void render_plain(PagePieces& page, const ListingContents& contents);
void render_json(PagePieces& page, const ListingContents& contents);

/// Appends the link that leads from a directory's page to an entry in it: its name and, for a
/// directory, a slash. Names with a colon need no "./" in front, for that is encoded too.
void append_href(std::string& page, const ListedEntry& entry);

}  // namespace torc::site
