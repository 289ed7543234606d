#include <torc/site/listing/listing.hpp>

#include "site/directories.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace torc::site {
namespace {

using test::directory_entry;
using test::file_entry;

std::string json(const file::Directory& directory) {
    return render_listing("some/where/", ListedDirectory(directory),
                          {.format = ListingFormat::json});
}

/// What a name becomes between its quotes.
std::string escaped(std::string_view name) {
    const std::string text = json({.entries = {file_entry(name)}});
    constexpr std::string_view before = "[\r\n{ \"name\":\"";
    constexpr std::string_view after =
        "\", \"type\":\"file\", \"mtime\":\"Sat, 20 Jul 2024 06:05:09 GMT\", \"size\":0 }\r\n]";
    EXPECT_TRUE(text.starts_with(before) && text.ends_with(after)) << text;
    return text.substr(before.size(), text.size() - before.size() - after.size());
}

// Byte for byte what nginx 1.22 answers.
TEST(ListingJson, HasTheShapeOfNginx) {
    EXPECT_EQ(
        json({.entries = {directory_entry("a"), file_entry("b", 18'446'744'073'709'551'615U)}}),
        "[\r\n"
        "{ \"name\":\"a\", \"type\":\"directory\", "
        "\"mtime\":\"Sat, 20 Jul 2024 06:05:09 GMT\" },\r\n"
        "{ \"name\":\"b\", \"type\":\"file\", "
        "\"mtime\":\"Sat, 20 Jul 2024 06:05:09 GMT\", \"size\":18446744073709551615 }\r\n"
        "]");
    EXPECT_EQ(json({}), "[\r\n]");
}

TEST(ListingJson, IsTheSameForATruncatedDirectory) {
    EXPECT_EQ(json({.entries = {file_entry("a")}, .is_truncated = true}),
              json({.entries = {file_entry("a")}}));
}

TEST(ListingJson, EscapesAsNginxDoes) {
    EXPECT_EQ(escaped("\x01\x1B\x1F"), "\\u0001\\u001B\\u001F");
    EXPECT_EQ(escaped("\b\f\n\r\t"), "\\b\\f\\n\\r\\t");
    EXPECT_EQ(escaped("\"\\"), "\\\"\\\\");
    EXPECT_EQ(escaped("</&'>"), "</&'>");
}

TEST(ListingJson, EscapesWhatCanNotBeSeen) {
    EXPECT_EQ(escaped("\x7F\u0080\u009B"), "\\u007F\\u0080\\u009B");
    EXPECT_EQ(escaped("a\u200Bb\u200D\u2028\u202E\u2066\uFEFF"),
              "a\\u200Bb\\u200D\\u2028\\u202E\\u2066\\uFEFF");
    EXPECT_EQ(escaped("\U000E0041"), "\\uDB40\\uDC41");
}

TEST(ListingJson, KeepsUtf8) {
    for (const std::string_view name :
         {"\u00A1", "\u07FF", "\u0800", "\uD7FF", "\uE000", "\uFFFD", "\uFFFF", "\U00010000",
          "\U0010FFFF", "\u00E4\u65E5\u202F.txt"}) {
        EXPECT_EQ(escaped(name), name);
    }
}

// One U+FFFD for each maximal subpart: Unicode 15 §3.9, tables 3-8 to 3-11.
TEST(ListingJson, ReplacesWhatIsNoUtf8) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"\x80", "\uFFFD"},
        {"a\xFF\xFE"
         "b",
         "a\uFFFD\uFFFD"
         "b"},
        {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41",
         "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41"},
        {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41",
         "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41"},
        {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42",
         "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41\uFFFD\uFFFD\x42"},
        {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", "\uFFFD\uFFFD\uFFFD\uFFFD\x41"},
        {"\xF0\x8F\xBF\xBF", "\uFFFD\uFFFD\uFFFD\uFFFD"},
        {"\xE2\x80", "\uFFFD"},
        {"\xC3", "\uFFFD"},
        {"\xC3\"", "\uFFFD\\\""},
    };
    for (const auto& [name, expected] : cases) {
        EXPECT_EQ(escaped(name), expected);
    }
}

}  // namespace
}  // namespace torc::site
