#include <torc/site/cache/path_hash.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

TEST(PathHash, IsTheSameForEqualPathsWhoeverHashesThem) {
    const std::string path = "a/b.html";
    EXPECT_EQ(PathHash()(path), PathHash()(std::string_view("a/b.html")));
    EXPECT_NE(PathHash()(path), PathHash()("a/c.html"));
}

// Who knows the hash without a seed can make paths that collide.
TEST(PathHash, IsNotThatOfTheStandardLibrary) {
    EXPECT_NE(PathHash()("a/b.html"), std::hash<std::string_view>()("a/b.html"));
}

}  // namespace
}  // namespace torc::site
