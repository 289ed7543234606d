#include <torc/site/listing/listing.hpp>

#include "site/directories.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

using test::directory_entry;
using test::file_entry;

std::string html(std::string_view path, const file::Directory& directory, ListingStyle style = {}) {
    return render_listing(path, ListedDirectory(directory), style);
}

/// What stands between the first `begin` and the `end` behind it.
std::string between(std::string_view text, std::string_view begin, std::string_view end) {
    const std::size_t at = text.find(begin);
    if (at == std::string_view::npos) {
        return "nothing begins so";
    }
    text.remove_prefix(at + begin.size());
    return std::string(text.substr(0, text.find(end)));
}

std::string heading(std::string_view path) {
    return between(html(path, {}), "<h1>", "</h1>");
}
std::string headings(ListingStyle style) {
    return between(html("", {}, style), "<tr>", "\n");
}
/// A column's heading, which asks for an order and a direction.
std::string button(std::string_view text, char order, char direction,
                   std::string_view sorted = {}) {
    return "<th scope=\"col\"" + std::string(sorted) +
           "><form><input type=\"hidden\" name=\"C\" value=\"" + order +
           "\"><button name=\"O\" value=\"" + direction + "\">" + std::string(text) +
           "</button></form>";
}
std::string footer(const file::Directory& directory) {
    return between(html("", directory), "<footer>", "</footer>");
}
/// The rows of a directory's entries, each with the line feed that ends it.
std::string rows(const file::Directory& directory) {
    return between(html("", directory), "<tbody>\n", "</table>");
}
/// How a name is shown.
std::string shown(std::string_view name) {
    return between(rows({.entries = {file_entry(name)}}), "\">", "</a>");
}
std::string link(const file::DirectoryEntry& entry) {
    return between(rows({.entries = {entry}}), "<a href=\"", "\">");
}
std::string size_cell(std::uint64_t bytes) {
    return between(rows({.entries = {file_entry("a", bytes)}}), "</a>", "<td><time");
}
std::string time_cell(WallTime time) {
    return between(rows({.entries = {file_entry("a", 0, time)}}), "0 B<td>", "\n");
}

TEST(ListingHtml, IsADocument) {
    const std::string page =
        html("pub/a&b/", {.entries = {directory_entry("docs"), file_entry("read me.txt", 1536)}});
    EXPECT_EQ(page.substr(0, page.find("<link rel=\"icon\"")),
              "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<title>a&amp;b</title>\n");
    EXPECT_EQ(
        page.substr(page.find("</style>")),
        "</style>\n<script src=\"../../.torc/listing.js\" defer></script>\n</head>\n"
        "<body>\n<nav aria-label=\"Breadcrumbs\">\n"
        "<h1>Index of <a href=\"../../\">/</a><a href=\"../\">pub/</a>"
        "<b aria-current=\"page\">a&amp;b/</b></h1>\n</nav>\n<main>\n"
        "<div role=\"search\" hidden><label>Filter <input type=\"search\" autocomplete=\"off\" "
        "spellcheck=\"false\"></label><output></output></div>\n"
        "<table>\n<caption>Directories and files; the headings sort them</caption>\n"
        "<thead>\n<tr>" +
            button("Name", 'N', 'D', " aria-sort=\"ascending\"") + button("Size", 'S', 'A') +
            button("Modified<span> (UTC)</span>", 'M', 'A') +
            "\n<tbody>\n"
            "<tr><td><a href=\"../\">Parent directory</a><td><td>\n"
            "<tr><td><a href=\"docs/\">docs/</a><td>"
            "<td><time datetime=\"2024-07-20T06:05:09Z\">2024-07-20 06:05</time>\n"
            "<tr><td><a href=\"read%20me.txt\">read me.txt</a><td title=\"1536 bytes\">1.5 KiB"
            "<td><time datetime=\"2024-07-20T06:05:09Z\">2024-07-20 06:05</time>\n"
            "</table>\n</main>\n<footer>1 directory, 1 file · torc</footer>\n</body>\n</html>\n");
}

