#include <torc/http/request_parser.hpp>
#include <torc/site/listing_key.hpp>

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
    for (const ListingFormat format : {ListingFormat::html, ListingFormat::json}) {
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
    EXPECT_EQ(asked_for(""), ListingStyle{});
    EXPECT_EQ(asked_for("C=S&O=D"),
              (ListingStyle{.order = ListingOrder::size, .is_descending = true}));
}

TEST(ListingKey, IsJsonForWhoWantsThatMore) {
    EXPECT_EQ(asked_for("", "Accept: application/json\r\n").format, ListingFormat::json);
    EXPECT_EQ(asked_for("", "Accept: text/html;q=0.5, application/json\r\n").format,
              ListingFormat::json);
    EXPECT_EQ(asked_for("", "Accept: */*\r\n").format, ListingFormat::html);
    EXPECT_EQ(asked_for("", "Accept: text/html, application/json\r\n").format, ListingFormat::html);
}

TEST(ListingKey, MakesAListingOfItsFormat) {
    const file::Directory directory{.entries = {{.name = "file"}}};
    const RepresentationRef html = make_listing({.path = "a/", .style = {}}, directory, "no-cache");
    EXPECT_EQ(html->content_type(), "text/html; charset=utf-8");
    EXPECT_EQ(html->contents(), render_listing("a/", directory, {}));
    EXPECT_TRUE(html->fields().contains("Cache-Control: no-cache\r\n"));
    EXPECT_FALSE(html->validators().has_last_modified);
    const RepresentationRef json = make_listing(
        {.path = "a/", .style = {.format = ListingFormat::json}}, directory, "private");
    EXPECT_EQ(json->content_type(), "application/json");
    EXPECT_TRUE(json->fields().contains("Cache-Control: private\r\n"));
}

}  // namespace
}  // namespace torc::site
