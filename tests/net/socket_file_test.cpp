#include <torc/net/socket_file.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <utility>

namespace torc::net {
namespace {

class SocketFileTest : public ::testing::Test {
protected:
    [[nodiscard]] bool exists() const { return std::filesystem::exists(path_); }

    torc::test::TemporaryDirectory directory_;
    const std::string path_ = directory_.write("socket", "").string();
};

TEST_F(SocketFileTest, IsRemovedWithItsOwner) {
    {
        const SocketFile file(path_);
        EXPECT_TRUE(exists());
    }
    EXPECT_FALSE(exists());
}

TEST_F(SocketFileTest, IsRemovedByTheLastOwnerAlone) {
    SocketFile first(path_);
    {
        SocketFile second(std::move(first));
        first = std::move(second);
    }
    EXPECT_TRUE(exists());
    first = SocketFile();
    EXPECT_FALSE(exists());
}

TEST_F(SocketFileTest, StaysWhereAnotherHasTakenItsPlace) {
    SocketFile file(path_);
    std::filesystem::rename(directory_.write("other", ""), path_);
    file.remove();
    EXPECT_TRUE(exists());
}

TEST_F(SocketFileTest, StaysForAnotherProcess) {
    {
        SocketFile file(path_);
        file.release();
    }
    EXPECT_TRUE(exists());
}

TEST_F(SocketFileTest, HasTheModeThatItIsGiven) {
    const SocketFile file(path_);
    file.set_mode(0640);
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

}  // namespace
}  // namespace torc::net
