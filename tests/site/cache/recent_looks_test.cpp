#include <torc/site/cache/recent_looks.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

namespace torc::site {
namespace {

constexpr WallTime now{std::chrono::seconds(1'700'000'000)};
constexpr file::Metadata first{
    .kind = file::Kind::regular, .size = 100, .modified = now, .changed = now, .inode = 1};

TEST(RecentLooks, TellWhetherAFileHasChanged) {
    RecentLooks looks;
    EXPECT_FALSE(looks.note("log", first, now)) << "it was not looked at before";
    EXPECT_FALSE(looks.note("log", first, now));
    file::Metadata longer = first;
    longer.size = 101;
    EXPECT_TRUE(looks.note("log", longer, now));
    EXPECT_FALSE(looks.note("log", longer, now));
    file::Metadata later = longer;
    later.modified += std::chrono::nanoseconds(1);
    EXPECT_TRUE(looks.note("log", later, now));
}

TEST(RecentLooks, TakeNoReplacementForAFileThatIsWrittenAllTheTime) {
    RecentLooks looks;
    EXPECT_FALSE(looks.note("large.js", first, now));
    file::Metadata another = first;
    another.inode = 2;
    EXPECT_FALSE(looks.note("large.js", another, now)) << "it was moved into place";
    another.modified = WallTime{std::chrono::seconds(499'162'500)};
    EXPECT_FALSE(looks.note("large.js", another, now)) << "it was unpacked over the other";
}

TEST(RecentLooks, AreOfOneFileEach) {
    RecentLooks looks;
    EXPECT_FALSE(looks.note("a", first, now));
    file::Metadata another = first;
    another.inode = 2;
    EXPECT_FALSE(looks.note("b", another, now));
}

TEST(RecentLooks, AreForgottenAfterAWhile) {
    for (const auto& [passed, is_recent] :
         {std::pair(RecentLooks::recent_for, true),
          std::pair(RecentLooks::recent_for + std::chrono::seconds(1), false),
          std::pair(std::chrono::seconds(-1), false)}) {
        RecentLooks looks;
        EXPECT_FALSE(looks.note("log", first, now));
        file::Metadata longer = first;
        longer.size = 101;
        EXPECT_EQ(looks.note("log", longer, now + passed), is_recent) << passed;
    }
}

}  // namespace
}  // namespace torc::site
