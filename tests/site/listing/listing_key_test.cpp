#include <torc/http/request_parser.hpp>
#include <torc/site/listing/listing_key.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

ListingStyle asked_for(std::string_view query, std::string_view accept = "") {
    const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(accept) + "\r\n";
    http::Request request;
    if (http::parse_request(text, 0, request).state != http::ParseState::parsed) {
        throw std::invalid_argument("the request is not valid");
    }
    return ListingKey::asked_for(request, {.path = "a/", .query = query, .has_query = true}).style;
}

TEST(ListingKey, IsNoPath) {
    EXPECT_FALSE(ListingKey::parse(""));
    EXPECT_FALSE(ListingKey::parse("a/b/"));
}

TEST(ListingKey, SaysAsTextWhatItSaid) {
    for (const ListingFormat format :
         {ListingFormat::html, ListingFormat::plain, ListingFormat::json}) {
        for (const ListingOrder order :
             {ListingOrder::name, ListingOrder::modified, ListingOrder::size}) {
            for (const bool is_descending : {false, true}) {
                const ListingKey key{
                    .path = "a/b/",
                    .style = {.format = format, .order = order, .is_descending = is_descending}};
                std::string text;
                key.write(text);
                const auto parsed = ListingKey::parse(text);
                ASSERT_TRUE(parsed);
                EXPECT_EQ(parsed->path, "a/b/");
                EXPECT_EQ(parsed->style, key.style);
            }
        }
    }
}

TEST(ListingKey, IsAskedForByTheQuery) {
    const std::string_view json = "Accept: application/json\r\n";
    EXPECT_EQ(asked_for("", json), (ListingStyle{.format = ListingFormat::json}));
    EXPECT_EQ(asked_for("C=S&O=D", json), (ListingStyle{.format = ListingFormat::json,
                                                        .order = ListingOrder::size,
                                                        .is_descending = true}));
}

TEST(ListingKey, IsJsonForWhoWantsThatMore) {
    EXPECT_EQ(asked_for("", "Accept: application/json\r\n").format, ListingFormat::json);
    EXPECT_EQ(asked_for("", "Accept: text/html;q=0.5, application/json\r\n").format,
              ListingFormat::json);
    EXPECT_EQ(asked_for("", "Accept: application/*\r\n").format, ListingFormat::json);
}

TEST(ListingKey, IsJsonForWhoNamesItAndWantsItAsMuch) {
    for (const std::string_view accept :
         {"application/json, */*", "application/json, text/plain, */*",
          "text/html, application/json", "text/html;q=0.3, application/json;q=0.3",
          "*/*;q=0.8, application/json;q=0.8"}) {
        EXPECT_EQ(asked_for("", "Accept: " + std::string(accept) + "\r\n").format,
                  ListingFormat::json)
            << accept;
    }
    EXPECT_NE(asked_for("", "Accept: application/json;q=0, text/html;q=0\r\n").format,
              ListingFormat::json);
    EXPECT_NE(asked_for("", "Accept: application/*, */*\r\n").format, ListingFormat::json);
}

TEST(ListingKey, IsJsonByAWildcardForWhoTakesNoHtml) {
    for (const std::string_view accept :
         {"text/html;q=0, */*", "application/*", "text/*;q=0, */*;q=0.1"}) {
        EXPECT_EQ(asked_for("", "Accept: " + std::string(accept) + "\r\n").format,
                  ListingFormat::json)
            << accept;
    }
}

TEST(ListingKey, IsThePageForPeopleForBrowsers) {
    // Firefox and Chromium; Safari; Lynx.
    for (const std::string_view accept :
         {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
          "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
          "text/html, text/plain, text/sgml, */*;q=0.01", "TEXT/HTML;q=1.0"}) {
        EXPECT_EQ(asked_for("", "Accept: " + std::string(accept) + "\r\n").format,
                  ListingFormat::html)
            << accept;
    }
}

TEST(ListingKey, IsPlainForProgramsThatReadHtml) {
    EXPECT_EQ(asked_for("").format, ListingFormat::plain);
    // wget and curl; pip; Python's urllib when it asks for anything.
    for (const std::string_view accept :
         {"*/*",
          "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, "
          "text/html; q=0.01",
          "text/*, */*;q=0.5", "image/avif,image/webp,*/*", "text/html;q=0.9,*/*",
          "text/html;q=0.1, application/*"}) {
        EXPECT_EQ(asked_for("", "Accept: " + std::string(accept) + "\r\n").format,
                  ListingFormat::plain)
            << accept;
    }
}

TEST(ListingKey, MakesAListingOfItsFormat) {
    const ListedDirectory directory({.entries = {{.name = "file"}}});
    const RepresentationRef html = make_listing({"a/", directory, {}}, "no-cache");
    EXPECT_EQ(html->content_type(), "text/html; charset=utf-8");
    EXPECT_EQ(html->contents(), render_listing("a/", directory, {}));
    EXPECT_TRUE(html->fields().contains("Cache-Control: no-cache\r\n"));
    EXPECT_FALSE(html->validators().has_last_modified);
    EXPECT_TRUE(
        html->fields().contains("Content-Security-Policy: default-src 'none'; style-src 'sha256-"));
    const RepresentationRef plain =
        make_listing({"a/", directory, {.format = ListingFormat::plain}}, "no-cache");
    EXPECT_EQ(plain->content_type(), "text/html; charset=utf-8");
    EXPECT_EQ(plain->contents(), render_listing("a/", directory, {.format = ListingFormat::plain}));
    const RepresentationRef json =
        make_listing({"a/", directory, {.format = ListingFormat::json}}, "private");
    EXPECT_EQ(json->content_type(), "application/json");
    EXPECT_TRUE(json->fields().contains("Cache-Control: private\r\n"));
    EXPECT_FALSE(json->fields().contains("Content-Security-Policy"));
}

TEST(ListingKey, KnowsTheEntityTagOfAListingBeforeItIsWritten) {
    const ListedDirectory directory({.entries = {{.name = "file"}, {.name = "other"}}});
    const ListingPage page("a/", directory, {});
    const RepresentationRef written = make_listing(page, "no-cache");
    EXPECT_TRUE(written->has_digest(page.digest()));
    EXPECT_FALSE(written->has_digest(ListingPage("b/", directory, {}).digest()));
}

TEST(ListingKey, GoesWithAScript) {
    const RepresentationRef script = make_listing_script("no-cache");
    EXPECT_EQ(script->content_type(), "text/javascript; charset=utf-8");
    EXPECT_TRUE(script->contents().starts_with("'use strict';"));
}

}  // namespace
}  // namespace torc::site
