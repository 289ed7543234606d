#pragma once

#include <torc/file/directory.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace torc::site {

enum class ListingFormat : std::uint8_t { html, json };
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
/// HTML (text/html): one document without scripts or anything else to load; its links are relative,
/// so it works beneath any prefix. Bytes of a name that are not UTF-8 are shown as U+FFFD, as are
/// the controls of U+0080 to U+009F and those of bidirectional text, which could disguise a name;
/// ASCII's controls are shown as their pictures (U+2400 on). Links always lead to the name's bytes.
///
/// JSON (application/json): what nginx's ngx_http_autoindex_module gives with
/// `autoindex_format json`. Bytes of a name that are not UTF-8 become U+FFFD. A truncated directory
/// does not show, for that shape has no place for it.
[[nodiscard]] std::string render_listing(std::string_view path, const file::Directory& directory,
                                         ListingStyle style);

}  // namespace torc::site
