#include <torc/site/listing/listing.hpp>

#include "site/directories.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace torc::site {
namespace {

using test::directory_entry;
using test::file_entry;

std::string plain(std::string_view path, const file::Directory& directory) {
    return render_listing(path, ListedDirectory(directory), {.format = ListingFormat::plain});
}

/// The line of the only entry, from its link on.
std::string line(const file::DirectoryEntry& entry) {
    const std::string page = plain("", {.entries = {entry}});
    const std::size_t begin = page.find("<pre>\n") + std::string_view("<pre>\n").size();
    return page.substr(begin, page.find("\n</pre>") - begin);
}

TEST(ListingPlain, HasTheFormOfNginx) {
    EXPECT_EQ(
        plain("pub/a&b/", {.entries = {directory_entry("docs"), file_entry("read me.txt", 1536)}}),
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<title>Index of /pub/a&amp;b/</title>\n</head>\n"
        "<body>\n<h1>Index of /pub/a&amp;b/</h1>\n<hr><pre><a href=\"../\">../</a>\n"
        "<a href=\"docs/\">docs/</a>                                              "
        "20-Jul-2024 06:05                   -\n"
        "<a href=\"read%20me.txt\">read me.txt</a>                                        "
        "20-Jul-2024 06:05                1536\n"
        "</pre><hr>\n</body>\n</html>\n");
}

TEST(ListingPlain, HasNoLinkAboveTheRoot) {
    EXPECT_FALSE(plain("", {}).contains("href"));
}

TEST(ListingPlain, HasOnlyOneLinkThatIsNotToAnEntry) {
    const std::string page = plain("a/b/c/", {.entries = {file_entry("d")}});
    std::size_t links = 0;
    for (std::size_t at = page.find("href"); at != std::string::npos;
         at = page.find("href", at + 1)) {
        ++links;
    }
    EXPECT_EQ(links, 2U);
}

TEST(ListingPlain, ShowsEachNameInFull) {
    const std::string name(200, 'x');
    EXPECT_EQ(line(file_entry(name, 7)),
              "<a href=\"" + name + "\">" + name + "</a> 20-Jul-2024 06:05                   7");
}

TEST(ListingPlain, LinksAsTheOtherPageDoes) {
    EXPECT_TRUE(line(file_entry("a&'b:c")).starts_with("<a href=\"a%26%27b%3Ac\">a&amp;'b:c</a> "));
    EXPECT_TRUE(line(file_entry("a\u200B\xFF"))
                    .starts_with("<a href=\"a%E2%80%8B%FF\">a<i>U+200B</i><i>0xFF</i></a> "));
}

TEST(ListingPlain, SaysThatADirectoryIsTruncated) {
    EXPECT_TRUE(plain("", {.entries = {file_entry("a")}, .is_truncated = true})
                    .contains("more than the 1 entries shown here"));
}

TEST(ListingPlain, ShowsTimesBeforeTheEpoch) {
    EXPECT_TRUE(line(file_entry("a", 0, WallTime(std::chrono::nanoseconds(-1))))
                    .contains("31-Dec-1969 23:59"));
}

}  // namespace
}  // namespace torc::site
