#include "response/visible_text.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

std::string shown(std::string_view text) {
    std::string page;
    append_visible(page, text);
    return page;
}

TEST(VisibleText, LeavesWhatCanBeSeenAsItIs) {
    for (const std::string_view text :
         {"", "read me.txt", "it's \"quoted\"", "na\u00EFve \u65E5\u672C\u8A9E.txt",
          "a\u00A0b\u202Fc\u3000d", "\uFFFD", "e\u0301"}) {
        EXPECT_EQ(shown(text), text);
    }
}

TEST(VisibleText, IsHtml) {
    EXPECT_EQ(shown("<img src=x>&amp;"), "&lt;img src=x&gt;&amp;amp;");
}

TEST(VisibleText, ShowsControlsByTheirNumbers) {
    EXPECT_EQ(shown("a\nb\x1B[31m"), "a<i>U+000A</i>b<i>U+001B</i>[31m");
    EXPECT_EQ(shown("\x01\x7F\u0080\u009F"),
              "<i>U+0001</i><i>U+007F</i><i>U+0080</i><i>U+009F</i>");
}

TEST(VisibleText, ShowsWhatReordersItsNeighbours) {
    EXPECT_EQ(shown("exe.\u202Egpj.scr"), "exe.<i>U+202E</i>gpj.scr");
    for (const std::string_view control :
         {"\u061C", "\u200E", "\u200F", "\u202A", "\u202B", "\u202C", "\u202D", "\u2066", "\u2067",
          "\u2068", "\u2069"}) {
        EXPECT_TRUE(shown("a" + std::string(control) + "b").starts_with("a<i>U+")) << control;
    }
}

TEST(VisibleText, ShowsWhatHasNoWidth) {
    EXPECT_EQ(shown("a\u200Bb\uFEFFc\u2060d\u00ADe"),
              "a<i>U+200B</i>b<i>U+FEFF</i>c<i>U+2060</i>d<i>U+00AD</i>e");
    EXPECT_EQ(shown("\u2028\u2029\u3164\u180E\U000E0041"),
              "<i>U+2028</i><i>U+2029</i><i>U+3164</i><i>U+180E</i><i>U+E0041</i>");
}

TEST(VisibleText, LeavesJoinersWhereTheyAreOfUse) {
    // A family, a heart on fire, and Persian for "I want".
    for (const std::string_view text :
         {"\U0001F468\u200D\U0001F469\u200D\U0001F467", "\u2764\uFE0F\u200D\U0001F525",
          "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645"}) {
        EXPECT_EQ(shown(text), text);
    }
    EXPECT_EQ(shown("a\u200Db\u200C\u00E9\uFE0F"),
              "a<i>U+200D</i>b<i>U+200C</i>\u00E9<i>U+FE0F</i>");
    EXPECT_EQ(shown("\u200D\u0645\u200C\u200C"), "<i>U+200D</i>\u0645\u200C<i>U+200C</i>");
}

TEST(VisibleText, ShowsSpacesAtTheEnds) {
    EXPECT_EQ(shown(" a  b "), "<i>U+0020</i>a  b<i>U+0020</i>");
    EXPECT_EQ(shown("  "), "<i>U+0020</i><i>U+0020</i>");
    EXPECT_EQ(shown("\u00A0a\u3000"), "<i>U+00A0</i>a<i>U+3000</i>");
}

TEST(VisibleText, ShowsBytesThatAreNoUtf8) {
    EXPECT_EQ(shown("\u00E4\xFF\xC3.txt"), "\u00E4<i>0xFF</i><i>0xC3</i>.txt");
    EXPECT_EQ(shown("\xF0\x9F\x98"), "<i>0xF09F98</i>");
}

TEST(VisibleText, TellsTextsApartThatWouldLookTheSame) {
    std::set<std::string> all;
    constexpr std::string_view texts[] = {
        "a",       "a ",      " a",       "a\u200B", "\u200Ba",       "a\u200C",
        "a\u200D", "a\uFEFF", "a\xFF",    "a\xFE",   "a\uFFFD",       "aU+200B",
        "a\u0080", "a\u202E", "a\u202D",  "a\u2028", "a\n",           "a\r",
        "a\u240A", "a\u00AD", "a&#8203;", "a0xFF",   "a\u00A0",       "a\u2029",
        "a\u200E", "a\u200F", "a\x7F",    "a\u2421", "a<i>U+200B</i>"};
    for (const std::string_view text : texts) {
        EXPECT_TRUE(all.insert(shown(text)).second) << shown(text);
    }
}

TEST(VisibleText, ComesInPiecesThatAreBoundedOrTheTextsOwn) {
    constexpr std::string_view text = "plain\U000E0041\xF0\x9F\x98<";
    VisibleText visible(text);
    EXPECT_EQ(visible.next().data(), text.data());
    for (std::string_view piece = visible.next(); !piece.empty(); piece = visible.next()) {
        EXPECT_LE(piece.size(), VisibleText::piece_bytes_max);
    }
    EXPECT_EQ(visible.next(), "");
}

TEST(VisibleText, HasBracketsWhereThereCanBeNoElements) {
    std::string title;
    append_visible_without_elements(title, "a<b\u200B\xFF");
    EXPECT_EQ(title, "a&lt;b[U+200B][0xFF]");
}

}  // namespace
}  // namespace torc::site
