#include <torc/base/unique_fd.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <type_traits>
#include <utility>

namespace torc {
namespace {

int open_something() {
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(UniqueFd, HoldsNothingByDefault) {
    const UniqueFd fd;
    EXPECT_FALSE(fd);
    EXPECT_LT(fd.get(), 0);
}

TEST(UniqueFd, TakesANegativeDescriptorForNone) {
    EXPECT_FALSE(UniqueFd(-1));
}

TEST(UniqueFd, TakesDescriptorZeroForADescriptor) {
    UniqueFd fd(0);
    EXPECT_TRUE(fd);
    EXPECT_EQ(fd.release(), 0);
}

TEST(UniqueFd, ClosesOnDestruction) {
    const int raw = open_something();
    {
        const UniqueFd fd(raw);
        EXPECT_TRUE(is_open(raw));
    }
    EXPECT_FALSE(is_open(raw));
}

TEST(UniqueFd, MovesItsOwnership) {
    const int raw = open_something();
    UniqueFd first(raw);
    const UniqueFd second(std::move(first));
    EXPECT_EQ(second.get(), raw);
    EXPECT_TRUE(is_open(raw));
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): what is left is what is tested.
}

TEST(UniqueFd, ClosesItsOwnOnMoveAssignment) {
    const int replaced = open_something();
    const int raw = open_something();
    UniqueFd target(replaced);
    target = UniqueFd(raw);
    EXPECT_EQ(target.get(), raw);
    EXPECT_FALSE(is_open(replaced));
    EXPECT_TRUE(is_open(raw));
}

TEST(UniqueFd, SurvivesAssignmentToItself) {
    const int raw = open_something();
    UniqueFd fd(raw);
    UniqueFd& alias = fd;
    fd = std::move(alias);
    EXPECT_EQ(fd.get(), raw);
    EXPECT_TRUE(is_open(raw));
}

TEST(UniqueFd, LeavesAReleasedDescriptorOpen) {
    int raw = -1;
    {
        UniqueFd fd(open_something());
        raw = fd.release();
        EXPECT_FALSE(fd);
    }
    EXPECT_TRUE(is_open(raw));
    ::close(raw);
}

TEST(UniqueFd, ResetClosesAndTakesOver) {
    const int replaced = open_something();
    const int raw = open_something();
    UniqueFd fd(replaced);
    fd.reset(raw);
    EXPECT_FALSE(is_open(replaced));
    EXPECT_EQ(fd.get(), raw);
    fd.reset();
    EXPECT_FALSE(is_open(raw));
    EXPECT_FALSE(fd);
}

TEST(UniqueFd, CantBeCopied) {
    EXPECT_FALSE(std::is_copy_constructible_v<UniqueFd>);
    EXPECT_FALSE(std::is_copy_assignable_v<UniqueFd>);
    EXPECT_TRUE(std::is_nothrow_move_constructible_v<UniqueFd>);
    EXPECT_TRUE(std::is_nothrow_move_assignable_v<UniqueFd>);
}

}  // namespace
}  // namespace torc
