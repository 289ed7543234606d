#include <torc/base/errno.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>

#include <cerrno>

namespace torc {
namespace {

TEST(Errno, KeepsItsValue) {
    EXPECT_EQ(Errno(ENOENT).value(), ENOENT);
}

TEST(Errno, TakesTheErrorOfTheLastCall) {
    ASSERT_LT(::open("/nowhere/at/all", O_RDONLY | O_CLOEXEC), 0);
    EXPECT_EQ(Errno::last(), Errno(ENOENT));
}

TEST(Errno, HasTheNameOfItsConstant) {
    EXPECT_EQ(Errno(ENOENT).name(), "ENOENT");
    EXPECT_EQ(Errno(EMFILE).name(), "EMFILE");
}

TEST(Errno, HasAStandInNameForAnUnknownNumber) {
    EXPECT_EQ(Errno(99'999).name(), "E?");
    EXPECT_EQ(Errno(-1).name(), "E?");
}

TEST(Errno, HasAMessageForHumans) {
    EXPECT_EQ(Errno(ENOENT).message(), "No such file or directory");
}

TEST(Errno, ComparesByValue) {
    EXPECT_EQ(Errno(EPERM), Errno(EPERM));
    EXPECT_NE(Errno(EPERM), Errno(EACCES));
}

TEST(Errno, TravelsInAResult) {
    const Result<int> refused = std::unexpected(Errno(EACCES));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error(), Errno(EACCES));
}

}  // namespace
}  // namespace torc
