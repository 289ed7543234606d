#include "listing/listing_page.hpp"
#include "listing/listing_script.hpp"
#include "listing/listing_style_sheet.hpp"
#include "response/style_policy.hpp"
#include "response/visible_text.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace torc::site {
namespace {

/// A folder, in the colour of those in the page. Encoded but for what needs not be.
constexpr std::string_view icon =
    "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg%20xmlns='http%3A//www.w3.org/2000/svg'%20"
    "viewBox='0%200%2016%2016'%3E%3Cpath%20fill='%23c96a1f'%20d='M1%203a1%201%200%200%201%201-1h3.9"
    "l1.8%202H14a1%201%200%200%201%201%201v8a1%201%200%200%201-1%201H2a1%201%200%200%201-1-1z'/%3E"
    "%3C/svg%3E\">\n";

void append_number(std::string& page, std::uint64_t number) {
    const fmt::format_int digits(number);
    page.append(digits.data(), digits.size());
}

/// "3 files".
void append_count(std::string& page, std::uint64_t count, std::string_view one,
                  std::string_view several) {
    append_number(page, count);
    page += ' ';
    page += count == 1 ? one : several;
}

/// A cell with "1.5 KiB", which tells the bytes when pointed at.
void append_size(std::string& page, std::uint64_t bytes) {
    constexpr double base = 1024;
    if (bytes < static_cast<std::uint64_t>(base)) {
        fmt::format_to(std::back_inserter(page), FMT_COMPILE("<td>{} B"), bytes);
        return;
    }
    constexpr std::string_view prefixes = "KMGTPE";
    // From here on one decimal would make it 1024.0.
    constexpr double value_end = base - 0.05;
    double value = static_cast<double>(bytes) / base;
    std::size_t prefix = 0;
    while (value >= value_end) {
        value /= base;
        ++prefix;
    }
    const auto tenths = std::lround(value * 10);
    fmt::format_to(std::back_inserter(page), FMT_COMPILE("<td title=\"{} bytes\">{}.{} {}iB"),
                   bytes, tenths / 10, tenths % 10, prefixes[prefix]);
}

void append_time(std::string& page, WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto date = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day calendar(date);
    const std::chrono::hh_mm_ss clock(seconds - date);
    const int year = static_cast<int>(calendar.year());
    const auto month = static_cast<unsigned>(calendar.month());
    const auto day = static_cast<unsigned>(calendar.day());
    // A WallTime's year has four digits.
    std::array<char, std::string_view("2026-11-23T14:05:59Z").size()> stamp;
    fmt::format_to(stamp.begin(), FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z"), year, month,
                   day, clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    constexpr std::size_t date_bytes = 10;
    constexpr std::size_t minutes_bytes = 5;
    const std::string_view text(stamp.data(), stamp.size());
    page += "<td><time datetime=\"";
    page += text;
    page += "\">";
    page += text.substr(0, date_bytes);
    page += ' ';
    page += text.substr(date_bytes + 1, minutes_bytes);
    page += "</time>";
}

void append_entry(std::string& page, const ListedEntry& entry) {
    page += "<tr><td><a href=\"";
    append_href(page, entry);
    page += "\">";
    append_visible(page, entry.name);
    if (entry.kind == file::Kind::directory) {
        page += "/</a><td>";
    } else {
        page += "</a>";
        append_size(page, entry.size);
    }
    append_time(page, entry.modified);
    page += '\n';
}

/// A column's heading, which sorts by it when it is pressed; again, the other way round. A button
/// and not a link, so that nothing that follows links gets the same directory in every order.
void append_heading(std::string& page, ListingOrder order, ListingStyle style) {
    struct Column {
        char order;
        std::string_view heading;
    };
    static constexpr std::array columns = {
        Column{'N', "Name"}, Column{'M', "Modified<span> (UTC)</span>"}, Column{'S', "Size"}};
    const Column& column = columns[static_cast<std::size_t>(order)];

    page += "<th scope=\"col\"";
    char direction = 'A';
    if (order == style.order) {
        page += style.is_descending ? " aria-sort=\"descending\"" : " aria-sort=\"ascending\"";
        direction = style.is_descending ? 'A' : 'D';
    }
    fmt::format_to(std::back_inserter(page),
                   FMT_COMPILE("><form><input type=\"hidden\" name=\"C\" value=\"{}\">"
                               "<button name=\"O\" value=\"{}\">{}</button></form>"),
                   column.order, direction, column.heading);
}

/// "../" for each directory between the root and the page.
void append_way_to_root(std::string& page, std::string_view path) {
    for (auto above = std::ranges::count(path, '/'); above > 0; --above) {
        page += "../";
    }
}

/// The path, with a link to each directory above the last. The links are relative, for the site may
/// be beneath a prefix that torc knows nothing of.
void append_breadcrumbs(std::string& page, std::string_view path) {
    std::string_view crumb = "/";
    for (auto above = std::ranges::count(path, '/'); above > 0; --above) {
        page += "<a href=\"";
        append_way_to_root(page, path);
        page += "\">";
        append_visible(page, crumb);
        page += "</a>";
        crumb = path.substr(0, path.find('/') + 1);
        path.remove_prefix(crumb.size());
    }
    page += "<b aria-current=\"page\">";
    append_visible(page, crumb);
    page += "</b>";
}

/// The last directory of the path, without its slash; empty for the root.
std::string_view folder_of(std::string_view path) noexcept {
    path.remove_suffix(path.empty() ? 0 : 1);
    return path.substr(path.rfind('/') + 1);
}

void append_head(std::string& page, std::string_view path) {
    page +=
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
    // Tabs and bookmarks show the beginning.
    append_visible_without_elements(page, path.empty() ? "Index of /" : folder_of(path));
    page += "</title>\n";
    page += icon;
    page += "<style>";
    page += listing_style_sheet;
    page += "</style>\n<script src=\"";
    append_way_to_root(page, path);
    page += listing_script_path;
    page += "\" defer></script>\n</head>\n";
}

void append_table(PagePieces& pieces, const ListingContents& contents, ListingStyle style) {
    std::string& page = pieces.text();
    page +=
        "<table>\n<caption>Directories and files; the headings sort them</caption>\n<thead>\n<tr>";
    append_heading(page, ListingOrder::name, style);
    append_heading(page, ListingOrder::size, style);
    append_heading(page, ListingOrder::modified, style);
    page += "\n<tbody>\n";
    if (!contents.path.empty()) {
        page += "<tr><td><a href=\"../\">Parent directory</a><td><td>\n";
    }
    for (const ListedEntry* const entry : contents.entries) {
        append_entry(page, *entry);
        pieces.end_piece();
    }
    if (contents.entries.empty()) {
        page += "<tr><td colspan=\"3\">This directory is empty.\n";
    }
    page += "</table>\n";
}

void append_footer(std::string& page, const ListingContents& contents) {
    const auto directories = static_cast<std::uint64_t>(
        std::ranges::count(contents.entries, file::Kind::directory, &ListedEntry::kind));
    page += "<footer>";
    append_count(page, directories, "directory", "directories");
    page += ", ";
    append_count(page, contents.entries.size() - directories, "file", "files");
    page += " · torc</footer>\n";
}

}  // namespace

std::string_view html_policy() noexcept {
    static constexpr std::string_view other_directives =
        "script-src 'self'; img-src data:; form-action 'self'; base-uri 'none'";
    static constexpr auto policy = style_policy<listing_style_sheet, other_directives>();
    return {policy.data(), policy.size()};
}

void render_html(PagePieces& pieces, const ListingContents& contents, ListingStyle style) {
    std::string& page = pieces.text();
    append_head(page, contents.path);
    page += "<body>\n<nav aria-label=\"Breadcrumbs\">\n<h1>Index of ";
    append_breadcrumbs(page, contents.path);
    page += "</h1>\n</nav>\n<main>\n";
    if (contents.is_truncated) {
        page += "<p>This directory has more than the ";
        append_number(page, contents.entries.size());
        page += " entries shown here.</p>\n";
    }
    // For the script, which shows it.
    page +=
        "<div role=\"search\" hidden><label>Filter <input type=\"search\" autocomplete=\"off\" "
        "spellcheck=\"false\"></label><output></output></div>\n";
    append_table(pieces, contents, style);
    page += "</main>\n";
    append_footer(page, contents);
    page += "</body>\n</html>\n";
}

}  // namespace torc::site
