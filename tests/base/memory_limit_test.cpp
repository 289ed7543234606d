#include <torc/base/memory_limit.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

namespace torc {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1024} * 1024;

class MemoryLimitTest : public ::testing::Test {
protected:
    void write(std::string_view path, std::string_view contents) {
        directory_.write(path, contents);
    }
    [[nodiscard]] std::uint64_t allowed() const {
        return allowed_memory_bytes(directory_.path() / "proc", directory_.path() / "cgroup");
    }

    torc::test::TemporaryDirectory directory_;
    /// What the machine has.
    std::uint64_t physical_ = allowed_memory_bytes(directory_.path(), directory_.path());
};

TEST_F(MemoryLimitTest, IsWhatTheMachineHasWhereNothingElseIsSaid) {
    EXPECT_GT(physical_, 16 * mebibyte);
    EXPECT_LT(physical_, std::uint64_t{1} << 50U);
}

TEST_F(MemoryLimitTest, IsThatOfTheControlGroup) {
    write("proc/self/cgroup", "0::/system.slice/torc.service\n");
    write("cgroup/system.slice/torc.service/memory.max", "1048576\n");
    EXPECT_EQ(allowed(), mebibyte);
}

TEST_F(MemoryLimitTest, IsTheLeastOfTheGroupsAbove) {
    write("proc/self/cgroup", "0::/a/b\n");
    write("cgroup/a/b/memory.max", "max\n");
    write("cgroup/a/memory.max", "2097152\n");
    EXPECT_EQ(allowed(), 2 * mebibyte);
}

TEST_F(MemoryLimitTest, IsThatOfTheRootThatAContainerSees) {
    write("proc/self/cgroup", "0::/\n");
    write("cgroup/memory.max", "3145728\n");
    EXPECT_EQ(allowed(), 3 * mebibyte);
}

TEST_F(MemoryLimitTest, IsThatOfAGroupOfVersionOne) {
    write("proc/self/cgroup", "5:cpu:/x\n4:memory:/docker/1\n");
    write("cgroup/memory/docker/1/memory.limit_in_bytes", "4194304\n");
    EXPECT_EQ(allowed(), 4 * mebibyte);
}

TEST_F(MemoryLimitTest, IsWhatTheMachineHasWhenAGroupAllowsMore) {
    write("proc/self/cgroup", "4:memory:/\nnonsense\n");
    write("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(allowed(), physical_);
}

}  // namespace
}  // namespace torc
