#include <torc/site/routing/glob_rules.hpp>

#include <gtest/gtest.h>

#include <string>

namespace torc::site {
namespace {

TEST(GlobRules, FindTheFirstRuleThatMatches) {
    struct Rule {
        std::string glob;
        int value = 0;
    };
    const GlobRules<Rule> rules = {{.glob = "*.css", .value = 1}, {.glob = "a*", .value = 2}};
    EXPECT_EQ(rules.find("d/a.css")->value, 1);
    EXPECT_EQ(rules.find("d/a.js")->value, 2);
    EXPECT_EQ(rules.find("d/b.js"), nullptr);
    EXPECT_EQ(rules.size(), 2U);
}

}  // namespace
}  // namespace torc::site
