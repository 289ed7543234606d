#include <torc/site/listing/listed_directory.hpp>

#include "site/directories.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace torc::site {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::directory_entry;
using test::file_entry;
using Names = std::vector<std::string>;

constexpr MonotonicTime noon{std::chrono::hours(12)};

Names names(const ListedDirectory& directory, ListingStyle style = {}) {
    Names names;
    for (const ListedEntry* const entry : directory.sorted(style)) {
        names.emplace_back(entry->name);
    }
    return names;
}

TEST(ListedDirectory, KeepsWhatWasRead) {
    const ListedDirectory directory({.entries = {file_entry("b", 7), directory_entry("c")}});
    const auto entries = directory.sorted({});
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0]->kind, file::Kind::directory);
    EXPECT_EQ(entries[1]->name, "b");
    EXPECT_EQ(entries[1]->size, 7U);
    EXPECT_EQ(entries[1]->modified, test::modified);
    EXPECT_FALSE(directory.is_truncated());
    EXPECT_TRUE(directory.is_watchable());
    EXPECT_TRUE(ListedDirectory({.entries = {}, .is_truncated = true}).is_truncated());
    EXPECT_FALSE(ListedDirectory({.entries = {}, .is_watchable = false}).is_watchable());
}

TEST(ListedDirectory, GivesEveryOrderOfOneReading) {
    const ListedDirectory directory({.entries = {file_entry("b", 1, WallTime(seconds(2))),
                                                 directory_entry("d", 9, WallTime(seconds(5))),
                                                 file_entry("a", 1, WallTime(seconds(3))),
                                                 file_entry("c", 0, WallTime(seconds(2)))}});
    EXPECT_EQ(names(directory), (Names{"d", "a", "b", "c"}));
    EXPECT_EQ(names(directory, {.order = ListingOrder::size}), (Names{"d", "c", "a", "b"}));
    EXPECT_EQ(names(directory, {.order = ListingOrder::size, .is_descending = true}),
              (Names{"d", "a", "b", "c"}));
    EXPECT_EQ(names(directory, {.order = ListingOrder::modified, .is_descending = true}),
              (Names{"d", "a", "b", "c"}));
    EXPECT_EQ(names(directory, {.is_descending = true}), (Names{"d", "c", "b", "a"}));
}

TEST(ListedDirectory, IsFreshFromTheBeginningOfItsReading) {
    ListedDirectory directory({}, noon);
    directory.set_took(milliseconds(300));
    EXPECT_EQ(directory.fresh_until(seconds(1)), noon + seconds(1));
}

TEST(ListedDirectory, IsNotReadAgainBeforeAsMuchTimeHasPassedAsItTook) {
    ListedDirectory directory({}, noon);
    directory.set_took(seconds(3));
    EXPECT_EQ(directory.fresh_until(seconds(1)), noon + seconds(6));
    EXPECT_EQ(directory.fresh_until(seconds(60)), noon + seconds(60));
}

TEST(ListedDirectory, TellsWhatItCosts) {
    const ListedDirectory directory({.entries = {file_entry(std::string(1000, 'x'))}});
    EXPECT_GE(directory.memory_bytes(), sizeof directory + 1000 + sizeof(ListedEntry));
    EXPECT_LE(directory.memory_bytes(), sizeof directory + 1200 + 2 * sizeof(ListedEntry));
}

}  // namespace
}  // namespace torc::site
