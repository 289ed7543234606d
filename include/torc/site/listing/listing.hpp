#pragma once

#include <torc/site/cache/digest.hpp>
#include <torc/site/listing/listed_directory.hpp>
#include <torc/site/listing/listing_style.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

class PagePieces;

/// The page that shows a directory, in UTF-8: sorted, and measured before it is written, so that it
/// takes no more memory than it has bytes, and these may be asked for first.
///
/// Directories come first. Names are in natural order (site/natural_order.hpp); where times or
/// sizes are equal, names decide, always ascending. Directories have no size: by size, their names
/// decide too.
///
/// In all formats links are relative, so that they work beneath any prefix, and lead to the name's
/// bytes exactly.
///
/// HTML (text/html): one document without anything else to load. Names are shown so that each
/// character of them can be seen and no two look the same (src/site/visible_text.hpp).
///
/// Plain (text/html): as nginx's ngx_http_autoindex_module gives it: a line for each entry, with
/// its time (UTC) and its size in bytes. The only other link is that to the directory above. The
/// text of a link is the name that it leads to, in full, but for what can't be seen.
///
/// JSON (application/json): what nginx gives with `autoindex_format json`. Bytes of a name that are
/// not UTF-8 become U+FFFD; what can't be seen is escaped. A truncated directory does not show, for
/// that shape has no place for it.
class ListingPage {
public:
    /// `path`: a http::Target's, "" or "a/b/". It and `directory` outlive the page.
    ListingPage(std::string_view path, const ListedDirectory& directory, ListingStyle style);

    [[nodiscard]] ListingFormat format() const noexcept { return style_.format; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// Of what will be written.
    [[nodiscard]] const Digest& digest() const noexcept { return digest_; }
    /// `page` has as many bytes.
    void write(std::span<char> page) const;

private:
    void render(PagePieces& pieces) const;

    std::string_view path_;
    ListingStyle style_;
    bool is_truncated_;
    std::vector<const ListedEntry*> entries_;
    std::size_t bytes_ = 0;
    Digest digest_;
};

/// The same as a string.
[[nodiscard]] std::string render_listing(std::string_view path, const ListedDirectory& directory,
                                         ListingStyle style);

}  // namespace torc::site
