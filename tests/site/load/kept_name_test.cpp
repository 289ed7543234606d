#include "load/kept_name.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string_view>

namespace torc::site {
namespace {

constexpr std::string_view script = "assets/index-BfX9a2_k.js";

LoadRules rules_with(CacheControlRules cache_control = {}, TypeRules types = {}) {
    return {.cache_control = std::move(cache_control),
            .types = std::move(types),
            .keep_previous = std::chrono::minutes(10)};
}

TEST(KeptName, IsOneWithAHashOfTheContents) {
    EXPECT_TRUE(is_kept_name(script, rules_with()));
    EXPECT_FALSE(is_kept_name("assets/index.js", rules_with()));
    EXPECT_FALSE(is_kept_name(script, {}));
}

TEST(KeptName, IsOneThatARuleCallsImmutable) {
    for (const char* const value :
         {"public, max-age=31536000, immutable", "immutable", "max-age=1 , Immutable\t"}) {
        EXPECT_TRUE(is_kept_name("js/app.js", rules_with({{.glob = "/js/*", .value = value}})))
            << value;
    }
    for (const char* const value : {"max-age=31536000", "immutable-not", "x=immutable", ""}) {
        EXPECT_FALSE(is_kept_name("js/app.js", rules_with({{.glob = "/js/*", .value = value}})))
            << value;
    }
    EXPECT_FALSE(is_kept_name("app.js", rules_with({{.glob = "/js/*", .value = "immutable"}})));
}

TEST(KeptName, IsOneWithAHashThoughARuleGivesItAnotherTime) {
    EXPECT_TRUE(is_kept_name(script, rules_with({{.glob = "*.js", .value = "max-age=60"}})));
}

TEST(KeptName, IsNeverThatOfAPage) {
    const CacheControlRules all{{.glob = "*", .value = "immutable"}};
    for (const char* const path : {"a.html", "a.HTM", "a.xhtml", "about", "a.unknown"}) {
        EXPECT_FALSE(is_kept_name(path, rules_with(all))) << path;
    }
    EXPECT_TRUE(is_kept_name("a.css", rules_with(all)));
    EXPECT_TRUE(is_kept_name(
        "a.unknown", rules_with(all, {{.glob = "*.unknown", .value = "application/wasm"}})));
    EXPECT_FALSE(
        is_kept_name("a.js", rules_with(all, {{.glob = "*.js", .value = "Text/HTML; charset=x"}})));
}

}  // namespace
}  // namespace torc::site
