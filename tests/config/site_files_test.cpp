#include <torc/config/site_files.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace torc::config {
namespace {

using Fields = std::vector<site::ExtraField>;
using Lines = std::vector<std::string>;

SiteSettings site_in(std::string directory) {
    SiteSettings site;
    site.whole.directory = std::move(directory);
    return site;
}

/// What is wrong with a _headers.
Lines problems_of_headers(std::string text) {
    SiteSettings site = site_in("/w");
    return add_site_files(site, {.redirects = {}, .headers = std::move(text)});
}

void add_headers(SiteSettings& site, std::string text) {
    EXPECT_EQ(add_site_files(site, {.redirects = {}, .headers = std::move(text)}), Lines());
}

TEST(SiteFiles, ChangeNothingWhereTheyAreEmpty) {
    SiteSettings site = site_in("/w");
    EXPECT_EQ(add_site_files(site, {}), Lines());
    EXPECT_EQ(site, site_in("/w"));
}

TEST(SiteFiles, HaveTheirRedirectsBehindThoseOfTheConfiguration) {
    SiteSettings site;
    site.redirects = {{.from = "/a", .to = "/own"}};
    EXPECT_EQ(
        add_site_files(site, {.redirects = "/a /b\n/* https://c.example/ 308!", .headers = {}}),
        Lines());
    const std::vector<site::Redirect> expected = {
        {.from = "/a", .to = "/own"},
        {.from = "/a", .to = "/b", .over = site::Redirect::Over::nothing_else},
        {.from = "/a/", .to = "/b", .over = site::Redirect::Over::nothing_else},
        {.from = "/*", .to = "https://c.example/", .status = http::Status::permanent_redirect}};
    EXPECT_EQ(site.redirects, expected);
}

TEST(SiteFiles, HaveTheDefaultStatusOfTheSite) {
    SiteSettings site;
    site.site_files_status = http::Status::found;
    EXPECT_EQ(add_site_files(site, {.redirects = "/ /b", .headers = {}}), Lines());
    ASSERT_EQ(site.redirects.size(), 1U);
    EXPECT_EQ(site.redirects[0].status, http::Status::found);
}

TEST(SiteFiles, SayOfAllPathsOnlyWhatTheConfigurationDoesNot) {
    SiteSettings site;
    site.whole.extra_fields = {{.name = "X-Own", .value = "own"}};
    site.whole.rules = {{.glob = "*", .removed_fields = {"X-Gone"}}};
    const std::vector<site::Rule> rules = site.whole.rules;
    add_headers(site, "/*\n  x-own: theirs\n  X-Gone: here\n  X-New: new\n  Expires: 0\n");
    EXPECT_EQ(
        site.whole.extra_fields,
        (Fields{{.name = "X-Own", .value = "own"},
                {.name = "X-New", .value = "new"},
                {.name = "Expires", .value = "0", .scope = site::ExtraField::Scope::success}}));
    EXPECT_EQ(site.whole.rules, rules);
}

TEST(SiteFiles, SayOfSomePathsWhatTheConfigurationDoesNotSayOfAll) {
    SiteSettings site;
    site.whole.extra_fields = {{.name = "X-Own", .value = "own"}};
    site.whole.rules = {{.glob = "*.css", .fields = {{.name = "A", .value = "1"}}}};
    add_headers(site, "/a/*\n  X-Own: theirs\n  A: 2\n  ! B\n");
    ASSERT_EQ(site.whole.rules.size(), 2U);
    EXPECT_EQ(site.whole.rules[0].glob, "*.css");
    EXPECT_EQ(site.whole.rules[1].glob, "/a/*");
    EXPECT_EQ(site.whole.rules[1].fields, (Fields{{.name = "A", .value = "2"}}));
    EXPECT_EQ(site.whole.rules[1].removed_fields, Lines{"B"});
}

TEST(SiteFiles, SayTheTypeAndTheCachingOfFilesBehindTheConfiguration) {
    SiteSettings site;
    site.whole.load_rules.cache_control.push_back({.glob = "*.js", .value = "own"});
    add_headers(site,
                "/a.x\n  Cache-Control: public\n  cache-control: max-age=1\n"
                "  Content-Type: text/plain\n");
    const auto& cache_control = site.whole.load_rules.cache_control;
    ASSERT_EQ(cache_control.size(), 2U);
    EXPECT_EQ(cache_control[0].value, "own");
    EXPECT_EQ(cache_control[1].glob, "/a.x");
    EXPECT_EQ(cache_control[1].value, "public, max-age=1");
    ASSERT_EQ(site.whole.load_rules.types.size(), 1U);
    EXPECT_TRUE(site.whole.rules.empty());
    EXPECT_TRUE(site.whole.extra_fields.empty());
}

TEST(SiteFiles, SayNothingOfFilesOfOtherRoots) {
    SiteSettings site;
    site.areas = {{.path = "a/", .has_own_directory = false},
                  {.path = "b/", .has_own_directory = true}};
    add_headers(site, "/*\n  X: 1\n/a/*\n  Y: 1\n");
    EXPECT_EQ(site.areas[0].extra_fields, (Fields{{.name = "X", .value = "1"}}));
    EXPECT_EQ(site.areas[0].rules.size(), 1U);
    EXPECT_TRUE(site.areas[1].extra_fields.empty());
    EXPECT_TRUE(site.areas[1].rules.empty());
}

TEST(SiteFiles, SayWhichOriginsMayReadASiteThatIsForOthers) {
    SiteSettings site;
    site.whole.is_for_other_origins = true;
    add_headers(site, "/a\n  X: 1\n");
    const Fields for_all = site.whole.extra_fields;
    EXPECT_EQ(for_all.size(), 5U);
    add_headers(site, "/*\n  Access-Control-Allow-Origin: https://a.example\n");
    EXPECT_EQ(site.whole.extra_fields.size(), 5U);
    EXPECT_EQ(
        std::ranges::count(site.whole.extra_fields, "https://a.example", &site::ExtraField::value),
        1);
}

TEST(SiteFiles, TellAllThatIsWrongWithThePlace) {
    SiteSettings site = site_in("/w");
    EXPECT_EQ(
        add_site_files(site, {.redirects = "/a /b 200\n\n/c\n",
                              .headers = "/*\n  no field\n\n/b\n  ETag: \"1\"\n  ! Date\n"}),
        (Lines{"/w/_redirects:1: status 200 is a rewrite or a proxy, which torc is not; for an "
               "application with views of its own give the setting spa",
               "/w/_redirects:3: give two paths: from which one, and to which",
               "/w/_headers:2: give a field as \"Name: value\", or a path that begins with a "
               "slash",
               "/w/_headers:4: field 'Date': torc sets this field itself, for each answer",
               "/w/_headers:4: field 'ETag': torc sets this field itself, for each answer"}));
}

TEST(SiteFiles, ShowNothingThatATerminalObeys) {
    SiteSettings site = site_in("/w");
    const Lines lines = add_site_files(site, {.redirects = "/a /b \x1b[2J", .headers = {}});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_FALSE(lines[0].contains('\x1b')) << lines[0];
}

TEST(SiteFiles, GiveNoPasswordAway) {
    EXPECT_EQ(problems_of_headers("/*\n  Basic-Auth: user:secret\n"),
              Lines{"/w/_headers:1: Basic-Auth would be sent to all who ask, with the password in "
                    "it; give the setting auth"});
}

TEST(SiteFiles, HaveOnlyTypesThatAreOne) {
    const Lines lines = problems_of_headers("/a\n  Content-Type: no type\n");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].starts_with("/w/_headers:1: Content-Type 'no type': no media type"))
        << lines[0];
}

TEST(SiteFiles, HaveNoMoreFieldsThanFitAResponse) {
    std::string text = "/*\n";
    for (const char name : std::string_view("abcdefghij")) {
        text += std::string("  ") + name + ": " + std::string(900, 'x') + '\n';
    }
    const Lines lines = problems_of_headers(text);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0], "/w/_headers: fields: all of them together may take 4096 bytes, not 9050");
}

}  // namespace
}  // namespace torc::config
