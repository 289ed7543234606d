#include <torc/site/listing.hpp>

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
    return render_listing(path, directory, style);
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
    EXPECT_EQ(page.substr(0, page.find("<style>")),
              "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<title>Index of /pub/a&amp;b/</title>\n");
    EXPECT_EQ(page.substr(page.find("</style>")),
              "</style>\n</head>\n<body>\n<nav aria-label=\"Breadcrumbs\">\n"
              "<h1>Index of <a href=\"../../\">/</a><a href=\"../\">pub/</a>"
              "<b aria-current=\"page\">a&amp;b/</b></h1>\n</nav>\n<main>\n"
              "<table>\n<caption>Directories and files; the headings sort them</caption>\n"
              "<thead>\n<tr><th scope=\"col\" aria-sort=\"ascending\"><a href=\"?C=N;O=D\">Name</a>"
              "<th scope=\"col\"><a href=\"?C=S;O=A\">Size</a>"
              "<th scope=\"col\"><a href=\"?C=M;O=A\">Modified (UTC)</a>\n<tbody>\n"
              "<tr><td><a href=\"../\">Parent directory</a><td><td>\n"
              "<tr><td><a href=\"./docs/\">docs/</a><td>"
              "<td><time datetime=\"2024-07-20T06:05:09Z\">2024-07-20 06:05</time>\n"
              "<tr><td><a href=\"./read%20me.txt\">read me.txt</a><td title=\"1536 bytes\">1.5 KiB"
              "<td><time datetime=\"2024-07-20T06:05:09Z\">2024-07-20 06:05</time>\n"
              "</table>\n</main>\n<footer>1 directory, 1 file · torc</footer>\n</body>\n</html>\n");
}

TEST(ListingHtml, LoadsNothingAndRunsNothing) {
    const std::string page = html("a/", {.entries = {file_entry("a")}});
    for (const std::string_view forbidden : {"<script", "url(", "src=", "@import", "://"}) {
        EXPECT_FALSE(page.contains(forbidden)) << forbidden;
    }
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
              "<th scope=\"col\"><a href=\"?C=N;O=A\">Name</a>"
              "<th scope=\"col\" aria-sort=\"ascending\"><a href=\"?C=S;O=D\">Size</a>"
              "<th scope=\"col\"><a href=\"?C=M;O=A\">Modified (UTC)</a>");
    EXPECT_EQ(headings({.order = ListingOrder::modified, .is_descending = true}),
              "<th scope=\"col\"><a href=\"?C=N;O=A\">Name</a>"
              "<th scope=\"col\"><a href=\"?C=S;O=A\">Size</a>"
              "<th scope=\"col\" aria-sort=\"descending\"><a href=\"?C=M;O=A\">Modified (UTC)</a>");
}

TEST(ListingHtml, EscapesNames) {
    EXPECT_EQ(shown("<script>\"&amp;'"), "&lt;script&gt;&quot;&amp;amp;&#39;");
}

TEST(ListingHtml, ShowsControlsByTheirPictures) {
    EXPECT_EQ(shown("a\nb\t\x1B[31m\x01\x1F"), "a\u240Ab\u2409\u241B[31m\u2401\u241F");
    EXPECT_EQ(shown("\x7F"), "\u2421");
    EXPECT_EQ(shown("\u0080\u009F\u00A0"), "\uFFFD\uFFFD\u00A0");
}

TEST(ListingHtml, ShowsNoBidirectionalControls) {
    EXPECT_EQ(shown("exe.\u202Egpj.scr"), "exe.\uFFFDgpj.scr");
    EXPECT_EQ(shown("\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069"),
              "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
    EXPECT_EQ(shown("\u2029\u202F\u2065\u206A"), "\u2029\u202F\u2065\u206A");
}

TEST(ListingHtml, ReplacesWhatIsNoUtf8) {
    EXPECT_EQ(shown("\u00E4\xFF\xC3.txt"), "\u00E4\uFFFD\uFFFD.txt");
}

TEST(ListingHtml, LinksToTheBytesOfAName) {
    EXPECT_EQ(link(file_entry("a%41?b#c")), "./a%2541%3Fb%23c");
    EXPECT_EQ(link(file_entry("\xFF\n\xC3\xA4")), "./%FF%0A%C3%A4");
    EXPECT_EQ(link(file_entry("<a>\"\\")), "./%3Ca%3E%22%5C");
}

TEST(ListingHtml, EscapesWhatALinkKeeps) {
    EXPECT_EQ(link(file_entry("a&copy'b")), "./a&amp;copy&#39;b");
}

TEST(ListingHtml, LinksToNamesThatLookLikeSomethingElse) {
    EXPECT_EQ(link(file_entry("javascript:alert(1)")), "./javascript:alert(1)");
    EXPECT_EQ(link(directory_entry("a:b")), "./a:b/");
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
    EXPECT_EQ(between(html("", directory), "<main>\n", "<table>"),
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
