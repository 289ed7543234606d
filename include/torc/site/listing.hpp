#pragma once

#include <torc/file/directory.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace torc::site {

enum class ListingFormat : std::uint8_t {
    /// For people: a page with a table.
    html,
    /// For programs that read HTML, in the form that they know from nginx.
    plain,
    /// For programs that read JSON.
    json,
};
enum class ListingOrder : std::uint8_t { name, modified, size };

/// How a directory is shown.
struct ListingStyle {
    ListingFormat format = ListingFormat::html;
    ListingOrder order = ListingOrder::name;
    bool is_descending = false;

    /// A letter for each style, to be part of a cache's key.
    [[nodiscard]] char key() const noexcept;
    /// The style whose `key()` is `key`. Precondition: there is one.
    [[nodiscard]] static ListingStyle from_key(char key) noexcept;

    friend bool operator==(const ListingStyle&, const ListingStyle&) noexcept = default;
};

/// The style that a request's query asks for, in the names of Apache's mod_autoindex: "C=N", "C=M"
/// or "C=S" for the order (name, modified, size), "O=A" or "O=D" for its direction, separated by
/// '&' or ';'. Of several the last counts; what is unknown or malformed is ignored.
[[nodiscard]] ListingStyle listing_style(ListingFormat format, std::string_view query) noexcept;

/// The page that shows `directory`, in UTF-8. `path`: a http::Target's, "" or "a/b/".
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
[[nodiscard]] std::string render_listing(std::string_view path, const file::Directory& directory,
                                         ListingStyle style);

}  // namespace torc::site
