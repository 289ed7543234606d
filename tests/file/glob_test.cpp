#include <torc/file/glob.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::file {
namespace {

TEST(Glob, MatchesTheNameWhenItHasNoSlash) {
    EXPECT_TRUE(matches_glob("*.css", "a.css"));
    EXPECT_TRUE(matches_glob("a*", "dir/a.css"));
    EXPECT_FALSE(matches_glob("dir*", "dir/a.css"));
    EXPECT_FALSE(matches_glob("?", ""));
}

TEST(Glob, MatchesTheWholePathWhenItHasASlash) {
    EXPECT_TRUE(matches_glob("/img/*", "img/a/b.png"));
    EXPECT_TRUE(matches_glob("/*/b.png", "img/a/b.png"));
    EXPECT_FALSE(matches_glob("/img/*", "other/img/b.png"));
}

TEST(Glob, MatchesSlashesWithOneAsteriskAsWithTwo) {
    EXPECT_TRUE(matches_glob("/a/**/b", "a/x/y/b"));
    EXPECT_TRUE(matches_glob("/a/*/b", "a/x/y/b"));
    EXPECT_FALSE(matches_glob("/a/**/b", "a/b"));
}

TEST(Glob, WithBracesStandsForSeveral) {
    using Globs = std::vector<std::string>;
    EXPECT_EQ(expand_braces("*.{css,js}"), (Globs{"*.css", "*.js"}));
    EXPECT_EQ(expand_braces("{a,b}{1,2}"), (Globs{"a1", "a2", "b1", "b2"}));
    EXPECT_EQ(expand_braces("{a,b{c,d},}e"), (Globs{"ae", "bce", "bde", "e"}));
    EXPECT_EQ(expand_braces("{{a,b}}"), (Globs{"{a}", "{b}"}));
    for (const std::string_view glob : {"", "a", "{a}", "{", "}", "{a,b", "a,b}", "\\{a,b}",
                                        "[{]a,b}", "{a[,]b}", "{a\\,b}", "{}"}) {
        EXPECT_EQ(expand_braces(glob), Globs{std::string(glob)}) << glob;
    }
}

TEST(Glob, WithANulMatchesNothing) {
    const std::string glob("*\0*", 3);
    EXPECT_FALSE(matches_glob(glob, "a"));
    EXPECT_EQ(find_glob_flaw(glob), "no path has a NUL in it; leave it out");
}

TEST(Glob, WithBracesForTooManyIsItself) {
    std::string glob;
    for (int i = 0; i < 8; ++i) {
        glob += "{a,b}";
    }
    EXPECT_EQ(expand_braces(glob).size(), 256U);
    EXPECT_EQ(expand_braces(glob + "{a,b}").size(), 1U);
}

TEST(Glob, MatchesEachOfItsBraces) {
    EXPECT_TRUE(matches_glob("*.{css,js}", "a/b.js"));
    EXPECT_TRUE(matches_glob("{b.js,/a/*}", "a/c"));
    EXPECT_FALSE(matches_glob("*.{css,js}", "a.html"));
    EXPECT_EQ(find_glob_flaw("{*.css,a/*}"), "a path begins with a slash; give /a/*");
    EXPECT_FALSE(HiddenNames({"{.a,.b}"}).hide(".b"));
}

TEST(Glob, HasAFlawWhenItCanNeverMatch) {
    EXPECT_EQ(find_glob_flaw("assets/*"), "a path begins with a slash; give /assets/*");
    EXPECT_EQ(find_glob_flaw("/assets/"),
              "a file's path does not end with a slash; give /assets/*");
    for (const std::string_view glob :
         {"../*", "./a", "/../a", "/a/../b", "//a", "/a//b", "/a/./b", "/", "a/b/", "*/", ".git",
          ".env*", "/.git/*", "/a/.b/*", "/a/.well-known/*", "/.well-known/.a", "..", "."}) {
        EXPECT_NE(find_glob_flaw(glob), "") << glob;
    }
}

TEST(Glob, MayMatchHiddenNamesWhereSomeAreLetOut) {
    const HiddenNames hidden({".treeinfo"});
    for (const std::string_view glob : {".treeinfo", "/a/.treeinfo", "/.a/*"}) {
        EXPECT_EQ(find_glob_flaw(glob, hidden), "") << glob;
    }
    EXPECT_NE(find_glob_flaw("..", hidden), "");
}

TEST(Glob, OfHiddenNamesHasAFlawWhenItCanMatchNone) {
    for (const std::string_view glob :
         {".treeinfo", ".z*", "*", "/a/.b", "/*/x", "[.]a", "/.a/b"}) {
        EXPECT_EQ(find_hidden_glob_flaw(glob), "") << glob;
    }
    EXPECT_EQ(find_hidden_glob_flaw("treeinfo"),
              "a hidden name begins with a dot; give one like .treeinfo");
    EXPECT_EQ(find_hidden_glob_flaw("a/.b"), "a path begins with a slash; give /a/.b");
    for (const std::string_view glob : {"", "/", "/a/b", ".", "..", "/.a/../b", "/.a/"}) {
        EXPECT_NE(find_hidden_glob_flaw(glob), "") << glob;
    }
}

TEST(Glob, HasNoFlawWhenItMayMatch) {
    for (const std::string_view glob :
         {"*", "*.css", "a", "?.js", "/*", "/a", "/a/b", "/a/*.js", "*/a", "?a/b", "[/]a",
          "/[.]a/b", "\\/a", "/a*/../b", "/.well-known/*", "/.w*", ".*", "/a/b.."}) {
        EXPECT_EQ(find_glob_flaw(glob), "") << glob;
    }
}

}  // namespace
}  // namespace torc::file