TEST(ListingHtml, LoadsItsScriptAloneAndHasNoneInIt) {
    const std::string page = html("a/", {.entries = {file_entry("a")}});
    EXPECT_EQ(between(page, "src=\"", "\""), "../.torc/listing.js");
    EXPECT_EQ(page.find("src="), page.rfind("src="));
    EXPECT_EQ(between(page, "<script", "</script>"), " src=\"../.torc/listing.js\" defer>");
    for (const std::string_view forbidden : {"url(", "@import", "://", "style=\""}) {
        EXPECT_FALSE(page.contains(forbidden)) << forbidden;
    }
}

TEST(ListingHtml, HasTheNameOfTheFolderForItsTitle) {
    const auto title = [](std::string_view path) {
        return between(html(path, {}), "<title>", "</title>");
    };
    EXPECT_EQ(title(""), "Index of /");
    EXPECT_EQ(title("a/"), "a");
    EXPECT_EQ(title("a/b<c>\u200B/"), "b&lt;c&gt;[U+200B]");
}

TEST(ListingHtml, LeadsToEveryDirectoryAbove) {
    EXPECT_EQ(heading(""), "Index of <b aria-current=\"page\">/</b>");
    EXPECT_EQ(heading("a/"), "Index of <a href=\"../\">/</a><b aria-current=\"page\">a/</b>");
    EXPECT_EQ(heading("a/b c/<d>/"),
              "Index of <a href=\"../../../\">/</a><a href=\"../../\">a/</a>"
              "<a href=\"../\">b c/</a><b aria-current=\"page\">&lt;d&gt;/</b>");
}

TEST(ListingHtml, HasNoParentInTheRoot) {
    EXPECT_TRUE(html("a/", {}).contains("Parent directory"));
    EXPECT_FALSE(html("", {}).contains("Parent directory"));
}

TEST(ListingHtml, SortsTheOtherWayBySecondClick) {
    EXPECT_EQ(headings({.order = ListingOrder::size}),
              button("Name", 'N', 'A') + button("Size", 'S', 'D', " aria-sort=\"ascending\"") +
                  button("Modified<span> (UTC)</span>", 'M', 'A'));
    EXPECT_EQ(headings({.order = ListingOrder::modified, .is_descending = true}),
              button("Name", 'N', 'A') + button("Size", 'S', 'A') +
                  button("Modified<span> (UTC)</span>", 'M', 'A', " aria-sort=\"descending\""));
}

TEST(ListingHtml, HasNoLinkToTheSameDirectoryInAnotherOrder) {
    EXPECT_FALSE(html("a/", {.entries = {file_entry("a?b")}}).contains("href=\"?"));
}

TEST(ListingHtml, EscapesNames) {
    EXPECT_EQ(shown("<script>\"&amp;'"), "&lt;script&gt;\"&amp;amp;'");
}

TEST(ListingHtml, ShowsWhatCanNotBeSeenByItsNumber) {
    EXPECT_EQ(shown("a\nb\u200B"), "a<i>U+000A</i>b<i>U+200B</i>");
    EXPECT_TRUE(html("a\u200B/", {}).contains("<title>a[U+200B]</title>"));
    EXPECT_EQ(heading("a\u200B/"),
              "Index of <a href=\"../\">/</a><b aria-current=\"page\">a<i>U+200B</i>/</b>");
}

TEST(ListingHtml, LinksToTheBytesOfAName) {
    EXPECT_EQ(link(file_entry("a%41?b#c")), "a%2541%3Fb%23c");
    EXPECT_EQ(link(file_entry("\xFF\n\xC3\xA4\u200B")), "%FF%0A%C3%A4%E2%80%8B");
    EXPECT_EQ(link(file_entry("<a>\"\\")), "%3Ca%3E%22%5C");
    EXPECT_EQ(link(file_entry("a&copy'b;c+d")), "a%26copy%27b%3Bc%2Bd");
}

