#include <torc/site/load/file_time.hpp>

#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace torc::site {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::year;

constexpr WallTime now = test::loaded_at;

bool is_useful(WallTime time) {
    return has_useful_time(test::regular_file(5, time), now);
}

TEST(FileTime, OfNixAndOstreeIsUseless) {
    for (const WallTime time : {WallTime(0s), WallTime(1s), WallTime(1s + 999ms), WallTime(-5s)}) {
        EXPECT_FALSE(is_useful(time)) << time.time_since_epoch().count();
    }
    EXPECT_TRUE(is_useful(WallTime(2s)));
}

TEST(FileTime, OfZipIsUselessInEveryTimeZone) {
    for (const WallTime beginning :
         {WallTime(sys_days(year(1979) / 11 / 30)), WallTime(sys_days(year(1980) / 1 / 1)),
          WallTime(sys_days(year(1980) / 1 / 2)), WallTime(sys_days(year(1980) / 2 / 1))}) {
        for (const std::chrono::minutes offset :
             {-14h + 0min, -5h - 30min, 0min, 1h + 0min, 12h + 0min}) {
            EXPECT_FALSE(is_useful(beginning + offset)) << offset.count();
        }
        EXPECT_FALSE(is_useful(beginning + 1s));
    }
    EXPECT_TRUE(is_useful(sys_days(year(1979) / 11 / 28)));
    EXPECT_TRUE(is_useful(sys_days(year(1980) / 2 / 5)));
}

TEST(FileTime, OfPackagesIsUseless) {
    const WallTime npm = sys_days(year(1985) / 10 / 26) + 8h + 15min;
    const WallTime yarn = sys_days(year(1984) / 6 / 22) + 21h + 50min;
    const WallTime cargo = sys_days(year(2006) / 7 / 24) + 1h + 21min + 28s;
    for (const WallTime time : {npm, yarn, cargo}) {
        EXPECT_FALSE(is_useful(time)) << time.time_since_epoch().count();
        EXPECT_FALSE(is_useful(time + 500ms));
        EXPECT_TRUE(is_useful(time + 1s));
        EXPECT_TRUE(is_useful(time - 1s));
    }
    for (const sys_days day : {sys_days(year(2000) / 1 / 1), sys_days(year(2010) / 1 / 1),
                               sys_days(year(2016) / 1 / 1), sys_days(year(2020) / 2 / 2)}) {
        EXPECT_FALSE(is_useful(day));
        EXPECT_TRUE(is_useful(day + 1s));
    }
}

TEST(FileTime, InTheFutureIsUselessUntilItHasCome) {
    EXPECT_FALSE(is_useful(now + 1ns));
    EXPECT_TRUE(is_useful(now));
}

TEST(FileTime, IsDistinctOnceNoLaterWriteCanHaveIt) {
    const auto is_distinct = [](WallTime time) {
        return has_distinct_time(test::regular_file(5, time), now);
    };
    EXPECT_TRUE(is_distinct(now - 2s));
    EXPECT_FALSE(is_distinct(now - 2s + 1ns));
    EXPECT_FALSE(is_distinct(now + 1h));
    EXPECT_FALSE(is_distinct(WallTime(1s)));
}

TEST(FileTime, IsSettledWhenNeitherTimeIsThatOfTheLook) {
    file::Metadata metadata = test::regular_file(5, now - 2s);
    EXPECT_TRUE(is_settled(metadata, now));
    metadata.changed = now - 2s + 1ns;
    EXPECT_FALSE(is_settled(metadata, now));
    metadata.changed = now - 1h;
    metadata.modified = now;
    EXPECT_FALSE(is_settled(metadata, now));
}

}  // namespace
}  // namespace torc::site
