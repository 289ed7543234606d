#include <torc/site/routing/rule_policies.hpp>

#include "support/allocation_counter.hpp"
#include "support/sanitizers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace torc::site {
namespace {

using http::Status;
using Scope = ExtraField::Scope;

TEST(RulePolicies, AreThoseOfTheSiteWithoutRules) {
    RulePolicies policies({{.name = "A", .value = "1"}}, {});
    EXPECT_EQ(policies.find("a/b").get(), policies.without_path().get());
    EXPECT_EQ(policies.find("a")->of(Status::ok).always(), "Server: torc\r\nA: 1\r\n");
}

TEST(RulePolicies, TakeAFieldOfTheFirstRuleThatSaysSomethingOfIt) {
    RulePolicies policies(
        {{.name = "A", .value = "site"}, {.name = "C", .value = "site"}},
        {{.glob = "*.js", .fields = {{.name = "a", .value = "1"}, {.name = "a", .value = "2"}}},
         {.glob = "/x/*", .fields = {{.name = "A", .value = "3"}, {.name = "B", .value = "4"}}}});
    EXPECT_EQ(policies.find("x/y.js")->of(Status::ok).always(),
              "Server: torc\r\na: 1\r\na: 2\r\nB: 4\r\nC: site\r\n");
    EXPECT_EQ(policies.find("x/y")->of(Status::ok).always(),
              "Server: torc\r\nA: 3\r\nB: 4\r\nC: site\r\n");
    EXPECT_EQ(policies.find("y")->of(Status::ok).always(),
              "Server: torc\r\nA: site\r\nC: site\r\n");
}

TEST(RulePolicies, RemoveFieldsOfLaterRulesAndOfTorc) {
    RulePolicies policies(
        {{.name = "A", .value = "site"}, {.name = "Server", .value = "mine"}},
        {{.glob = "/keep/*", .fields = {{.name = "A", .value = "1"}}},
         {.glob = "*", .removed_fields = {"a", "server", "X-Content-Type-Options"}}});
    const PathPolicyRef policy = policies.find("x");
    EXPECT_EQ(policy->of(Status::ok).always(), "");
    EXPECT_EQ(policy->of(Status::ok).no_sniffing(), "");
    EXPECT_EQ(policies.find("keep/x")->of(Status::ok).always(), "A: 1\r\n");
}

TEST(RulePolicies, GiveFieldsByStatus) {
    RulePolicies policies(
        {}, {{.glob = "*",
              .statuses = {Status::not_found},
              .fields = {{.name = "A", .value = "1", .scope = Scope::success}},
              .cache_control = "max-age=60"},
             {.glob = "*", .fields = {{.name = "A", .value = "2", .scope = Scope::success}}},
             {.glob = "*", .statuses = {Status::forbidden}, .cache_control = ""}});
    const PathPolicyRef policy = policies.find("x");
    EXPECT_EQ(policy->of(Status::not_found).always(), "Server: torc\r\nA: 1\r\n");
    EXPECT_EQ(policy->of(Status::not_found).success(), "");
    EXPECT_EQ(policy->of(Status::not_found).cache_control(), "Cache-Control: max-age=60\r\n");
    EXPECT_EQ(policy->of(Status::forbidden).cache_control(), "");
    EXPECT_EQ(policy->of(Status::ok).success(), "A: 2\r\n");
    EXPECT_FALSE(policy->of(Status::ok).cache_control());
    EXPECT_GE(policy->bytes_max(), policy->of(Status::not_found).bytes_max());
}

TEST(RulePolicies, AreSharedByPathsThatTheSameRulesMatch) {
    RulePolicies policies({}, {{.glob = "*.js", .fields = {{.name = "A", .value = "1"}}},
                               {.glob = "/x/*", .fields = {{.name = "B", .value = "2"}}},
                               {.glob = "*", .cache_control = "no-store"}});
    EXPECT_EQ(policies.find("a.js").get(), policies.find("b/c.js").get());
    EXPECT_NE(policies.find("a.js").get(), policies.find("x/a.js").get());
    EXPECT_EQ(policies.find("a.css").get(), policies.without_path().get());
}

TEST(RulePolicies, LeaveOutWhatIsTooLong) {
    const std::string value(RulePolicies::fields_bytes_max, 'a');
    RulePolicies policies({{.name = "B", .value = "1"}},
                          {{.glob = "*", .fields = {{.name = "A", .value = value}}}});
    EXPECT_EQ(policies.find("x")->of(Status::ok).always(), "Server: torc\r\nB: 1\r\n");
}

TEST(RulePolicies, AreMadeAgainWhenThereWereTooMany) {
    std::vector<Rule> rules;
    for (int i = 0; i < 11; ++i) {
        rules.push_back({.glob = "*" + std::string(1, static_cast<char>('a' + i)) + "*",
                         .fields = {{.name = "A" + std::to_string(i), .value = "1"}}});
    }
    RulePolicies policies({}, rules);
    for (unsigned set = 0; set < 2048; ++set) {
        std::string path;
        std::string fields = "Server: torc\r\n";
        for (unsigned i = 0; i < 11; ++i) {
            if ((set >> i & 1U) != 0) {
                path += static_cast<char>('a' + i);
                fields += "A" + std::to_string(i) + ": 1\r\n";
            }
        }
        EXPECT_EQ(policies.find(path)->of(Status::ok).always(), fields) << path;
    }
}

TEST(RulePolicies, RenderTheFirstResponseWithoutMemory) {
    if (torc::test::has_thread_sanitizer) {
        GTEST_SKIP() << "its operator new does not fail";
    }
    const Policy policy({{.name = "X-Long", .value = std::string(500, 'x')}});
    const torc::test::FailingAllocations no_memory;
    EXPECT_GT(policy.ok_prefix(http::DateSeconds(std::chrono::seconds(1'000'000'000))).size(),
              500U);
}

}  // namespace
}  // namespace torc::site
