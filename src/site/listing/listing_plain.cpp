#include <torc/http/date.hpp>

#include "listing/listing_page.hpp"
#include "response/visible_text.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>

namespace torc::site {
namespace {

/// Where the times begin, in characters, unless a name is longer.
constexpr std::size_t name_column_width = 51;

/// How wide a name is in a fixed-width font, roughly: programs don't mind.
std::size_t width_of(std::string_view name) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        name, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

void append_time(std::string& page, WallTime time) {
    const auto minutes = std::chrono::floor<std::chrono::minutes>(time);
    const auto date = std::chrono::floor<std::chrono::days>(minutes);
    const std::chrono::year_month_day calendar(date);
    const std::chrono::hh_mm_ss clock(minutes - date);
    fmt::format_to(std::back_inserter(page), FMT_COMPILE("{:02}-{}-{:04} {:02}:{:02}"),
                   static_cast<unsigned>(calendar.day()),
                   http::month_abbreviations[static_cast<unsigned>(calendar.month()) - 1],
                   static_cast<int>(calendar.year()), clock.hours().count(),
                   clock.minutes().count());
}

void append_entry(std::string& page, const ListedEntry& entry) {
    const bool is_directory = entry.kind == file::Kind::directory;
    page += "<a href=\"";
    append_href(page, entry);
    page += "\">";
    append_visible(page, entry.name);
    if (is_directory) {
        page += '/';
    }
    page += "</a>";
    const std::size_t width = width_of(entry.name) + std::size_t{is_directory};
    page.append(width < name_column_width ? name_column_width - width : 1, ' ');
    append_time(page, entry.modified);
    if (is_directory) {
        page += "                   -\n";
    } else {
        fmt::format_to(std::back_inserter(page), FMT_COMPILE("{:>20}\n"), entry.size);
    }
}

}  // namespace

void render_plain(PagePieces& pieces, const ListingContents& contents) {
    std::string& page = pieces.text();
    page +=
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Index of /";
    append_visible_without_elements(page, contents.path);
    page += "</title>\n</head>\n<body>\n<h1>Index of /";
    append_visible(page, contents.path);
    page += "</h1>\n<hr><pre>";
    page += contents.path.empty() ? "\n" : "<a href=\"../\">../</a>\n";
    for (const ListedEntry* const entry : contents.entries) {
        append_entry(page, *entry);
        pieces.end_piece();
    }
    page += "</pre><hr>\n";
    if (contents.is_truncated) {
        fmt::format_to(
            std::back_inserter(page),
            FMT_COMPILE("<p>This directory has more than the {} entries shown here.</p>\n"),
            contents.entries.size());
    }
    page += "</body>\n</html>\n";
}

}  // namespace torc::site
