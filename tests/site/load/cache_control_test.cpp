#include <torc/site/load/cache_control.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::site {
namespace {

constexpr std::string_view for_a_year = "public, max-age=31536000, immutable";

TEST(CacheControl, KeepsForAYearWhatABuildToolHasNamedByItsContents) {
    EXPECT_EQ(cache_control("assets/index-BfX9a2_k.js", {}), for_a_year);
}

TEST(CacheControl, AsksAboutEveryOtherFileEachTime) {
    for (const char* name : {"", "app.js", "data/index-BfX9a2_k.js", "assets/index-BfX9a2_k.html",
                             "assets/logo.png", "build.3f2a1b4c5d6e7f80/app.js"}) {
        EXPECT_EQ(cache_control(name, {}), "no-cache") << name;
    }
}

TEST(CacheControl, LetsNoSharedCacheKeepWhatIsForSome) {
    EXPECT_EQ(cache_control("assets/index-BfX9a2_k.js", {}, Audience::some),
              "private, max-age=31536000, immutable");
    EXPECT_EQ(cache_control("app.js", {}, Audience::some), "private, no-cache");
    const CacheControlRules rules = {{.glob = "*", .value = std::string(for_a_year)}};
    EXPECT_EQ(cache_control("app.js", rules, Audience::some), for_a_year) << "the user says so";
}

TEST(CacheControl, TakesAUsersRuleBeforeItsGuess) {
    const CacheControlRules rules = {{.glob = "/assets/*", .value = "no-cache"},
                                     {.glob = "*.pdf", .value = std::string(for_a_year)}};
    EXPECT_EQ(cache_control("assets/index-BfX9a2_k.js", rules), "no-cache");
    EXPECT_EQ(cache_control("report.pdf", rules), for_a_year);
}

TEST(CacheControl, TakesTheFirstRuleThatMatches) {
    const CacheControlRules rules = {{.glob = "*.css", .value = "max-age=1"},
                                     {.glob = "a*", .value = "max-age=2"}};
    EXPECT_EQ(cache_control("dir/a.css", rules), "max-age=1");
    EXPECT_EQ(cache_control("dir/a.js", rules), "max-age=2");
    EXPECT_EQ(cache_control("dir/b.js", rules), "no-cache");
}

TEST(CacheControl, MatchesWholePathsWhenTheRuleHasASlash) {
    const CacheControlRules rules = {{.glob = "/img/*", .value = "max-age=1"}};
    EXPECT_EQ(cache_control("img/a/b.png", rules), "max-age=1");
    EXPECT_EQ(cache_control("other/img/b.png", rules), "no-cache");
}

TEST(CacheControl, SendsNoneWhenARuleSaysSo) {
    EXPECT_EQ(cache_control("a", CacheControlRules{{.glob = "*", .value = ""}}), "");
}

}  // namespace
}  // namespace torc::site
