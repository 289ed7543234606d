#include <torc/site/routing/text_index.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace torc::site {
namespace {

TEST(TextIndex, FindsNothingWhenItIsEmpty) {
    const TextIndex index;
    EXPECT_TRUE(index.empty());
    EXPECT_EQ(index.find(0, ""), TextIndex::none);
    EXPECT_EQ(index.find(0, "a"), TextIndex::none);
}

TEST(TextIndex, FindsTheNumberOfEachText) {
    constexpr std::uint32_t count = 10'000;
    TextIndex index;
    for (std::uint32_t i = 0; i < count; ++i) {
        EXPECT_EQ(index.insert(i % 3, std::to_string(i), i), i);
    }
    EXPECT_EQ(index.size(), count);
    for (std::uint32_t i = 0; i < count; ++i) {
        EXPECT_EQ(index.find(i % 3, std::to_string(i)), i);
        EXPECT_EQ(index.find((i + 1) % 3, std::to_string(i)), TextIndex::none);
    }
    EXPECT_EQ(index.find(0, "10000"), TextIndex::none);
}

TEST(TextIndex, KeepsTheFirstNumberOfAText) {
    TextIndex index;
    index.insert(0, "a", 1);
    EXPECT_EQ(index.insert(0, "a", 2), 1U);
    EXPECT_EQ(index.size(), 1U);
    index.insert(0, "a", 2) = 3;
    EXPECT_EQ(index.find(0, "a"), 3U);
}

TEST(TextIndex, HasTheEmptyTextAsAnyOther) {
    TextIndex index;
    index.insert(0, "a", 1);
    EXPECT_EQ(index.find(0, ""), TextIndex::none);
    index.insert(0, "", 2);
    EXPECT_EQ(index.find(0, ""), 2U);
    EXPECT_EQ(index.find(0, "a"), 1U);
}

}  // namespace
}  // namespace torc::site
