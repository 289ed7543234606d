#pragma once

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace torc::test {

inline std::size_t page_bytes() {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// How many pages are in memory of those that `bytes` from `memory` on take, which begins one;
/// mincore(2).
inline std::size_t resident_pages(std::byte* memory, std::size_t bytes) {
    std::vector<unsigned char> pages((bytes + page_bytes() - 1) / page_bytes());
    EXPECT_EQ(::mincore(memory, bytes, pages.data()), 0);
    return static_cast<std::size_t>(
        std::ranges::count_if(pages, [](unsigned char page) { return (page & 1U) != 0; }));
}

}  // namespace torc::test
