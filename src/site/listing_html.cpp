#include "listing_page.hpp"
#include "visible_text.hpp"

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

// In one element, so that a Content-Security-Policy can allow it by its hash. The icons are clipped
// boxes: nothing to load, nothing in the rows, and nothing for a screen reader to say.
constexpr std::string_view style_sheet = R"css(
:root{color-scheme:light dark;--page:#fbf9f6;--panel:#fff;--hover:#f6f1ea;--line:#e6dfd6;
--text:#2a241e;--quiet:#665c51;--accent:#a34a08}
@media(prefers-color-scheme:dark){:root{--page:#16130f;--panel:#201b16;--hover:#2b241d;
--line:#3a3129;--text:#efe8df;--quiet:#b3a799;--accent:#f0a35e}}
*,::before,::after{box-sizing:border-box}
body{max-width:62rem;margin:0 auto;padding:clamp(1.25rem,5vw,3.5rem) clamp(.75rem,4vw,2rem) 2rem;
background:var(--page);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;
-webkit-text-size-adjust:100%}
a{color:inherit;text-decoration:none;border-radius:.2rem}
a:hover{text-decoration:underline;text-underline-offset:.2em}
a:focus-visible,button:focus-visible,td a:focus-visible::after{outline:2px solid var(--accent);outline-offset:2px}
h1{margin:0 0 1.25rem;color:var(--quiet);font-size:clamp(1.25rem,4.5vw,1.75rem);font-weight:500;
line-height:1.3;overflow-wrap:anywhere}
h1 a,h1 b{font-weight:700;unicode-bidi:isolate}
h1 a{color:var(--accent)}
h1 b{color:var(--text)}
table{width:100%;border:1px solid var(--line);border-radius:.5rem;border-spacing:0;
background:var(--panel);overflow:hidden}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:.5rem 1rem;text-align:right;vertical-align:baseline;white-space:nowrap;
font-variant-numeric:tabular-nums}
th{color:var(--quiet);font-size:.875rem;font-weight:600}
td{border-top:1px solid var(--line);color:var(--quiet);font-size:.9375rem}
th:first-child,td:first-child{text-align:left}
td:first-child{position:relative;width:100%;padding-left:2.875rem;color:var(--text);font-size:1rem;
white-space:pre-wrap;overflow-wrap:anywhere}
td a::after{content:"";position:absolute;inset:0}
td a:focus-visible{outline:0}
td a:focus-visible::after{outline-offset:-3px;border-radius:.5rem}
tbody tr:hover{background:var(--hover)}
th button{position:relative;padding:0;border:0;background:none;color:inherit;font:inherit;
cursor:pointer}
th button:hover{text-decoration:underline;text-underline-offset:.2em}
[aria-sort] button::after{content:"";position:absolute;left:100%;top:.4em;width:.6em;height:.4em;
margin-left:.3em;forced-color-adjust:none;background:var(--accent);
clip-path:polygon(50% 0,100% 100%,0 100%)}
[aria-sort=descending] button::after{transform:scaleY(-1)}
td a::before{content:"";position:absolute;left:1rem;top:.75rem;width:16px;height:16px;
forced-color-adjust:none;background:var(--quiet);
clip-path:path(evenodd,
"M4 1h5.5L13 4.5V14a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V2a1 1 0 0 1 1-1zM4.3 2.3v11.4h7.4V5.6H8.4V2.3z")}
td a[href$="/"]::before{background:var(--accent);clip-path:path(
"M1 3a1 1 0 0 1 1-1h3.9l1.8 2H14a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H2a1 1 0 0 1-1-1z")}
td a[href="../"]::before{clip-path:path("M8 2l5.5 5.5-1.2 1.2L8.9 5.2V14H7.1V5.2L3.7 8.7 2.5 7.5z")}
i{padding:0 .25em;border:1px solid;border-radius:.25em;color:var(--quiet);font-style:normal;
font-size:.75em}
p,footer{margin:1rem 0;color:var(--quiet);font-size:.875rem}
@media(max-width:40rem){
table,thead,tbody{display:block}
tr{position:relative;display:grid;grid-template-columns:1fr auto;column-gap:1.25rem;
padding:.5rem 1rem;border-top:1px solid var(--line)}
thead tr{grid-template-columns:1fr auto auto;border:0}
th,td,td:first-child{padding:0;border:0}
td{font-size:.875rem}
td:first-child{position:static;grid-column:1/-1;padding-left:1.875rem}
th:nth-child(2),td:nth-child(2){order:1}
td:nth-child(3){padding-left:1.875rem;text-align:left}
}
)css";

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
    static constexpr std::array columns = {Column{'N', "Name"}, Column{'M', "Modified (UTC)"},
                                           Column{'S', "Size"}};
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

/// The path, with a link to each directory above the last. The links are relative, for the site may
/// be beneath a prefix that torc knows nothing of.
void append_breadcrumbs(std::string& page, std::string_view path) {
    std::string_view crumb = "/";
    for (auto above = std::ranges::count(path, '/'); above > 0; --above) {
        page += "<a href=\"";
        for (auto i = above; i > 0; --i) {
            page += "../";
        }
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

void append_head(std::string& page, std::string_view path) {
    page +=
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>Index of /";
    append_visible_without_elements(page, path);
    page += "</title>\n<style>";
    page += style_sheet;
    page += "</style>\n</head>\n";
}

void append_table(std::string& page, const ListingContents& contents, ListingStyle style) {
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

std::string render_html(const ListingContents& contents, ListingStyle style) {
    // About what a row takes, so that a large page is not copied as it grows.
    constexpr std::size_t row_bytes = 224;
    std::string page;
    page.reserve(2 * style_sheet.size() + contents.entries.size() * row_bytes);
    append_head(page, contents.path);
    page += "<body>\n<nav aria-label=\"Breadcrumbs\">\n<h1>Index of ";
    append_breadcrumbs(page, contents.path);
    page += "</h1>\n</nav>\n<main>\n";
    if (contents.is_truncated) {
        page += "<p>This directory has more than the ";
        append_number(page, contents.entries.size());
        page += " entries shown here.</p>\n";
    }
    append_table(page, contents, style);
    page += "</main>\n";
    append_footer(page, contents);
    page += "</body>\n</html>\n";
    return page;
}

}  // namespace torc::site
