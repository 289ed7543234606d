#include <torc/file/metadata.hpp>
#include <torc/file/mount_table.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace torc::file {
namespace {

constexpr std::string_view sample =
    "27 1 254:1 / / rw,relatime - ext4 /dev/vda rw\n"
    "30 27 0:40 / /srv/slow rw,relatime shared:3 master:1 - fuse.sshfs you@host:/ rw\n"
    "31 27 0:41 / /srv/with\\040space rw - nfs4 host:/export rw\n"
    "32 27 0:42 / /srv/slow/fast rw - tmpfs tmpfs rw\n"
    "33 27 0:43 / /srv/twice rw - fuse first rw\n"
    "34 27 0:44 / /srv/twice rw - tmpfs second rw\n"
    "a line that is none\n"
    "35 27 7:0 / /srv/image ro - squashfs /dev/loop0 ro";

class MountTableTest : public ::testing::Test {
protected:
    torc::test::TemporaryDirectory directory_;
    MountTable mounts_{directory_.write("mountinfo", sample).c_str()};
};

TEST_F(MountTableTest, FindsTheMountThatAPathIsOn) {
    EXPECT_EQ(mounts_.lane_of_path("/srv/page.html"), Lane::local);
    EXPECT_EQ(mounts_.lane_of_path("/srv/slow"), device_lane(0, 40));
    EXPECT_EQ(mounts_.lane_of_path("/srv/slow/a/b"), device_lane(0, 40));
    EXPECT_EQ(mounts_.lane_of_path("/srv/slow/fast/b"), Lane::local);
}

TEST_F(MountTableTest, TakesANameThatBeginsLikeAMountForAnother) {
    EXPECT_EQ(mounts_.lane_of_path("/srv/slower"), Lane::local);
    EXPECT_EQ(mounts_.lane_of_path("/srv/slow.txt"), Lane::local);
}

TEST_F(MountTableTest, ReadsEscapedNames) {
    EXPECT_EQ(mounts_.lane_of_path("/srv/with space/x"), device_lane(0, 41));
}

TEST_F(MountTableTest, TakesTheLastMountAtAPlace) {
    EXPECT_EQ(mounts_.lane_of_path("/srv/twice/x"), Lane::local);
}

TEST_F(MountTableTest, GivesALaneToALocalFileSystemThatDoesNotSayThatItWaits) {
    EXPECT_EQ(mounts_.lane_of_path("/srv/image/x"), device_lane(7, 0));
    EXPECT_TRUE(mounts_.traits_of_path("/srv/image/x").reports_changes);
    EXPECT_FALSE(mounts_.traits_of_path("/srv/slow/x").reports_changes);
}

TEST_F(MountTableTest, FindsTheMountOfADevice) {
    EXPECT_EQ(mounts_.lane_of_device(std::uint64_t{254} << 32U | 1U), Lane::local);
    EXPECT_EQ(mounts_.lane_of_device(40), device_lane(0, 40));
    EXPECT_EQ(mounts_.lane_of_device(99), device_lane(0, 99)) << "unknown";
}

TEST_F(MountTableTest, TellsWhereMountsWereMadeAndTakenOff) {
    const MountTable later(
        directory_
            .write("later",
                   "27 1 254:1 / / ro,relatime - ext4 /dev/vda ro\n"
                   "30 27 0:40 / /srv/slow rw,relatime master:1 - fuse.sshfs you@host:/ rw\n"
                   "31 27 0:41 / /srv/moved rw - nfs4 host:/export rw\n"
                   "33 27 0:43 / /srv/twice rw - fuse first rw\n"
                   "34 27 0:45 / /srv/twice rw - tmpfs third rw\n"
                   "35 27 7:0 /part /srv/image ro - squashfs /dev/loop0 ro\n"
                   "36 27 254:1 /a /srv/new rw - ext4 /dev/vda rw\n")
            .c_str());
    std::vector<std::string> points = MountTable::changed_points(mounts_, later);
    std::ranges::sort(points);
    const auto repeated = std::ranges::unique(points);
    points.erase(repeated.begin(), repeated.end());
    EXPECT_EQ(points, (std::vector<std::string>{"/srv/image", "/srv/moved", "/srv/new",
                                                "/srv/slow/fast", "/srv/twice", "/srv/with space"}))
        << "and not those that have other options alone";
    EXPECT_TRUE(MountTable::changed_points(later, later).empty());
}

TEST_F(MountTableTest, KnowsNothingWithoutProc) {
    MountTable none("/nowhere");
    none.refresh();
    EXPECT_TRUE(none.empty());
    EXPECT_FALSE(mounts_.empty());
    EXPECT_EQ(none.lane_of_path("/srv/page.html"), Lane::first_linked);
    EXPECT_FALSE(none.traits_of_path("/srv/page.html").is_prompt);
}

TEST(MountTable, KnowsTheMountsOfThisMachine) {
    MountTable mounts;
    mounts.refresh();
    const UniqueFd proc(::open("/proc", O_PATH | O_CLOEXEC));
    const Lane lane = mounts.lane_of_path("/proc/version");
    EXPECT_GE(lane, Lane::first_device);
    EXPECT_EQ(lane, mounts.lane_of_device(Metadata::of(proc.get())->device));
}

}  // namespace
}  // namespace torc::file
