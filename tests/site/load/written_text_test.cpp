#include "load/written_text.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string_view>

namespace torc::site {
namespace {

std::size_t written(std::string_view text) {
    return written_characters(text, {.letters_min = 3, .vowels_min = 1});
}

TEST(WrittenText, IsOfWordsThatCanBeSaid) {
    EXPECT_EQ(written("settings"), 8U);
    EXPECT_EQ(written("DarkMode"), 8U);
    EXPECT_EQ(written("HTMLPage"), 4U);
    EXPECT_EQ(written("LANDSCAPE"), 9U);
    EXPECT_EQ(written("xqzkwvt"), 0U);
    EXPECT_EQ(written("abcdfghj"), 0U);
    EXPECT_EQ(written("aB"), 0U);
    EXPECT_EQ(written(""), 0U);
}

TEST(WrittenText, IsOfNumbersAndWhatStandsBetween) {
    EXPECT_EQ(written("15-01-24"), 8U);
    EXPECT_EQ(written("V2_Final"), 7U);
    EXPECT_EQ(written("x86_64v2"), 6U);
    EXPECT_EQ(written("BfX9a2_k"), 3U);
}

TEST(WrittenText, HasWordsOfLettersAndVowelsEnough) {
    EXPECT_EQ(written_characters("STAGING2", {.letters_min = 7, .vowels_min = 2}), 8U);
    EXPECT_EQ(written_characters("STAGING2", {.letters_min = 8, .vowels_min = 2}), 1U);
    EXPECT_EQ(written_characters("STAGING2", {.letters_min = 7, .vowels_min = 3}), 1U);
}

}  // namespace
}  // namespace torc::site
