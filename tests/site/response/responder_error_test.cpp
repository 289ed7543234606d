#include <torc/http/credentials.hpp>
#include <torc/site/response/responder.hpp>

#include "site/assets.hpp"
#include "site/response/responder_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace torc::site {
namespace {

using http::Status;

class ResponderErrorTest : public test::ResponderTest {
protected:
    std::string answer(const Asset& asset, std::string_view fields = "",
                       std::string_view method = "GET") {
        return respond(std::string(method) + " /x HTTP/1.1\r\nHost: a\r\n" + std::string(fields),
                       asset);
    }

    const AssetRef with_page_ = Asset::error(Status::not_found, test::memory_file("my page"));
};

TEST_F(ResponderErrorTest, ShowsTheSitesOwnPage) {
    EXPECT_EQ(answer(*with_page_),
              "HTTP/1.1 404 Not Found\r\n" + test::error_fields("404 Not Found") +
                  "Content-Type: text/html; charset=utf-8\r\nContent-Length: 7\r\n\r\n");
    EXPECT_EQ(answer_.source->contents(), "my page");
    EXPECT_EQ(answer_.body.length, 7U);
}

TEST_F(ResponderErrorTest, SaysTheSameToHeadWithoutThePage) {
    EXPECT_EQ(answer(*with_page_, "", "HEAD"), answer(*with_page_));
    (void)answer(*with_page_, "", "HEAD");
    EXPECT_EQ(answer_.source, nullptr);
}

TEST_F(ResponderErrorTest, IgnoresConditionsAndRanges) {
    (void)answer(*with_page_, "If-None-Match: *\r\nRange: bytes=0-1\r\n");
    EXPECT_EQ(answer_.status, Status::not_found);
    EXPECT_EQ(answer_.body.length, 7U);
}

TEST_F(ResponderErrorTest, AsksForCredentialsWithAPageOfItsOwn) {
    const std::string challenge = http::basic_challenge("staff");
    const auto ask = [&](std::string_view request) {
        parse(request);
        std::string buffer(responder_.head_bytes_max(), '\0');
        http::HeadWriter writer(buffer);
        answer_ =
            responder_.ask_for_credentials(challenge, request_, Persistence::keep_alive, writer);
        return std::string(writer.written());
    };
    const std::string head =
        "HTTP/1.1 401 Unauthorized\r\n" + test::error_fields("401 Unauthorized") + challenge +
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 17\r\n\r\n";
    EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: a\r\n"), head + "401 Unauthorized\n");
    EXPECT_EQ(ask("HEAD / HTTP/1.1\r\nHost: a\r\n"), head);
    EXPECT_EQ(answer_.status, Status::unauthorized);
}

TEST_F(ResponderErrorTest, AddsTheUsersFieldsToEveryAnswer) {
    const std::vector<ExtraField> fields = {{.name = "X-Frame-Options", .value = "DENY"},
                                            {.name = "server", .value = "mine"}};
    Responder responder(codings_, fields);
    responder.set_time(test::now);
    request_.forget();
    std::string buffer(responder.head_bytes_max(), '\0');
    http::HeadWriter writer(buffer);
    (void)responder.reject(Status::bad_request, request_, Persistence::close, writer);
    EXPECT_TRUE(writer.written().starts_with(
        "HTTP/1.1 400 Bad Request\r\nDate: " + std::string(test::date) +
        "\r\nX-Frame-Options: DENY\r\nserver: mine\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Cache-Control: no-store\r\n"
        "Connection: close\r\n"))
        << writer.written();
}

TEST_F(ResponderErrorTest, LetsTheUsersSayWhetherTypesAreGuessed) {
    const std::vector<ExtraField> fields = {{.name = "X-Content-Type-Options", .value = "x"}};
    Responder responder(codings_, fields);
    responder.set_time(test::now);
    request_.forget();
    std::string buffer(responder.head_bytes_max(), '\0');
    http::HeadWriter writer(buffer);
    (void)responder.reject(Status::bad_request, request_, Persistence::close, writer);
    EXPECT_FALSE(writer.written().contains("nosniff"));
}

}  // namespace
}  // namespace torc::site
