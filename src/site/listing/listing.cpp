#include <torc/base/assert.hpp>
#include <torc/http/percent_encoder.hpp>
#include <torc/site/listing/listing.hpp>

#include "listing/listing_page.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <vector>

namespace torc::site {
namespace {

constexpr unsigned orders_count = static_cast<unsigned>(ListingOrder::size) + 1;
constexpr char first_key = ListingStyle::keys.front();

std::optional<ListingOrder> order_named(std::string_view value) noexcept {
    if (value == "N") {
        return ListingOrder::name;
    }
    if (value == "M") {
        return ListingOrder::modified;
    }
    if (value == "S") {
        return ListingOrder::size;
    }
    return std::nullopt;
}

}  // namespace

char ListingStyle::key() const noexcept {
    const unsigned number =
        (static_cast<unsigned>(format) * orders_count + static_cast<unsigned>(order)) * 2 +
        (is_descending ? 1 : 0);
    return static_cast<char>(first_key + number);
}

ListingStyle ListingStyle::from_key(char key) noexcept {
    const auto number = static_cast<unsigned>(key - first_key);
    const ListingStyle style{.format = static_cast<ListingFormat>(number / 2 / orders_count),
                             .order = static_cast<ListingOrder>(number / 2 % orders_count),
                             .is_descending = number % 2 == 1};
    TORC_ASSERT(keys.contains(key));
    return style;
}

ListingStyle listing_style(ListingFormat format, std::string_view query) noexcept {
    ListingStyle style{.format = format};
    while (!query.empty()) {
        const std::size_t end = std::min(query.find_first_of("&;"), query.size());
        const std::string_view part = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (part.starts_with("C=")) {
            style.order = order_named(part.substr(2)).value_or(style.order);
        } else if (part == "O=A" || part == "O=D") {
            style.is_descending = part == "O=D";
        }
    }
    return style;
}

void append_href(std::string& page, const ListedEntry& entry) {
    std::string_view name = entry.name;
    // httpdirfs takes a link for an entry's only if it begins with a letter, a digit or an escape.
    constexpr std::string_view marks = "-_~";
    if (marks.contains(name.front())) {
        fmt::format_to(std::back_inserter(page), FMT_COMPILE("%{:02X}"),
                       static_cast<unsigned char>(name.front()));
        name.remove_prefix(1);
    }
    http::PercentEncoder encoder(http::PercentEncoder::Part::segment, name);
    for (std::string_view piece = encoder.next(); !piece.empty(); piece = encoder.next()) {
        page += piece;
    }
    if (entry.kind == file::Kind::directory) {
        page += '/';
    }
}

ListingPage::ListingPage(std::string_view path, const ListedDirectory& directory,
                         ListingStyle style)
    : path_(path),
      style_(style),
      is_truncated_(directory.is_truncated()),
      entries_(directory.sorted(style)) {
    Digester digester;
    PagePieces pieces(digester);
    render(pieces);
    bytes_ = pieces.bytes();
    digest_ = digester.digest();
}

void ListingPage::write(std::span<char> page) const {
    TORC_ASSERT(page.size() == bytes_);
    PagePieces pieces(page);
    render(pieces);
    TORC_ASSERT(pieces.bytes() == bytes_);
}

void ListingPage::render(PagePieces& pieces) const {
    const ListingContents contents{
        .path = path_, .entries = entries_, .is_truncated = is_truncated_};
    switch (style_.format) {
        case ListingFormat::html:
            render_html(pieces, contents, style_);
            break;
        case ListingFormat::plain:
            render_plain(pieces, contents);
            break;
        case ListingFormat::json:
            render_json(pieces, contents);
            break;
    }
    pieces.end_piece();
}

std::string render_listing(std::string_view path, const ListedDirectory& directory,
                           ListingStyle style) {
    const ListingPage page(path, directory, style);
    std::string text(page.bytes(), '\0');
    page.write(text);
    return text;
}

}  // namespace torc::site
