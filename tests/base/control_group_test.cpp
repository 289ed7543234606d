#include <torc/base/control_group.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string_view>
#include <vector>

namespace torc {
namespace {

using Directories = std::vector<std::filesystem::path>;

class ControlGroupTest : public ::testing::Test {
protected:
    [[nodiscard]] Directories directories(std::string_view groups,
                                          std::string_view controller = "cpu") {
        directory_.write("self/cgroup", groups);
        return control_group_directories(directory_.path(), "/sys/fs/cgroup", controller);
    }

    torc::test::TemporaryDirectory directory_;
};

TEST_F(ControlGroupTest, AreTheGroupOfVersionTwoAndThoseAbove) {
    EXPECT_EQ(directories("0::/a/b\n"),
              (Directories{"/sys/fs/cgroup", "/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a"}));
    EXPECT_EQ(directories("0::/\n"), Directories{"/sys/fs/cgroup"});
}

TEST_F(ControlGroupTest, AreThoseOfTheControllersOwnHierarchyOfVersionOne) {
    EXPECT_EQ(directories("5:memory:/x\n4:cpu:/y\n"),
              (Directories{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu/y", "/sys/fs/cgroup/cpu",
                           "/sys/fs/cgroup/cpu/y"}));
}

TEST_F(ControlGroupTest, AreFoundByTheWholeNameOfASharedHierarchyToo) {
    EXPECT_EQ(directories("4:cpu,cpuacct:/y\n"),
              (Directories{"/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/y",
                           "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu/y"}));
    EXPECT_EQ(directories("4:cpuset,cpuacct:/y\n"), Directories{});
}

TEST_F(ControlGroupTest, AreNoneWhereNothingIsToldOfThem) {
    EXPECT_EQ(directories("nonsense\n:\n"), Directories{});
    EXPECT_EQ(control_group_directories("/absent", "/sys/fs/cgroup", "cpu"), Directories{});
}

}  // namespace
}  // namespace torc
