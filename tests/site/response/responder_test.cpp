#include <torc/site/response/responder.hpp>

#include "site/assets.hpp"
#include "site/response/responder_fixture.hpp"
#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

using http::ByteRange;
using http::Status;
using test::common_fields;
using test::disk_asset;
using test::error_answer;
using test::error_fields;
using test::memory_asset;
using test::page;
using test::page_answer;
using test::ResponderTest;

const std::string get = "GET /page.html HTTP/1.1\r\nHost: a\r\n";
const std::string head = "HEAD /page.html HTTP/1.1\r\nHost: a\r\n";

const std::string etag(test::etag_of_12345);

std::string fields_from_type_with(const std::string& tag) {
    return "Content-Type: text/html; charset=utf-8\r\n"
           "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
           "ETag: " +
           tag +
           "\r\n"
           "Accept-Ranges: bytes\r\n"
           "Cache-Control: no-cache\r\n"
           "\r\n";
}
const std::string fields_from_type = fields_from_type_with(etag);

TEST_F(ResponderTest, AnswersGetWithTheWholeFile) {
    EXPECT_EQ(respond(get, *memory_asset("12345")),
              "HTTP/1.1 200 OK\r\n" + common_fields() + "Content-Length: 5\r\n" + fields_from_type);
    EXPECT_EQ(answer_.status, Status::ok);
    EXPECT_EQ(answer_.body, (ByteRange{.first = 0, .length = 5}));
    EXPECT_EQ(answer_.content_bytes, 5U);
}

TEST_F(ResponderTest, AnswersHeadWithTheSameHeadAndNoBody) {
    EXPECT_EQ(respond(head, *memory_asset("12345")), respond(get, *memory_asset("12345")));
    (void)respond(head, *memory_asset("12345"));
    EXPECT_EQ(answer_.body, ByteRange{});
    EXPECT_EQ(answer_.content_bytes, 0U);
}

TEST_F(ResponderTest, TellsHowTheConnectionStands) {
    EXPECT_EQ(respond(get, *memory_asset("12345"), Persistence::keep_alive_stated),
              "HTTP/1.1 200 OK\r\n" + common_fields("Connection: keep-alive\r\n") +
                  "Content-Length: 5\r\n" + fields_from_type);
    EXPECT_EQ(respond(get, *memory_asset("12345"), Persistence::close),
              "HTTP/1.1 200 OK\r\n" + common_fields("Connection: close\r\n") +
                  "Content-Length: 5\r\n" + fields_from_type);
}

TEST_F(ResponderTest, AnswersARangeWithItsBytes) {
    EXPECT_EQ(respond(get + "Range: bytes=1-3\r\n", *memory_asset("12345")),
              "HTTP/1.1 206 Partial Content\r\n" + common_fields() +
                  "Content-Range: bytes 1-3/5\r\nContent-Length: 3\r\n" + fields_from_type);
    EXPECT_EQ(answer_.status, Status::partial_content);
    EXPECT_EQ(answer_.body, (ByteRange{.first = 1, .length = 3}));
    EXPECT_EQ(answer_.content_bytes, 3U);
}

TEST_F(ResponderTest, AnswersARangeOfAFileOnDiskAlike) {
    EXPECT_EQ(respond(get + "Range: bytes=-2\r\n", *disk_asset("12345", "page.html")),
              "HTTP/1.1 206 Partial Content\r\n" + common_fields() +
                  "Content-Range: bytes 3-4/5\r\nContent-Length: 2\r\n" +
                  fields_from_type_with(std::string(test::etag_of_5_bytes_on_disk)));
    EXPECT_EQ(answer_.body, (ByteRange{.first = 3, .length = 2}));
}

TEST_F(ResponderTest, IgnoresARangeInHead) {
    EXPECT_EQ(respond(head + "Range: bytes=1-3\r\n", *memory_asset("12345")),
              respond(head, *memory_asset("12345")));
}

