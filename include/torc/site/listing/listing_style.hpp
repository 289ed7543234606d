#pragma once

#include <cstdint>
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

    /// All keys that there are.
    static constexpr std::string_view keys = "abcdefghijklmnopqr";
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

}  // namespace torc::site
