#include <torc/site/cache_control.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::site {
namespace {

constexpr std::string_view for_a_year = "public, max-age=31536000, immutable";

TEST(CacheControl, KeepsNamesWithAHashForAYear) {
    for (const char* name : {"assets/index-BfX9a2_k.js", "main.3f2a1b4c5d6e7f80.css",
                             "chunk-5ZQ2XK7B.js", "static/js/2.8e4b1c9f.chunk.js",
                             "_next/static/chunks/0a1b2c3d4e5f6789.js", "logo.6ce24c58.svg"}) {
        EXPECT_TRUE(is_fingerprinted(name)) << name;
        EXPECT_EQ(cache_control(name, {}), for_a_year) << name;
    }
}

TEST(CacheControl, AsksAboutEveryOtherNameEachTime) {
    for (const char* name : {"",
                             "app.js",
                             "jquery-3.7.1.min.js",
                             "report-20240101.pdf",
                             "IMG_2034.jpg",
                             "foo-IMG_2034.jpg",
                             "case-iPhone6s.png",
                             "foo-Version2.js",
                             "app-v2Release.js",
                             "font-awesome5.css",
                             "bootstrap-datepicker.js",
                             "deadbeef.js",
                             "x-deadbeef.js",
                             "x-20240101123456.js",
                             "1a2b3c4d.js",
                             "release-2024feed.txt",
                             "logo-BASELINE.svg",
                             "x-AC3CODEC.js",
                             "README",
                             "a.b.c.d.e",
                             "2024-11-23-notes.txt"}) {
        EXPECT_FALSE(is_fingerprinted(name)) << name;
        EXPECT_EQ(cache_control(name, {}), "no-cache") << name;
    }
}

TEST(CacheControl, LooksAtTheNameNotAtItsDirectories) {
    EXPECT_FALSE(is_fingerprinted("build.3f2a1b4c5d6e7f80/app.js"));
}

TEST(CacheControl, AsksAboutPagesEachTimeWhateverTheirName) {
    EXPECT_EQ(cache_control("post-3f2a1b4c5d6e7f80.html", {}), "no-cache");
}

TEST(CacheControl, TakesTheFirstRuleThatMatches) {
    const std::vector<CacheControlRule> rules = {{.glob = "*.css", .value = "max-age=1"},
                                                 {.glob = "a*", .value = "max-age=2"}};
    EXPECT_EQ(cache_control("dir/a.css", rules), "max-age=1");
    EXPECT_EQ(cache_control("dir/a.js", rules), "max-age=2");
    EXPECT_EQ(cache_control("dir/b.js", rules), "no-cache");
}

TEST(CacheControl, MatchesWholePathsWhenTheRuleHasASlash) {
    const std::vector<CacheControlRule> rules = {{.glob = "/img/*", .value = "max-age=1"}};
    EXPECT_EQ(cache_control("img/a/b.png", rules), "max-age=1");
    EXPECT_EQ(cache_control("other/img/b.png", rules), "no-cache");
}

TEST(CacheControl, FindsGlobsThatCanNeverMatch) {
    EXPECT_EQ(find_glob_flaw("assets/*"), "a path begins with a slash; give /assets/*");
    EXPECT_EQ(find_glob_flaw("/assets/"),
              "a file's path does not end with a slash; give /assets/*");
    for (const std::string_view glob :
         {"../*", "./a", "/../a", "/a/../b", "//a", "/a//b", "/a/./b", "/", "a/b/", "*/", ".git",
          ".env*", "/.git/*", "/a/.b/*", "/a/.well-known/*", "/.well-known/.a", "..", "."}) {
        EXPECT_NE(find_glob_flaw(glob), "") << glob;
    }
}

TEST(CacheControl, FindsNothingWrongWithGlobsThatMayMatch) {
    for (const std::string_view glob :
         {"*", "*.css", "a", "?.js", "/*", "/a", "/a/b", "/a/*.js", "*/a", "?a/b", "[/]a",
          "/[.]a/b", "\\/a", "/a*/../b", "/.well-known/*", "/.w*", ".*", "/a/b.."}) {
        EXPECT_EQ(find_glob_flaw(glob), "") << glob;
    }
}

TEST(CacheControl, SendsNoneWhenARuleSaysSo) {
    EXPECT_EQ(cache_control("a", std::vector<CacheControlRule>{{.glob = "*", .value = ""}}), "");
}

}  // namespace
}  // namespace torc::site
