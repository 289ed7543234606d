#include "site/load/asset_load_fixture.hpp"

#include <gtest/gtest.h>

namespace torc::site {
namespace {

using http::Status;

class CleanUrls : public test::AssetLoadTest {
protected:
    CleanUrls() { rules_.has_clean_urls = true; }
};

TEST_F(CleanUrls, FindThePageWithoutItsSuffix) {
    put("about.html", "about");
    EXPECT_EQ(contents("about"), "about");
    EXPECT_EQ(asset("about")->identity().content_type(), "text/html; charset=utf-8");
    EXPECT_EQ(status("absent"), Status::not_found);
}

TEST_F(CleanUrls, AreOffUnlessAskedFor) {
    rules_.has_clean_urls = false;
    put("about.html", "about");
    EXPECT_EQ(status("about"), Status::not_found);
    EXPECT_EQ(contents("about.html"), "about");
}

TEST_F(CleanUrls, LeadFromThePageWithItsSuffix) {
    put("a/about.html", "about");
    EXPECT_EQ(location("a/about.html"), "a/about");
    EXPECT_EQ(status("absent.html"), Status::not_found);
}

TEST_F(CleanUrls, LeadFromTheIndexToItsDirectory) {
    put("index.html", "root");
    put("a/index.html", "a");
    EXPECT_EQ(location("index.html"), "");
    EXPECT_EQ(location("a/index.html"), "a/");
    EXPECT_EQ(contents("a/"), "a");
}

TEST_F(CleanUrls, PreferTheFileThatIsAskedFor) {
    put("about", "file");
    put("about.html", "page");
    EXPECT_EQ(contents("about"), "file");
    EXPECT_EQ(contents("about.html"), "page");
}

TEST_F(CleanUrls, PreferAPageToTheDirectoryByItsName) {
    put_directory("docs");
    put("docs.html", "page");
    put("docs/intro.html", "intro");
    EXPECT_EQ(contents("docs"), "page");
    EXPECT_EQ(location("docs.html"), "docs");
    EXPECT_EQ(contents("docs/intro"), "intro");
}

TEST_F(CleanUrls, LeadFromASlashToThePage) {
    put("about.html", "about");
    EXPECT_EQ(location("about/"), "about");
    EXPECT_EQ(status("absent/"), Status::not_found);
}

TEST_F(CleanUrls, PreferTheIndexOfADirectoryToAPageBesideIt) {
    put("docs.html", "page");
    put("docs/index.html", "index");
    EXPECT_EQ(contents("docs/"), "index");
}

TEST_F(CleanUrls, LeadToTheSlashOfADirectoryWithoutAPage) {
    put_directory("docs");
    EXPECT_EQ(location("docs"), "docs/");
}

TEST_F(CleanUrls, CloseEveryFileThatTheyLookAt) {
    put("about.html", "about");
    put_directory("about");
    (void)location("about.html");
    EXPECT_EQ(closer_.closed(), 2U);
}

}  // namespace
}  // namespace torc::site
