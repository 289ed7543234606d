#include "response/error_page.hpp"

#include <torc/http/request_parser.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

constexpr std::string_view as_browsers_do = "Accept: text/html,*/*;q=0.8\r\n";

class ErrorPageTest : public ::testing::Test {
protected:
    ErrorPage page(std::string_view target, std::string_view fields = as_browsers_do) {
        text_ = "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) +
                "\r\n";
        if (http::parse_request(text_, 0, request_).state != http::ParseState::parsed) {
            throw std::invalid_argument("the request is not valid");
        }
        return {http::Status::not_found, request_};
    }
    /// Of a page of HTML: the path that it shows.
    std::string path_shown(std::string_view target) {
        const std::string html(page(target).bytes());
        const std::size_t begin = html.find("</h1>\n<p>") + std::string_view("</h1>\n<p>").size();
        return html.substr(begin, html.find("</p>", begin) - begin);
    }
    std::string way_home(std::string_view target) {
        const std::string html(page(target).bytes());
        const std::size_t begin = html.find("href=\"") + std::string_view("href=\"").size();
        return html.substr(begin, html.find('"', begin) - begin);
    }

    std::string text_;
    http::Request request_;
};

TEST_F(ErrorPageTest, IsHtmlForWhoNamesIt) {
    const ErrorPage html = page("/a/b");
    EXPECT_EQ(html.content_type(), "text/html; charset=utf-8");
    EXPECT_TRUE(html.bytes().starts_with("<!doctype html>\n<html lang=\"en\">"));
    EXPECT_TRUE(html.bytes().contains("<title>404 Not Found</title>"));
    EXPECT_TRUE(
        html.bytes().ends_with("</style>\n<h1><b>404</b> Not Found</h1>\n<p>/a/b</p>\n"
                               "<p><a href=\"../\">Home</a></p>\n"));
    EXPECT_TRUE(html.security_policy().starts_with("default-src 'none'; style-src 'sha256-"));
}

TEST_F(ErrorPageTest, IsALineOfTextForAllOthers) {
    for (const std::string_view fields :
         {"", "Accept: */*\r\n", "Accept: application/json\r\n", "Accept: text/*\r\n",
          "Accept: text/html;q=0, */*\r\n", "Accept: image/avif,*/*;q=0.8\r\n"}) {
        const ErrorPage text = page("/a?b=c", fields);
        EXPECT_EQ(text.content_type(), "text/plain; charset=utf-8") << fields;
        EXPECT_EQ(text.bytes(), "404 Not Found\n") << fields;
        EXPECT_EQ(text.security_policy(), "");
    }
}

TEST_F(ErrorPageTest, HasNoPathWhereThereIsNone) {
    EXPECT_FALSE(page("http://a/b").bytes().contains("<p>http"));
    EXPECT_EQ(way_home("http://a/b"), "/");
    request_.forget();
    EXPECT_EQ(ErrorPage(http::Status::bad_request, request_).bytes(), "400 Bad Request\n");
}

TEST_F(ErrorPageTest, ShowsThePathAsPeopleReadItAndNeverAsMarkup) {
    EXPECT_EQ(path_shown("/na%C3%AFve%20name"), "/na\u00EFve name");
    EXPECT_EQ(path_shown("/%3Cscript%3Ealert(1)%3C/script%3E&amp;"),
              "/&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;");
    EXPECT_EQ(path_shown("/<b>\"'"), "/&lt;b&gt;\"'");
    EXPECT_EQ(path_shown("/a%00b%E2%80%AEc%FF"), "/a<i>U+0000</i>b<i>U+202E</i>c<i>0xFF</i>");
    EXPECT_EQ(path_shown("/100%"), "/100%");
    EXPECT_EQ(path_shown("/%zz%4"), "/%zz%4");
}

TEST_F(ErrorPageTest, LeadsHomeBeneathAnyPrefix) {
    EXPECT_EQ(way_home("/a"), "./");
    EXPECT_EQ(way_home("/a/"), "../");
    EXPECT_EQ(way_home("/a/b/c?d/e"), "../../");
    std::string deep = "/";
    for (int i = 0; i < 16; ++i) {
        deep += "a/";
    }
    EXPECT_EQ(way_home(deep).size(), 3U * 16);
    EXPECT_EQ(way_home(deep + "a/"), "/");
}

TEST_F(ErrorPageTest, IsBoundedHoweverLongThePath) {
    const std::string long_path = "/" + std::string(5000, 'a');
    EXPECT_EQ(path_shown(long_path), "/" + std::string(255, 'a') + "\u2026");
    // Each becomes fourteen bytes in HTML; of the last whole ones none is cut.
    std::string controls = "/";
    std::string deep = "/";
    for (int i = 0; i < 1000; ++i) {
        controls += "%01";
        deep += "a/";
    }
    const std::string shown = path_shown(controls);
    EXPECT_LE(shown.size(), 520U);
    EXPECT_TRUE(shown.ends_with("<i>U+0001</i>\u2026"));
    EXPECT_LE(page(deep).bytes().size(), ErrorPage::bytes_max);
}

}  // namespace
}  // namespace torc::site
