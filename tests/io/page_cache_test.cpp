#include "page_cache.hpp"

#include <torc/base/unique_fd.hpp>

#include <gtest/gtest.h>

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace torc::io {
namespace {

TEST(PageCache, HasAllOfAFileOfMemory) {
    const UniqueFd file(::memfd_create("file", MFD_CLOEXEC));
    struct statfs system{};
    ASSERT_EQ(::fstatfs(file.get(), &system), 0);
    ASSERT_EQ(system.f_type, TMPFS_MAGIC);
    ASSERT_EQ(::write(file.get(), "0123456789", 10), 10);
    EXPECT_TRUE(is_resident(file.get(), 2, 8));
    std::array<char, 4> bytes{};
    EXPECT_EQ(read_if_resident(file.get(), std::as_writable_bytes(std::span(bytes)), 6), 4);
    EXPECT_EQ(std::string_view(bytes.data(), bytes.size()), "6789");
}

TEST(PageCache, TellsNothingOfWhatIsNoFile) {
    std::array<std::byte, 4> bytes{};
    EXPECT_LT(read_if_resident(-1, bytes, 0), 0);
    EXPECT_FALSE(is_resident(-1, 0, 1));
}

}  // namespace
}  // namespace torc::io
