#include <torc/file/glob.hpp>
#include <torc/site/routing/glob_index.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {
namespace {

GlobIndex index_of(const std::vector<std::string>& globs) {
    GlobIndex index;
    for (const std::string& glob : globs) {
        index.add(glob);
    }
    return index;
}

std::vector<std::uint32_t> matches(const GlobIndex& index, std::string_view path) {
    std::vector<std::uint32_t> found;
    index.for_each_match(path, [&found](std::uint32_t glob) { found.push_back(glob); });
    return found;
}

TEST(GlobIndex, FindsNothingInAnEmptyList) {
    EXPECT_EQ(GlobIndex().first_match("a"), std::nullopt);
    EXPECT_EQ(matches(GlobIndex(), ""), std::vector<std::uint32_t>());
}

TEST(GlobIndex, FindsAllThatMatchInTheOrderOfTheList) {
    const GlobIndex index = index_of({"*.js", "/a/*", "app.js", "*", "/a/b/app.js", "/*.js",
                                      "app-*", "a?p.js", "*.css", "/a/b/c/*", "[ab]pp.js", "/*p*"});
    EXPECT_EQ(matches(index, "a/b/app.js"),
              (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 7, 10, 11}));
    EXPECT_EQ(matches(index, "a/b/c/x"), (std::vector<std::uint32_t>{1, 3, 9}));
    EXPECT_EQ(matches(index, ""), (std::vector<std::uint32_t>{3}));
    EXPECT_EQ(matches(index, "x/app-1"), (std::vector<std::uint32_t>{3, 6, 11}));
    EXPECT_EQ(index.first_match("b/x.css"), 3U);
}

TEST(GlobIndex, FindsAGlobWithBracesOnce) {
    const GlobIndex index = index_of({"{*.js,/a/*,app.*}", "{x,y}"});
    EXPECT_EQ(matches(index, "a/app.js"), (std::vector<std::uint32_t>{0}));
    EXPECT_EQ(matches(index, "a/y"), (std::vector<std::uint32_t>{0, 1}));
}

TEST(GlobIndex, TakesAPathThatIsLongerThanAnyFiles) {
    const GlobIndex index = index_of({"*", "/*", "/aaa*", "*.js", "/a?*", "*b.js"});
    const std::string path = std::string(100'000, 'a') + "b.js";
    EXPECT_EQ(matches(index, path), (std::vector<std::uint32_t>{0, 1, 2, 3, 5}));
}

TEST(GlobIndex, IsAsTryingEachInTurn) {
    std::mt19937 random(1);
    const auto text = [&random](std::string_view alphabet, std::size_t bytes_max) {
        std::string made;
        for (std::size_t i = random() % (bytes_max + 1); i > 0; --i) {
            made += alphabet[random() % alphabet.size()];
        }
        return made;
    };
    for (int round = 0; round < 300; ++round) {
        std::vector<std::string> globs;
        for (int i = 0; i < 20; ++i) {
            globs.push_back((random() % 2 == 0 ? "/" : "") + text("aab./*?[]{,}!\\", 9));
        }
        const GlobIndex index = index_of(globs);
        for (int i = 0; i < 20; ++i) {
            const std::string path = text("aab./", 8);
            std::vector<std::uint32_t> expected;
            for (std::uint32_t glob = 0; glob < globs.size(); ++glob) {
                if (file::matches_glob(globs[glob], path)) {
                    expected.push_back(glob);
                }
            }
            EXPECT_EQ(matches(index, path), expected) << path;
        }
    }
}

}  // namespace
}  // namespace torc::site
