#include <torc/base/bounded_table.hpp>

#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace torc {
namespace {

constexpr std::size_t entries = 16;
/// Keys with the same remainder are of one set of four.
constexpr std::uint64_t sets = entries / 4;
using Table = BoundedTable<int, entries>;

TEST(BoundedTable, IsEmptyAtFirst) {
    Table table;
    EXPECT_EQ(table.find(0), nullptr);
    EXPECT_EQ(table.find(7), nullptr);
}

TEST(BoundedTable, FindsWhatWasPutIn) {
    Table table;
    table.insert(0) = 10;
    table.insert(7) = 17;
    ASSERT_NE(table.find(0), nullptr);
    EXPECT_EQ(*table.find(0), 10);
    EXPECT_EQ(*table.find(7), 17);
    EXPECT_EQ(table.find(7 + sets), nullptr);
}

TEST(BoundedTable, KeepsTheValueOfAKeyThatIsThere) {
    Table table;
    table.insert(7) = 17;
    EXPECT_EQ(table.insert(7), 17);
}

TEST(BoundedTable, HoldsAsManyAsItMay) {
    Table table;
    for (std::uint64_t key = 0; key < entries; ++key) {
        table.insert(key) = static_cast<int>(key);
    }
    for (std::uint64_t key = 0; key < entries; ++key) {
        ASSERT_NE(table.find(key), nullptr) << key;
        EXPECT_EQ(*table.find(key), static_cast<int>(key));
    }
}

TEST(BoundedTable, LetsTheOneMakeWayThatWasUsedLongestAgo) {
    Table table;
    for (std::uint64_t key = 0; key < 4 * sets; key += sets) {
        table.insert(key) = static_cast<int>(key);
    }
    ASSERT_NE(table.find(0), nullptr);
    EXPECT_EQ(table.insert(4 * sets), 0) << "it begins anew";
    EXPECT_NE(table.find(0), nullptr);
    EXPECT_EQ(table.find(sets), nullptr);
    EXPECT_NE(table.find(2 * sets), nullptr);
    EXPECT_NE(table.find(3 * sets), nullptr);
}

TEST(BoundedTable, AllocatesNothingButAtItsFirstUse) {
    Table table;
    table.insert(1) = 1;
    const auto before = torc::test::allocations_of_this_thread();
    for (std::uint64_t key = 0; key < 100; ++key) {
        table.insert(key) = 1;
    }
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

}  // namespace
}  // namespace torc
