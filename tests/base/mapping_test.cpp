#include <torc/base/mapping.hpp>

#include "support/resident_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

namespace torc {
namespace {

using test::page_bytes;
using test::resident_pages;

Mapping mapping_of(std::size_t pages) {
    auto mapping = Mapping::create(pages * page_bytes());
    EXPECT_TRUE(mapping.has_value());
    return *std::move(mapping);
}

TEST(Mapping, HoldsNothingByDefault) {
    const Mapping mapping;
    EXPECT_EQ(mapping.data(), nullptr);
    EXPECT_EQ(mapping.size(), 0U);
}

TEST(Mapping, IsZeroAndWritable) {
    const Mapping mapping = mapping_of(2);
    const std::span bytes(mapping.data(), mapping.size());
    EXPECT_TRUE(std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; }));
    std::ranges::fill(bytes, std::byte{0xFF});
    EXPECT_EQ(bytes.back(), std::byte{0xFF});
}

TEST(Mapping, TellsWhyThereIsNone) {
    const auto mapping = Mapping::create(std::numeric_limits<std::size_t>::max() / 2);
    ASSERT_FALSE(mapping.has_value());
    EXPECT_EQ(mapping.error(), Errno(ENOMEM));
}

TEST(Mapping, MovesToAnotherOwner) {
    Mapping first = mapping_of(1);
    std::byte* const memory = first.data();
    const Mapping second = std::move(first);
    EXPECT_EQ(second.data(), memory);
    EXPECT_EQ(second.size(), page_bytes());
}

TEST(Mapping, CostsNoMemoryUntilItIsTouched) {
    const Mapping mapping = mapping_of(4);
    EXPECT_EQ(resident_pages(mapping.data(), mapping.size()), 0U);
}

TEST(Populate, BringsThePagesOfARangeIntoMemoryAndNoOthers) {
    const Mapping mapping = mapping_of(5);
    // From the middle of the second page to the middle of the third.
    populate(mapping.data() + page_bytes() * 3 / 2, page_bytes());
    EXPECT_EQ(resident_pages(mapping.data(), page_bytes()), 0U);
    EXPECT_EQ(resident_pages(mapping.data() + page_bytes(), 2 * page_bytes()), 2U);
    EXPECT_EQ(resident_pages(mapping.data() + 3 * page_bytes(), 2 * page_bytes()), 0U);
}

TEST(Populate, LeavesWhatIsInMemoryAsItIs) {
    const Mapping mapping = mapping_of(1);
    *mapping.data() = std::byte{'x'};
    populate(mapping.data(), page_bytes());
    EXPECT_EQ(*mapping.data(), std::byte{'x'});
}

}  // namespace
}  // namespace torc
