#include <torc/base/unique_fd.hpp>
#include <torc/file/metadata.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdint>

namespace torc::file {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using torc::test::TemporaryDirectory;

struct statx a_file() {
    struct statx status{};
    status.stx_mode = S_IFREG | 0644;
    status.stx_size = 1234;
    status.stx_mtime = {.tv_sec = 1'700'000'000, .tv_nsec = 123'456'789, .__reserved = 0};
    status.stx_ctime = {.tv_sec = 1'700'000'001, .tv_nsec = 1, .__reserved = 0};
    status.stx_ino = 42;
    status.stx_dev_major = 8;
    status.stx_dev_minor = 1;
    return status;
}

Kind kind_of(int mode) {
    struct statx status{};
    status.stx_mode = static_cast<decltype(status.stx_mode)>(mode);
    return Metadata::from(status).kind;
}

TEST(Metadata, TakesOverEveryMember) {
    const Metadata metadata = Metadata::from(a_file());
    EXPECT_EQ(metadata.kind, Kind::regular);
    EXPECT_EQ(metadata.size, 1234U);
    EXPECT_EQ(metadata.modified.time_since_epoch(),
              seconds(1'700'000'000) + nanoseconds(123'456'789));
    EXPECT_EQ(metadata.changed.time_since_epoch(), seconds(1'700'000'001) + nanoseconds(1));
    EXPECT_EQ(metadata.inode, 42U);
    EXPECT_EQ(metadata.device, (std::uint64_t{8} << 32) | 1);
}

TEST(Metadata, TellsFilesDirectoriesAndTheRestApart) {
    EXPECT_EQ(kind_of(S_IFREG | 0600), Kind::regular);
    EXPECT_EQ(kind_of(S_IFDIR | 0755), Kind::directory);
    for (const int mode : {S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK, S_IFLNK}) {
        EXPECT_EQ(kind_of(mode | 0666), Kind::other) << std::oct << mode;
    }
}

TEST(Metadata, HasTimesBeforeTheEpoch) {
    struct statx status = a_file();
    status.stx_mtime = {.tv_sec = -1, .tv_nsec = 500'000'000, .__reserved = 0};
    EXPECT_EQ(Metadata::from(status).modified.time_since_epoch(), nanoseconds(-500'000'000));
}

TEST(Metadata, DiffersWhenAnyMemberDoes) {
    const Metadata original = Metadata::from(a_file());
    EXPECT_EQ(Metadata::from(a_file()), original);
    const auto differs = [&](auto change) {
        struct statx status = a_file();
        change(status);
        return Metadata::from(status) != original;
    };
    EXPECT_TRUE(differs([](struct statx& status) { status.stx_mode = S_IFDIR; }));
    EXPECT_TRUE(differs([](struct statx& status) { ++status.stx_size; }));
    EXPECT_TRUE(differs([](struct statx& status) { ++status.stx_mtime.tv_nsec; }));
    EXPECT_TRUE(differs([](struct statx& status) { ++status.stx_ctime.tv_nsec; }));
    EXPECT_TRUE(differs([](struct statx& status) { ++status.stx_ino; }));
    EXPECT_TRUE(differs([](struct statx& status) { ++status.stx_dev_minor; }));
}

TEST(Metadata, ComesFromARealFile) {
    const TemporaryDirectory directory;
    const auto path = directory.write("file", "12345");
    struct statx status{};
    ASSERT_EQ(::statx(AT_FDCWD, path.c_str(), 0, STATX_BASIC_STATS, &status), 0);
    const Metadata metadata = Metadata::from(status);
    EXPECT_EQ(metadata.kind, Kind::regular);
    EXPECT_EQ(metadata.size, 5U);
    EXPECT_GT(metadata.modified.time_since_epoch(), seconds(1'500'000'000));
}

TEST(Metadata, KeepsTimesThatItCannotHoldOnTheirSide) {
    struct statx status{};
    for (const std::int64_t time : {std::int64_t{13'000'000'000}, INT64_MAX}) {
        status.stx_mtime.tv_sec = time;
        EXPECT_GT(Metadata::from(status).modified.time_since_epoch(), seconds(9'000'000'000));
    }
    for (const std::int64_t time : {std::int64_t{-13'000'000'000}, INT64_MIN}) {
        status.stx_mtime.tv_sec = time;
        EXPECT_LT(Metadata::from(status).modified.time_since_epoch(), seconds(-9'000'000'000));
    }
}

TEST(Metadata, OfADescriptorIsThatOfItsFile) {
    const TemporaryDirectory directory;
    const UniqueFd file(::open(directory.write("file", "12345").c_str(), O_RDONLY | O_CLOEXEC));
    const auto metadata = Metadata::of(file.get());
    ASSERT_TRUE(metadata);
    EXPECT_EQ(metadata->size, 5U);
    EXPECT_EQ(metadata->kind, Kind::regular);
    EXPECT_EQ(Metadata::of(-1).error(), Errno(EBADF));
}

}  // namespace
}  // namespace torc::file
