#include <torc/base/unique_fd.hpp>
#include <torc/file/contents.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <cerrno>
#include <string>

namespace torc::file {
namespace {

class ReadUpTo : public ::testing::Test {
protected:
    UniqueFd open(const std::string& contents) {
        return UniqueFd(::open(directory_.write("file", contents).c_str(), O_RDONLY | O_CLOEXEC));
    }

    torc::test::TemporaryDirectory directory_;
};

TEST_F(ReadUpTo, GivesWholeFiles) {
    const std::string large(200'000, 'x');
    EXPECT_EQ(read_up_to(open(large).get(), 1'000'000), large);
    EXPECT_EQ(read_up_to(open("short").get(), 5), "short");
    EXPECT_EQ(read_up_to(open("").get(), 5), "");
}

TEST_F(ReadUpTo, StopsAtTheLimit) {
    EXPECT_EQ(read_up_to(open("longer").get(), 4), "long");
    EXPECT_EQ(read_up_to(open(std::string(200'000, 'x')).get(), 70'000), std::string(70'000, 'x'));
}

TEST_F(ReadUpTo, TellsTheErrorOfTheKernel) {
    const UniqueFd directory(::open(directory_.path().c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(read_up_to(directory.get(), 10).error(), Errno(EISDIR));
}

}  // namespace
}  // namespace torc::file
