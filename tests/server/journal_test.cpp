#include <torc/base/unique_fd.hpp>
#include <torc/server/journal.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <string_view>

namespace torc::server {
namespace {

TEST(Journal, IsTheStreamThatSystemdNames) {
    const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    const UniqueFd zero(::open("/dev/zero", O_WRONLY | O_CLOEXEC));
    struct stat status{};
    ASSERT_EQ(::fstat(null.get(), &status), 0);
    const std::string name = fmt::format("{}:{}", status.st_dev, status.st_ino);
    EXPECT_TRUE(is_journal(null.get(), name));
    EXPECT_FALSE(is_journal(zero.get(), name));
    EXPECT_FALSE(is_journal(-1, name));
    for (const std::string& other :
         {std::string(), std::string(":"), name + "x", fmt::format("{}", status.st_ino),
          fmt::format("{}:{}", status.st_dev + 1, status.st_ino)}) {
        EXPECT_FALSE(is_journal(null.get(), other)) << other;
    }
}

TEST(Journal, GetsALevelInFrontOfEachLine) {
    EXPECT_EQ(with_level(JournalLevel::warning, "torc: warning: a\n"), "<4>torc: warning: a\n");
    EXPECT_EQ(with_level(JournalLevel::error, "a\nb\n"), "<3>a\n<3>b\n");
    EXPECT_EQ(with_level(JournalLevel::info, "a\n\nb"), "<6>a\n<6>\n<6>b");
    EXPECT_EQ(with_level(JournalLevel::debug, ""), "");
}

}  // namespace
}  // namespace torc::server
