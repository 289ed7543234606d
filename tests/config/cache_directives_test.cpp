#include "cache_directives.hpp"

#include <gtest/gtest.h>

#include <string>

namespace torc::config {
namespace {

TEST(CacheDirectives, AreTakenAsTheyAreDefined) {
    for (const std::string value :
         {"", "no-store", "public, max-age=31536000, immutable", "Max-Age=0,no-cache",
          "private=\"set-cookie, x\", s-maxage=5", "max-age=60, stale-while-revalidate=30",
          "no-cache, , must-revalidate"}) {
        EXPECT_EQ(find_cache_control_flaw(value), "") << value;
        EXPECT_EQ(find_cache_control_oddity(value), "") << value;
    }
}

TEST(CacheDirectives, TakeWholeSecondsAlone) {
    for (const std::string value : {"max-age=1h", "max-age", "max-age=", "max-age=-1",
                                    "max-age=\"60\"", "public, max-age=1.5"}) {
        EXPECT_EQ(find_cache_control_flaw(value),
                  "max-age takes whole seconds; give one like max-age=3600")
            << value;
    }
    EXPECT_NE(find_cache_control_flaw("stale-if-error=1d"), "");
}

TEST(CacheDirectives, AreNoTimesAndNoOtherText) {
    EXPECT_EQ(find_cache_control_flaw("1h"),
              "'1h' is no directive; for a time give seconds, as in max-age=3600");
    for (const std::string value : {"public max-age=5", "a=b c", "=5", "private=\"a", "a:b"}) {
        EXPECT_NE(find_cache_control_flaw(value), "") << value;
    }
}

TEST(CacheDirectives, AreOddWhenNobodyHasDefinedThem) {
    EXPECT_EQ(find_cache_control_oddity("max-age=5, immutible"),
              "no known directive is called immutible; did you mean immutable?");
    EXPECT_EQ(find_cache_control_oddity("x-mine=1"),
              "no known directive is called x-mine; it is sent as it stands");
}

}  // namespace
}  // namespace torc::config
