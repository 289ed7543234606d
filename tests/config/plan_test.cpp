#include <torc/config/plan.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::config {
namespace {

using Lines = std::vector<std::string>;

std::string with_site(std::string_view rest) {
    return "[[site]]\nhosts = [\"example.org\"]\nroot = \"/srv\"\n" + std::string(rest);
}

Plan plan(std::string_view running, std::string_view next) {
    const std::string version = "version = 1\n";
    const auto made = plan_change(version + std::string(running), version + std::string(next));
    EXPECT_TRUE(made) << made.error();
    return made ? *made : Plan{};
}

TEST(Plan, IsEmptyForTheSameConfiguration) {
    EXPECT_EQ(plan(with_site(""), with_site("# a remark\n")).lines, Lines());
}

TEST(Plan, TellsWhichSitesComeGoAndChange) {
    const std::string other = "[[site]]\nhosts = [\"other.example\"]\nroot = \"/srv\"\n";
    const std::string third = "[[site]]\nhosts = [\"third.example\"]\nroot = \"/srv\"\n";
    EXPECT_EQ(plan(with_site(other), with_site("listing = true\n" + third)).lines,
              (Lines{"~ site example.org", "+ site third.example", "- site other.example"}));
}

TEST(Plan, TellsOfEachValueBeforeAndAfter) {
    EXPECT_EQ(plan(with_site(""), "[server]\nmax_request_fields = 9\n" + with_site("")).lines,
              Lines{"server.max_request_fields: 100 → 9"});
}

TEST(Plan, TellsWhatTakesAnotherProcess) {
    EXPECT_EQ(
        plan("[server]\nworkers = 2\n" + with_site(""), "[server]\nworkers = 4\n" + with_site(""))
            .lines,
        Lines{"server.workers: 2 → 4 takes effect at the next start"});
}

TEST(Plan, HasTheAddressesAtPortsThatNobodyListensOnYet) {
    const Plan made =
        plan("[server]\nlisten = [\"127.0.0.1:80\"]\n" + with_site(""),
             "[server]\nlisten = [\"0.0.0.0:80\", \"127.0.0.1:81\"]\n" + with_site(""));
    EXPECT_EQ(made.new_addresses, std::vector<net::ListenAddress>{"127.0.0.1:81"});
}

TEST(Plan, HasTheDefaultAddressesAtAnotherPort) {
    const Plan made =
        plan("[server]\nport = 80\n" + with_site(""), "[server]\nport = 81\n" + with_site(""));
    EXPECT_EQ(made.new_addresses, (std::vector<net::ListenAddress>{"127.0.0.1:81", "[::1]:81"}));
}

TEST(Plan, SaysWhatOfTheRunningConfigurationIsUnknown) {
    const auto made =
        plan_change("version = 1\n[server]\nfrobnicate = 1\n" + with_site(""), with_site(""));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error(),
              "the configuration of the server that runs:3:1: unknown key \"server.frobnicate\"");
}

}  // namespace
}  // namespace torc::config
