#include <torc/base/file_handle.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>

#include <utility>
#include <vector>

namespace torc {
namespace {

UniqueFd make_file() {
    return UniqueFd(::memfd_create("file", MFD_CLOEXEC));
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

class NotingCloser final : public FileCloser {
public:
    void close_file(int fd, Lane lane) noexcept override {
        ::close(fd);
        closed.emplace_back(fd, lane);
    }
    std::vector<std::pair<int, Lane>> closed;
};

using Closed = std::vector<std::pair<int, Lane>>;

TEST(FileHandle, ClosesByItsCloserInItsLane) {
    NotingCloser closer;
    const Lane lane = device_lane(0, 7);
    int fd = -1;
    {
        FileHandle file(make_file(), Lane::first_linked, closer);
        fd = file.get();
        file.set_lane(lane);
    }
    EXPECT_EQ(closer.closed, (Closed{{fd, lane}}));
}

TEST(FileHandle, ClosesOnceWhenItWasMoved) {
    NotingCloser closer;
    {
        FileHandle first(make_file(), Lane::local, closer);
        FileHandle second(std::move(first));
        FileHandle third;
        third = std::move(second);
        EXPECT_TRUE(closer.closed.empty());
        EXPECT_TRUE(third);
    }
    EXPECT_EQ(closer.closed.size(), 1U);
}

TEST(FileHandle, ClosesWhatItHadWhenAnotherIsAssigned) {
    NotingCloser closer;
    FileHandle file(make_file(), Lane::local, closer);
    const int before = file.get();
    file = FileHandle(make_file(), Lane::local, closer);
    EXPECT_EQ(closer.closed, (Closed{{before, Lane::local}}));
}

TEST(FileHandle, ClosesItselfWithoutACloser) {
    int fd = -1;
    {
        const FileHandle file(make_file());
        fd = file.get();
        EXPECT_TRUE(is_open(fd));
    }
    EXPECT_FALSE(is_open(fd));
}

TEST(Lane, OfEachDeviceIsAnother) {
    EXPECT_NE(device_lane(8, 1), device_lane(8, 2));
    EXPECT_NE(device_lane(8, 1), device_lane(9, 1));
    EXPECT_GT(device_lane(0, 0), linked_lane(linked_lanes - 1));
    EXPECT_GT(Lane::first_linked, job_lane(job_lanes - 1));
    // The largest numbers that the kernel has.
    EXPECT_GT(device_lane(4095, 1'048'575), device_lane(4095, 1'048'574));
}

}  // namespace
}  // namespace torc