TEST_F(ResponderTest, IgnoresTwoRangeFields) {
    (void)respond(get + "Range: bytes=1-3\r\nRange: bytes=1-3\r\n", *memory_asset("12345"));
    EXPECT_EQ(answer_.status, Status::ok);
}

TEST_F(ResponderTest, IgnoresARangeOfAnotherVersion) {
    (void)respond(get + "Range: bytes=1-3\r\nIf-Range: \"other\"\r\n", *memory_asset("12345"));
    EXPECT_EQ(answer_.status, Status::ok);
    (void)respond(get + "Range: bytes=1-3\r\nIf-Range: " + etag + "\r\n", *memory_asset("12345"));
    EXPECT_EQ(answer_.status, Status::partial_content);
}

TEST_F(ResponderTest, RefusesARangeBeyondTheEnd) {
    EXPECT_EQ(respond(get + "Range: bytes=5-\r\n", *memory_asset("12345")),
              "HTTP/1.1 416 Range Not Satisfiable\r\n" + error_fields("416 Range Not Satisfiable") +
                  "Content-Range: bytes */5\r\n" + page_answer("416 Range Not Satisfiable"));
    EXPECT_EQ(answer_.status, Status::range_not_satisfiable);
    EXPECT_EQ(answer_.body, ByteRange{});
    EXPECT_EQ(answer_.content_bytes, page("416 Range Not Satisfiable").size());
}

TEST_F(ResponderTest, RefusesEveryRangeOfAnEmptyFile) {
    (void)respond(get + "Range: bytes=0-\r\n", *memory_asset(""));
    EXPECT_EQ(answer_.status, Status::range_not_satisfiable);
}

TEST_F(ResponderTest, AnswersWhatTheClientHasWithoutABody) {
    EXPECT_EQ(respond(get + "If-None-Match: " + etag + "\r\n", *memory_asset("12345")),
              "HTTP/1.1 304 Not Modified\r\n" + common_fields() +
                  "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                  "ETag: " +
                  etag +
                  "\r\n"
                  "Accept-Ranges: bytes\r\n"
                  "Cache-Control: no-cache\r\n"
                  "\r\n");
    EXPECT_EQ(answer_.status, Status::not_modified);
    EXPECT_EQ(answer_.body, ByteRange{});
    EXPECT_EQ(answer_.content_bytes, 0U);
}

TEST_F(ResponderTest, ConditionsComeBeforeRanges) {
    (void)respond(get + "If-None-Match: *\r\nRange: bytes=9-\r\n", *memory_asset("12345"));
    EXPECT_EQ(answer_.status, Status::not_modified);
}

