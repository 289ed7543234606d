#include <torc/base/limits.hpp>
#include <torc/worker/connection.hpp>

#include "worker/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace torc::worker {
namespace {

using test::ActionKind;
using test::ok;
using test::request;
using test::statuses;

using ConnectionBodyTest = test::ConnectionTest;

std::string content_length(std::uint64_t length) {
    return "Content-Length: " + std::to_string(length) + "\r\n";
}

TEST_F(ConnectionBodyTest, SkipsABodyThatCameWithItsHead) {
    EXPECT_EQ(harness_.exchange(request("GET /a", content_length(4)) + "body" + request("GET /b")),
              ok("12345") + ok("b"));
    EXPECT_EQ(harness_.last(), ActionKind::receive);
}

TEST_F(ConnectionBodyTest, DoesNotTakeABodyForARequest) {
    const std::string body = request("GET /b");
    EXPECT_EQ(harness_.exchange(request("GET /a", content_length(body.size())) + body),
              ok("12345"));
}

TEST_F(ConnectionBodyTest, SkipsABodyThatComesLater) {
    EXPECT_EQ(harness_.exchange(request("POST /a", content_length(9)) + "bo").substr(0, 12),
              "HTTP/1.1 405");
    EXPECT_EQ(harness_.connection().state(), State::receiving);
    EXPECT_EQ(harness_.exchange("dy"), "");
    EXPECT_EQ(harness_.connection().state(), State::receiving);
    EXPECT_EQ(harness_.exchange("again" + request("GET /b")), ok("b"));
    EXPECT_EQ(harness_.connection().state(), State::idle);
}

TEST_F(ConnectionBodyTest, IsIdleBehindABodyThatIsOver) {
    (void)harness_.exchange(request("POST /a", content_length(4)));
    (void)harness_.exchange("body");
    EXPECT_EQ(harness_.connection().state(), State::idle);
}

TEST_F(ConnectionBodyTest, SkipsABodyAsLongAsTheLimit) {
    constexpr std::size_t length = limits::request_body_drain_bytes_default;
    (void)harness_.exchange(request("GET /a", content_length(length)) + std::string(length, 'x') +
                            request("GET /b"));
    EXPECT_EQ(harness_.output(), ok("12345") + ok("b"));
}

TEST_F(ConnectionBodyTest, EndsTheConnectionBehindALongerBody) {
    constexpr std::size_t length = limits::request_body_drain_bytes_default + 1;
    (void)harness_.exchange(request("GET /a", content_length(length)));
    EXPECT_EQ(harness_.output(), ok("12345", "Connection: close\r\n"));
    EXPECT_EQ(harness_.last(), ActionKind::linger);
    EXPECT_EQ(harness_.receive("xxx"), ActionKind::receive);
}

TEST_F(ConnectionBodyTest, DoesNotAskForABodyThatIsHeldBack) {
    const std::string answer =
        harness_.exchange(request("POST /a", "Expect: 100-continue\r\n" + content_length(10)));
    EXPECT_EQ(statuses(answer), std::vector{405});
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    EXPECT_EQ(harness_.last(), ActionKind::linger);
}

TEST_F(ConnectionBodyTest, IgnoresAnExpectationWithoutABody) {
    EXPECT_EQ(harness_.exchange(request("GET /a", "Expect: 100-continue\r\n")), ok("12345"));
    EXPECT_EQ(harness_.last(), ActionKind::receive);
}

TEST_F(ConnectionBodyTest, IgnoresAnExpectationInHttp10) {
    EXPECT_EQ(harness_.exchange("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n"
                                "Expect: 100-continue\r\nContent-Length: 4\r\n\r\nbody"),
              ok("12345", "Connection: keep-alive\r\n"));
    EXPECT_EQ(harness_.last(), ActionKind::receive);
}

TEST_F(ConnectionBodyTest, SkipsABodyAsLongAsItIsTold) {
    harness_.services().body_bytes_max = 3;
    EXPECT_EQ(harness_.exchange(request("GET /a", content_length(3)) + "xxx" + request("GET /b")),
              ok("12345") + ok("b"));
    (void)harness_.exchange(request("GET /a", content_length(4)));
    EXPECT_EQ(harness_.last(), ActionKind::linger);
}

TEST_F(ConnectionBodyTest, LingersForTheBodyOfTheLastRequest) {
    (void)harness_.exchange(request("GET /a", "Connection: close\r\n" + content_length(10)));
    EXPECT_EQ(harness_.output(), ok("12345", "Connection: close\r\n"));
    EXPECT_EQ(harness_.last(), ActionKind::linger);
}

TEST_F(ConnectionBodyTest, SkipsABodyBehindALargeFile) {
    (void)harness_.exchange(request("GET /large", content_length(4)) + "body" + request("GET /b"));
    EXPECT_TRUE(harness_.output().ends_with(large_bytes() + ok("b")));
}

TEST_F(ConnectionBodyTest, SkipsABodyBehindAnAssetThatWasLoaded) {
    harness_.put_on_disk("slow", site::test::memory_asset("slow"));
    EXPECT_EQ(harness_.exchange(request("GET /slow", content_length(4)) + "bo"), ok("slow"));
    EXPECT_EQ(harness_.exchange("dy" + request("GET /b")), ok("b"));
}

TEST_F(ConnectionBodyTest, ClosesWhenABodyStays) {
    // The request was answered already; a 408 now would be taken for the answer to the next.
    (void)harness_.exchange(request("POST /a", content_length(10)) + "bo");
    harness_.connection().on_time_out();
    EXPECT_EQ(harness_.end_of_input(), ActionKind::close);
}

}  // namespace
}  // namespace torc::worker
