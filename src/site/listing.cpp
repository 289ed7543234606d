#include <torc/base/assert.hpp>
#include <torc/http/percent_encoder.hpp>
#include <torc/site/listing.hpp>
#include <torc/site/natural_order.hpp>

#include "listing_page.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace torc::site {
namespace {

using file::DirectoryEntry;

constexpr unsigned orders_count = static_cast<unsigned>(ListingOrder::size) + 1;
constexpr char first_key = 'a';

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

struct SortItem {
    const DirectoryEntry* entry = nullptr;
    std::string natural_key;
};

std::strong_ordering compare_names(const SortItem& left, const SortItem& right) noexcept {
    const auto naturally = left.natural_key <=> right.natural_key;
    return naturally != 0 ? naturally : left.entry->name <=> right.entry->name;
}

/// Of items of the same kind.
std::strong_ordering compare_by(ListingOrder order, const SortItem& left,
                                const SortItem& right) noexcept {
    switch (order) {
        case ListingOrder::name:
            return compare_names(left, right);
        case ListingOrder::modified:
            return left.entry->modified <=> right.entry->modified;
        case ListingOrder::size:
            break;
    }
    return left.entry->kind == file::Kind::directory ? std::strong_ordering::equal
                                                     : left.entry->size <=> right.entry->size;
}

std::vector<const DirectoryEntry*> sort(std::span<const DirectoryEntry> entries,
                                        ListingStyle style) {
    std::vector<SortItem> items;
    items.reserve(entries.size());
    for (const DirectoryEntry& entry : entries) {
        items.push_back({.entry = &entry, .natural_key = natural_key(entry.name)});
    }
    const auto precedes = [style](const SortItem& left, const SortItem& right) {
        const auto ascending = compare_by(style.order, left, right);
        const auto ordering = style.is_descending ? 0 <=> ascending : ascending;
        return (ordering != 0 ? ordering : compare_names(left, right)) < 0;
    };
    const auto files = std::ranges::partition(
        items, [](const SortItem& item) { return item.entry->kind == file::Kind::directory; });
    std::ranges::sort(items.begin(), files.begin(), precedes);
    std::ranges::sort(files, precedes);

    std::vector<const DirectoryEntry*> sorted(items.size());
    std::ranges::transform(items, sorted.begin(), &SortItem::entry);
    return sorted;
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
    TORC_ASSERT(key >= first_key && style.format <= ListingFormat::json);
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

void append_href(std::string& page, const file::DirectoryEntry& entry) {
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

std::string render_listing(std::string_view path, const file::Directory& directory,
                           ListingStyle style) {
    const std::vector<const DirectoryEntry*> entries = sort(directory.entries, style);
    const ListingContents contents{
        .path = path, .entries = entries, .is_truncated = directory.is_truncated};
    switch (style.format) {
        case ListingFormat::html:
            return render_html(contents, style);
        case ListingFormat::plain:
            return render_plain(contents);
        case ListingFormat::json:
            break;
    }
    return render_json(contents);
}

}  // namespace torc::site
