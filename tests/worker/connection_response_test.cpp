#include <torc/worker/connection.hpp>

#include "worker/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::worker {
namespace {

using site::test::common_fields;
using site::test::error_answer;
using test::ActionKind;
using test::ConnectionTest;
using test::ok;
using test::request;
using test::statuses;
using Actions = std::vector<ActionKind>;

constexpr std::string_view close = "Connection: close\r\n";

TEST_F(ConnectionTest, WantsBytesFirst) {
    EXPECT_EQ(harness_.actions(), Actions{ActionKind::receive});
    EXPECT_EQ(harness_.connection().state(), State::idle);
    EXPECT_TRUE(harness_.connection().is_fresh());
}

TEST_F(ConnectionTest, AnswersARequestAndWaitsForTheNext) {
    EXPECT_EQ(harness_.receive(request("GET /a")), ActionKind::send);
    EXPECT_EQ(harness_.connection().state(), State::sending);
    EXPECT_FALSE(harness_.wanted<Send>().more_follows);
    EXPECT_EQ(harness_.perform_one(), ActionKind::receive);
    EXPECT_EQ(harness_.output(), ok("12345"));
    EXPECT_EQ(harness_.connection().state(), State::idle);
    EXPECT_FALSE(harness_.connection().is_fresh());
}

TEST_F(ConnectionTest, AnswersOneRequestAfterAnother) {
    for (int count = 0; count < 3; ++count) {
        EXPECT_EQ(harness_.exchange(request("GET /a")), ok("12345"));
        EXPECT_EQ(harness_.exchange(request("GET /b")), ok("b"));
    }
}

TEST_F(ConnectionTest, AnswersHeadWithoutABody) {
    const std::string whole = ok("12345");
    EXPECT_EQ(harness_.exchange(request("HEAD /a")), whole.substr(0, whole.size() - 5));
    EXPECT_EQ(harness_.last(), ActionKind::receive);
}

TEST_F(ConnectionTest, SendsTheBytesOfARange) {
    const std::string answer = harness_.exchange(request("GET /a", "Range: bytes=1-3\r\n"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 206 Partial Content\r\n"));
    EXPECT_TRUE(answer.ends_with("\r\n\r\n234"));
}

TEST_F(ConnectionTest, SendsNoBodyWithWhatTheClientHas) {
    const std::string answer = harness_.exchange(request("GET /a", "If-None-Match: *\r\n"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 304 Not Modified\r\n"));
    EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(ConnectionTest, GoesOnAfterAnErrorThatDoesNotConcernTheConnection) {
    EXPECT_EQ(statuses(harness_.exchange(request("GET /directory"))), std::vector{301});
    EXPECT_EQ(harness_.exchange(request("GET /.hidden")),
              error_answer("404 Not Found", "Vary: Accept\r\n"));
    EXPECT_EQ(harness_.exchange(request("GET /%zz")), error_answer("400 Bad Request"));
    EXPECT_EQ(harness_.exchange(request("GET /a", "Range: bytes=9-\r\n")).substr(0, 12),
              "HTTP/1.1 416");
    EXPECT_EQ(statuses(harness_.exchange(request("DELETE /a"))), std::vector{405});
    EXPECT_EQ(statuses(harness_.exchange(request("BREW /a"))), std::vector{501});
    EXPECT_EQ(statuses(harness_.exchange(request("OPTIONS *"))), std::vector{204});
    EXPECT_EQ(harness_.exchange(request("GET /a")), ok("12345"));
}

TEST_F(ConnectionTest, ClosesWhenTheClientWantsIt) {
    EXPECT_EQ(harness_.receive(request("GET /a", close)), ActionKind::send);
    EXPECT_EQ(harness_.perform_one(), ActionKind::close);
    EXPECT_EQ(harness_.output(), ok("12345", close));
}

TEST_F(ConnectionTest, ClosesAfterHttp10) {
    EXPECT_EQ(harness_.exchange("GET /a HTTP/1.0\r\n\r\n"), ok("12345", close));
    EXPECT_EQ(harness_.last(), ActionKind::close);
}

TEST_F(ConnectionTest, KeepsAnHttp10ConnectionThatAsksForIt) {
    const std::string_view keep_alive = "Connection: keep-alive\r\n";
    EXPECT_EQ(harness_.exchange("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
              ok("12345", keep_alive));
    EXPECT_EQ(harness_.last(), ActionKind::receive);
    EXPECT_EQ(harness_.exchange("GET /b HTTP/1.0\r\n\r\n"), ok("b", close));
    EXPECT_EQ(harness_.last(), ActionKind::close);
}

struct BrokenRequest {
    std::string_view text;
    std::string_view title;
};

TEST_F(ConnectionTest, AnswersABrokenRequestAndLingers) {
    const std::string long_target = "GET /" + std::string(limits::request_line_bytes_default, 'a');
    const std::string long_head =
        "GET /a HTTP/1.1\r\nHost: a\r\nX: " + std::string(limits::request_head_bytes_default, 'a');
    const BrokenRequest requests[] = {
        {"\x16\x03\x01 a TLS hello\r\n", "400 Bad Request"},
        {"GET /a HTTP/1.1\r\n\r\n", "400 Bad Request"},
        {"GET /a HTTP/1.1\nHost: a\n\n", "400 Bad Request"},
        {"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "400 Bad Request"},
        {"GET /a HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", "417 Expectation Failed"},
        {"GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
         "501 Not Implemented"},
        {"GET /a HTTP/2.0\r\nHost: a\r\n\r\n", "505 HTTP Version Not Supported"},
        {long_target, "414 URI Too Long"},
        {long_head, "431 Request Header Fields Too Large"},
    };
    for (const auto& [text, title] : requests) {
        harness_.connect();
        EXPECT_EQ(harness_.exchange(text), error_answer(title, close)) << text.substr(0, 60);
        EXPECT_EQ(std::ranges::count(harness_.actions(), ActionKind::linger), 1) << title;
        EXPECT_EQ(harness_.connection().state(), State::lingering);
        EXPECT_EQ(harness_.end_of_input(), ActionKind::close);
    }
}

TEST_F(ConnectionTest, AnswersWhatCameBeforeABrokenRequest) {
    EXPECT_EQ(harness_.exchange(request("GET /a") + "broken\r\n"),
              ok("12345") + error_answer("400 Bad Request", close));
    EXPECT_EQ(harness_.last(), ActionKind::linger);
}

TEST_F(ConnectionTest, SendsALargeBodyFromMemoryWithItsHead) {
    const std::string bytes = torc::test::patterned_bytes(60'000);
    harness_.put("page", site::test::memory_asset(bytes));
    EXPECT_EQ(harness_.receive(request("GET /page")), ActionKind::send);
    EXPECT_EQ(harness_.wanted<Send>().message->msg_iovlen, 2U);
    harness_.perform();
    EXPECT_EQ(harness_.output(), ok(bytes));
}

// Encoded, each octet may take three.
TEST_F(ConnectionTest, RedirectsWithAQueryAsLongAsARequestLineMayBe) {
    harness_.services().parse_limits = {.line_bytes_max = limits::request_line_bytes_cap,
                                        .head_bytes_max = limits::request_head_bytes_cap};
    for (const std::size_t length : {std::size_t{12'000}, std::size_t{60'000}}) {
        for (const auto& [octet, encoded] : {std::pair("x", "x"), std::pair("\"", "%22")}) {
            std::string query;
            std::string expected;
            for (std::size_t count = 0; count < length; ++count) {
                query += octet;
                expected += encoded;
            }
            const std::string answer = harness_.exchange(
                request("GET /a") + request("GET /directory?" + query) + request("GET /b"));
            EXPECT_EQ(statuses(answer), (std::vector{200, 301, 200})) << length << octet;
            EXPECT_TRUE(answer.contains("\r\nLocation: directory/?" + expected + "\r\n"));
            EXPECT_TRUE(answer.ends_with(ok("b")));
            EXPECT_EQ(harness_.last(), ActionKind::receive);
        }
    }
}

TEST_F(ConnectionTest, SendsAnEmptyFile) {
    harness_.put("empty", site::test::memory_asset(""));
    EXPECT_EQ(harness_.exchange(request("GET /empty")), ok(""));
}

TEST_F(ConnectionTest, TellsInServerTimingWhatAResponseWaitedFor) {
    harness_.area().tells_timing = true;
    harness_.put_on_disk("cold", site::test::memory_asset("1"));
    (void)harness_.receive(request("GET /cold"));
    harness_.services().now += std::chrono::microseconds(12'345);
    harness_.perform();
    EXPECT_TRUE(
        harness_.output().contains("\r\nServer-Timing: cache;desc=miss, disk;dur=12.345\r\n"));
    harness_.forget();
    EXPECT_TRUE(
        harness_.exchange(request("GET /cold")).contains("\r\nServer-Timing: cache;desc=hit\r\n"));
    EXPECT_FALSE(harness_.exchange(request("PUT /cold")).contains("Server-Timing"));
}

TEST_F(ConnectionTest, KeepsWhatItSendsThoughTheCacheLetsGoOfIt) {
    const std::string bytes = torc::test::patterned_bytes(60'000);
    harness_.put("page", site::test::memory_asset(bytes));
    (void)harness_.receive(request("GET /page"));
    harness_.site().cache().forget_all();
    harness_.perform();
    EXPECT_EQ(harness_.output(), ok(bytes));
}

}  // namespace
}  // namespace torc::worker