TEST_F(ResponderTest, ComparesDatesToTheSecond) {
    (void)respond(get + "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                  *memory_asset("12345"));
    EXPECT_EQ(answer_.status, Status::not_modified);
    (void)respond(get + "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n",
                  *memory_asset("12345"));
    EXPECT_EQ(answer_.status, Status::ok);
}

TEST_F(ResponderTest, RefusesWhenAConditionFails) {
    EXPECT_EQ(respond(get + "If-Match: \"other\"\r\n", *memory_asset("12345")),
              error_answer("412 Precondition Failed"));
    EXPECT_EQ(answer_.status, Status::precondition_failed);
}

TEST_F(ResponderTest, AnswersAnErrorWithAPage) {
    EXPECT_EQ(respond(get, *Asset::error(Status::not_found)),
              error_answer("404 Not Found", "Vary: Accept\r\n"));
    EXPECT_EQ(answer_.status, Status::not_found);
    EXPECT_EQ(answer_.body, ByteRange{});
    EXPECT_EQ(answer_.content_bytes, page("404 Not Found").size());
}

TEST_F(ResponderTest, AnswersAnErrorToHeadWithoutThePage) {
    const std::string whole = respond(get, *Asset::error(Status::not_found));
    const std::string answer = respond(head, *Asset::error(Status::not_found));
    EXPECT_EQ(answer, whole.substr(0, whole.find("\r\n\r\n") + 4));
    EXPECT_EQ(answer_.content_bytes, 0U);
}

TEST_F(ResponderTest, RejectsWithEveryStatusInItsRoom) {
    for (const Status status :
         {Status::bad_request, Status::forbidden, Status::not_found, Status::request_timeout,
          Status::not_acceptable, Status::uri_too_long, Status::expectation_failed,
          Status::request_header_fields_too_large, Status::internal_server_error,
          Status::not_implemented, Status::service_unavailable,
          Status::http_version_not_supported}) {
        const std::string title =
            std::to_string(http::code(status)) + " " + std::string(http::reason_phrase(status));
        const bool may_pass = status == Status::service_unavailable;
        EXPECT_EQ(reject(status),
                  error_answer(title, may_pass ? "Retry-After: 5\r\nConnection: close\r\n"
                                               : "Connection: close\r\n"));
    }
}

TEST_F(ResponderTest, AnswersOptions) {
    for (const std::string_view target : {"*", "/page.html"}) {
        EXPECT_EQ(
            respond_to_method("OPTIONS " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n"),
            "HTTP/1.1 204 No Content\r\n" + common_fields() + "Allow: GET, HEAD, OPTIONS\r\n\r\n");
        EXPECT_EQ(answer_.status, Status::no_content);
        EXPECT_EQ(answer_.content_bytes, 0U);
    }
}

TEST_F(ResponderTest, AddsTheFieldsOfPreflightsToOptionsAlone) {
    const std::vector<ExtraField> fields = {
        {.name = "Access-Control-Allow-Origin", .value = "*"},
        {.name = "Access-Control-Max-Age", .value = "60", .scope = ExtraField::Scope::options}};
    Responder responder(codings_, fields);
    responder.set_time(test::now);
    const auto answer_to = [&](std::string_view request) {
        parse(request);
        std::string buffer(responder.head_bytes_max(), '\0');
        http::HeadWriter writer(buffer);
        (void)responder.respond_to_method(request_, Persistence::keep_alive, writer);
        return std::string(writer.written());
    };
    const std::string preflight = answer_to("OPTIONS /a HTTP/1.1\r\nHost: a\r\n");
    EXPECT_TRUE(preflight.starts_with("HTTP/1.1 204 No Content\r\n")) << preflight;
    EXPECT_TRUE(preflight.contains("\r\nAccess-Control-Allow-Origin: *\r\n")) << preflight;
    EXPECT_TRUE(preflight.ends_with("\r\nAccess-Control-Max-Age: 60\r\n\r\n")) << preflight;
    const std::string refused = answer_to("POST /a HTTP/1.1\r\nHost: a\r\n");
    EXPECT_TRUE(refused.contains("\r\nAccess-Control-Allow-Origin: *\r\n")) << refused;
    EXPECT_FALSE(refused.contains("Max-Age")) << refused;
}

TEST_F(ResponderTest, DoesNotAllowMethodsThatChangeThings) {
    for (const std::string_view method : {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
        EXPECT_EQ(respond_to_method(std::string(method) + " /page.html HTTP/1.1\r\nHost: a\r\n"),
                  "HTTP/1.1 405 Method Not Allowed\r\n" + error_fields("405 Method Not Allowed") +
                      "Allow: GET, HEAD, OPTIONS\r\n" + page_answer("405 Method Not Allowed"))
            << method;
        EXPECT_EQ(answer_.status, Status::method_not_allowed);
    }
}

TEST_F(ResponderTest, DoesNotImplementUnknownMethods) {
    EXPECT_EQ(respond_to_method("BREW /pot HTTP/1.1\r\nHost: a\r\n"),
              error_answer("501 Not Implemented"));
    EXPECT_EQ(answer_.status, Status::not_implemented);
}

TEST_F(ResponderTest, HasRoomForTheLargestNumbers) {
    const AssetRef asset = test::asset_of(Representation::on_disk(
        test::traits_of("x.pptx", std::numeric_limits<std::uint64_t>::max()), UniqueFd()));
    (void)respond(get + "Range: bytes=9999999999999999999-\r\n", *asset, Persistence::close);
    EXPECT_EQ(answer_.status, Status::partial_content);
}

TEST_F(ResponderTest, TellsTheTimeToTheSecond) {
    using namespace std::chrono_literals;
    responder_.set_time(test::now + 999ms);
    EXPECT_NE(respond(get, *memory_asset("1")).find(test::date), std::string::npos);
    responder_.set_time(test::now + 1000ms);
    EXPECT_NE(respond(get, *memory_asset("1")).find("Tue, 14 Nov 2023 22:13:21 GMT"),
              std::string::npos);
}

TEST_F(ResponderTest, GoesBackWithTheClock) {
    responder_.set_time(test::now - std::chrono::seconds(1));
    EXPECT_NE(respond(get, *memory_asset("1")).find("Tue, 14 Nov 2023 22:13:19 GMT"),
              std::string::npos);
}

TEST_F(ResponderTest, CrossesTheEndOfAYear) {
    using namespace std::chrono_literals;
    const std::chrono::sys_days new_year = std::chrono::year(2025) / 1 / 1;
    responder_.set_time(new_year - 1ns);
    EXPECT_NE(respond(get, *memory_asset("1")).find("Date: Tue, 31 Dec 2024 23:59:59 GMT\r\n"),
              std::string::npos);
    responder_.set_time(new_year);
    EXPECT_NE(respond(get, *memory_asset("1")).find("Date: Wed, 01 Jan 2025 00:00:00 GMT\r\n"),
              std::string::npos);
}

TEST_F(ResponderTest, AnswersWithoutAllocating) {
    const AssetRef file = memory_asset("12345");
    const AssetRef redirect = Asset::redirect("a/");
    const AssetRef error = Asset::error(Status::not_found);
    parse(get + "Range: bytes=1-3\r\n");
    const auto target = http::resolve_target(request_.target, scratch_);
    std::array<char, limits::response_batch_bytes> buffer{};
    // What a policy renders when it is used first.
    http::HeadWriter first(buffer);
    answer_ = responder_.respond(request_, *target, *file, Persistence::close, first);
    const auto before = torc::test::allocations_of_this_thread();
    responder_.set_time(test::now + std::chrono::seconds(1));
    for (const Asset* asset : {file.get(), redirect.get(), error.get()}) {
        http::HeadWriter writer(buffer);
        answer_ = responder_.respond(request_, *target, *asset, Persistence::close, writer);
    }
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

TEST_F(ResponderTest, LetsBrowsersGuessWhereTheTypeIsNotKnown) {
    RepresentationTraits traits = test::traits_of("s.js?ver=5.1", 5);
    traits.is_type_known = false;
    const AssetRef file = test::asset_of(Representation::in_memory(traits, test::copy_of("12345")));
    const std::string_view nosniff = "nosniff";
    EXPECT_FALSE(respond("GET / HTTP/1.1\r\nHost: a\r\n", *file).contains(nosniff));
    EXPECT_FALSE(respond("HEAD / HTTP/1.1\r\nHost: a\r\n", *file).contains(nosniff));
    EXPECT_FALSE(
        respond("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n", *file).contains(nosniff));
    EXPECT_FALSE(
        respond("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n", *file).contains(nosniff));
    // Of these pages the type is known.
    EXPECT_TRUE(
        respond("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=9-\r\n", *file).contains(nosniff));
    EXPECT_TRUE(
        respond("GET / HTTP/1.1\r\nHost: a\r\nIf-Match: \"x\"\r\n", *file).contains(nosniff));
}

}  // namespace
}  // namespace torc::site