TEST(ListingHtml, LinksBeginWithALetterADigitOrAnEscape) {
    EXPECT_EQ(link(file_entry("_a_")), "%5Fa_");
    EXPECT_EQ(link(file_entry("~a~")), "%7Ea~");
    EXPECT_EQ(link(directory_entry("-")), "%2D/");
    EXPECT_EQ(link(file_entry("9a")), "9a");
}

TEST(ListingHtml, LinksToNamesThatLookLikeSomethingElse) {
    EXPECT_EQ(link(file_entry("javascript:alert(1)")), "javascript%3Aalert%281%29");
    EXPECT_EQ(link(directory_entry("a:b")), "a%3Ab/");
    EXPECT_EQ(link(file_entry("//host")), "%2F%2Fhost");
}

TEST(ListingHtml, ShowsSizesInUnitsThatPeopleRead) {
    EXPECT_EQ(size_cell(0), "<td>0 B");
    EXPECT_EQ(size_cell(1023), "<td>1023 B");
    EXPECT_EQ(size_cell(1024), "<td title=\"1024 bytes\">1.0 KiB");
    EXPECT_EQ(size_cell(1536), "<td title=\"1536 bytes\">1.5 KiB");
    EXPECT_EQ(size_cell(10'188), "<td title=\"10188 bytes\">9.9 KiB");
    EXPECT_EQ(size_cell(10'189), "<td title=\"10189 bytes\">10.0 KiB");
    EXPECT_EQ(size_cell(1'048'524), "<td title=\"1048524 bytes\">1023.9 KiB");
    EXPECT_EQ(size_cell(1'048'525), "<td title=\"1048525 bytes\">1.0 MiB");
    EXPECT_EQ(size_cell(5'000'000'000), "<td title=\"5000000000 bytes\">4.7 GiB");
    EXPECT_EQ(size_cell(std::uint64_t{3} << 40), "<td title=\"3298534883328 bytes\">3.0 TiB");
    EXPECT_EQ(size_cell(std::uint64_t{3} << 50), "<td title=\"3377699720527872 bytes\">3.0 PiB");
    EXPECT_EQ(size_cell(std::numeric_limits<std::uint64_t>::max()),
              "<td title=\"18446744073709551615 bytes\">16.0 EiB");
}

TEST(ListingHtml, ShowsTimesToTheMinute) {
    EXPECT_EQ(time_cell(WallTime()),
              "<time datetime=\"1970-01-01T00:00:00Z\">1970-01-01 00:00</time>");
    EXPECT_EQ(time_cell(WallTime(std::chrono::nanoseconds(-1))),
              "<time datetime=\"1969-12-31T23:59:59Z\">1969-12-31 23:59</time>");
    EXPECT_EQ(time_cell(WallTime::max()),
              "<time datetime=\"2262-04-11T23:47:16Z\">2262-04-11 23:47</time>");
    EXPECT_EQ(time_cell(WallTime::min()),
              "<time datetime=\"1677-09-21T00:12:43Z\">1677-09-21 00:12</time>");
}

TEST(ListingHtml, SaysThatADirectoryIsEmpty) {
    EXPECT_EQ(rows({}), "<tr><td colspan=\"3\">This directory is empty.\n");
    EXPECT_FALSE(rows({.entries = {file_entry("a")}}).contains("empty"));
}

TEST(ListingHtml, SaysThatADirectoryIsTruncated) {
    file::Directory directory{.entries = {file_entry("a"), file_entry("b")}};
    EXPECT_FALSE(html("", directory).contains("<p>"));
    directory.is_truncated = true;
    EXPECT_EQ(between(html("", directory), "<main>\n", "<div"),
              "<p>This directory has more than the 2 entries shown here.</p>\n");
}

TEST(ListingHtml, CountsWhatItShows) {
    EXPECT_EQ(footer({}), "0 directories, 0 files · torc");
    EXPECT_EQ(footer({.entries = {file_entry("a"), file_entry("b"), directory_entry("c")}}),
              "1 directory, 2 files · torc");
    EXPECT_EQ(footer({.entries = {directory_entry("a"), file_entry("b"), directory_entry("c")}}),
              "2 directories, 1 file · torc");
}

}  // namespace
}  // namespace torc::site
