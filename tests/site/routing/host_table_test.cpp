#include <torc/site/routing/host_table.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

class HostTableTest : public ::testing::Test {
protected:
    HostTableTest() {
        table_.add("example.org", 0);
        table_.add("*.example.org", 1);
        table_.add("www.example.org", 2);
        table_.add("*.a.example.org", 3);
        table_.add("[2001:db8::1]", 4);
    }

    HostTable table_;
};

TEST_F(HostTableTest, FindsANameBeforeAWildcard) {
    EXPECT_EQ(table_.find("example.org"), 0U);
    EXPECT_EQ(table_.find("www.example.org"), 2U);
}

TEST_F(HostTableTest, TakesAWildcardForOneOrMoreLabels) {
    EXPECT_EQ(table_.find("b.example.org"), 1U);
    EXPECT_EQ(table_.find("c.b.example.org"), 1U);
    EXPECT_EQ(table_.find("a.www.example.org"), 1U);
    EXPECT_EQ(table_.find(".example.org"), std::nullopt);
    EXPECT_EQ(table_.find("notexample.org"), std::nullopt);
    EXPECT_EQ(table_.find("*.example.org"), 1U);
}

TEST_F(HostTableTest, TakesTheLongestWildcard) {
    EXPECT_EQ(table_.find("a.example.org"), 1U);
    EXPECT_EQ(table_.find("b.a.example.org"), 3U);
    EXPECT_EQ(table_.find("c.b.a.example.org"), 3U);
}

TEST_F(HostTableTest, ComparesWithoutCaseAndDotAtTheEnd) {
    EXPECT_EQ(table_.find("EXAMPLE.Org"), 0U);
    EXPECT_EQ(table_.find("example.org."), 0U);
    EXPECT_EQ(table_.find("B.EXAMPLE.ORG."), 1U);
    EXPECT_EQ(table_.find("example.org.."), std::nullopt);
    EXPECT_EQ(table_.find("[2001:DB8::1]"), 4U);
    HostTable other;
    other.add("*.Example.org.", 7);
    EXPECT_EQ(other.find("a.example.org"), 7U);
}

TEST_F(HostTableTest, GivesWhatNoSiteNamesToTheDefault) {
    EXPECT_EQ(table_.find("example.com"), std::nullopt);
    EXPECT_EQ(table_.find(""), std::nullopt);
    table_.set_default(2);
    EXPECT_EQ(table_.find("example.com"), 2U);
    EXPECT_EQ(table_.find(""), 2U);
    EXPECT_EQ(table_.find("."), 2U);
    EXPECT_EQ(table_.find("example.org"), 0U);
}

TEST_F(HostTableTest, FindsNoHostThatIsTooLong) {
    EXPECT_EQ(table_.find(std::string(255 - 12, 'a') + ".example.org"), 1U);
    EXPECT_EQ(table_.find(std::string(256 - 12, 'a') + ".example.org"), std::nullopt);
    EXPECT_EQ(table_.find(std::string(100'000, '.')), std::nullopt);
}

TEST_F(HostTableTest, SaysWhoHasAHostAlready) {
    EXPECT_EQ(table_.add("Example.org", 9), 0U);
    EXPECT_EQ(table_.add("*.example.org.", 9), 1U);
    EXPECT_EQ(table_.add("example.net", 9), std::nullopt);
    EXPECT_EQ(table_.find("example.org"), 0U);
}

TEST(HostTable, HasADefaultAloneUntilAHostIsAdded) {
    HostTable table;
    table.set_default(0);
    EXPECT_TRUE(table.has_default_alone());
    EXPECT_EQ(table.find("anything"), 0U);
    table.add("a", 1);
    EXPECT_FALSE(table.has_default_alone());
}

TEST(HostFlaw, IsNoneOfAHost) {
    for (const std::string_view host :
         {"example.org", "*.example.org", "localhost", "*.localhost", "192.0.2.1", "[::1]",
          "xn--bcher-kva.example", "a_b.c", "Example.org", "example.org."}) {
        EXPECT_EQ(find_host_flaw(host), "") << host;
    }
}

TEST(HostFlaw, SaysWhatToGiveInstead) {
    EXPECT_EQ(find_host_flaw("https://example.org/a"), "a host has no scheme; give example.org");
    EXPECT_EQ(find_host_flaw("example.org/a"), "a host has no path; give example.org");
    EXPECT_EQ(find_host_flaw("example.org:80"),
              "a host has no port: sites are for every port; give example.org");
    EXPECT_EQ(find_host_flaw("[::1]:80"),
              "a host has no port: sites are for every port; give [::1]");
    EXPECT_EQ(find_host_flaw("::1"), "an IPv6 address has brackets in a URL; give [::1]");
    for (const std::string_view host : {"", "*", "*.", ".", "a..b", "a.*", "*a.b", "*.*.a", "a b",
                                        "b\xC3\xBC"
                                        "cher.example",
                                        "[::x]", "%61"}) {
        EXPECT_NE(find_host_flaw(host), "") << host;
    }
}

}  // namespace
}  // namespace torc::site
