#include <torc/base/limits.hpp>
#include <torc/worker/connection.hpp>

#include "worker/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace torc::worker {
namespace {

using test::ActionKind;
using test::ok;
using test::request;
using test::statuses;

class ConnectionChunkedBodyTest : public test::ConnectionTest {
protected:
    static std::string chunked(std::string_view target, std::string_view body) {
        return request("GET " + std::string(target), "Transfer-Encoding: chunked\r\n") +
               std::string(body);
    }
    static std::string chunk(std::size_t bytes) {
        constexpr std::size_t size_max = 9999;
        std::string text;
        for (std::size_t rest = bytes; rest > 0; rest -= std::min(rest, size_max)) {
            std::array<char, 8> size{};
            const std::size_t now = std::min(rest, size_max);
            const auto [end, error] = std::to_chars(size.begin(), size.end(), now, 16);
            text.append(size.begin(), end).append("\r\n").append(now, 'x').append("\r\n");
        }
        return text;
    }
};

TEST_F(ConnectionChunkedBodyTest, IsSkipped) {
    EXPECT_EQ(harness_.exchange(chunked("/a", "5\r\nhello\r\n0\r\n\r\n") + request("GET /b")),
              ok("12345") + ok("b"));
    EXPECT_EQ(harness_.last(), ActionKind::receive);
}

TEST_F(ConnectionChunkedBodyTest, IsSkippedHoweverItComes) {
    const std::string stream = chunked("/a", "5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n") +
                               request("GET /b") + chunked("/b", "0\r\n\r\n") + request("GET /a");
    for (std::size_t step = 1; step < stream.size(); ++step) {
        harness_.connect();
        EXPECT_EQ(harness_.exchange(stream, step), ok("12345") + ok("b") + ok("b") + ok("12345"))
            << step;
    }
}

TEST_F(ConnectionChunkedBodyTest, IsAnsweredWhenItIsWhole) {
    EXPECT_EQ(harness_.exchange(chunked("/a", "5\r\nhel")), "");
    EXPECT_EQ(harness_.connection().state(), State::receiving);
    EXPECT_EQ(harness_.exchange("lo\r\n0\r\n"), "");
    EXPECT_EQ(harness_.exchange("\r\n"), ok("12345"));
    EXPECT_EQ(harness_.connection().state(), State::idle);
}

TEST_F(ConnectionChunkedBodyTest, IsNotTakenForARequest) {
    const std::string smuggled = request("GET /b");
    std::array<char, 8> size{};
    const auto [end, error] = std::to_chars(size.begin(), size.end(), smuggled.size(), 16);
    EXPECT_EQ(harness_.exchange(chunked(
                  "/a", std::string(size.begin(), end) + "\r\n" + smuggled + "\r\n0\r\n\r\n")),
              ok("12345"));
}

TEST_F(ConnectionChunkedBodyTest, IsRefusedWhenItIsMalformed) {
    for (const std::string_view body : {"5\nhello\r\n0\r\n\r\n", "+5\r\nhello", "5\r\nhelloX", "x",
                                        "ffffffffffffffff\r\n", "0\r\nX : y\r\n\r\n"}) {
        harness_.connect();
        EXPECT_EQ(statuses(harness_.exchange(chunked("/a", body))), std::vector{400}) << body;
        EXPECT_EQ(harness_.last(), ActionKind::linger);
        harness_.connect();
        EXPECT_EQ(statuses(harness_.exchange(chunked("/a", body), 1)), std::vector{400}) << body;
    }
}

TEST_F(ConnectionChunkedBodyTest, MayBeAsLongAsTheLimit) {
    const std::string body = chunk(limits::request_body_drain_bytes_default);
    EXPECT_EQ(harness_.exchange(chunked("/a", body + "0\r\n\r\n") + request("GET /b")),
              ok("12345") + ok("b"));
}

TEST_F(ConnectionChunkedBodyTest, EndsTheConnectionWhenItIsLonger) {
    (void)harness_.exchange(chunked("/a", chunk(limits::request_body_drain_bytes_default + 1)));
    EXPECT_EQ(harness_.output(), ok("12345", "Connection: close\r\n"));
    EXPECT_EQ(harness_.last(), ActionKind::linger);
}

TEST_F(ConnectionChunkedBodyTest, EndsTheConnectionWhenItIsHeldBack) {
    (void)harness_.exchange(
        request("GET /a", "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"));
    EXPECT_EQ(harness_.output(), ok("12345", "Connection: close\r\n"));
    EXPECT_EQ(harness_.last(), ActionKind::linger);
}

TEST_F(ConnectionChunkedBodyTest, GoesWithARequestWhoseAssetIsLoaded) {
    harness_.put_on_disk("slow", site::test::memory_asset("slow"));
    EXPECT_EQ(harness_.exchange(chunked("/slow", "1\r\nx\r\n0\r\n\r\n") + request("GET /b")),
              ok("slow") + ok("b"));
    harness_.put_on_disk("cold", site::test::memory_asset("cold"));
    EXPECT_EQ(harness_.exchange(chunked("/cold", "1\r\nx\r\n0\r\n\r\n") + request("GET /b"), 1),
              ok("cold") + ok("b"));
}

TEST_F(ConnectionChunkedBodyTest, IsRefusedWhenItStays) {
    (void)harness_.exchange(chunked("/a", "5\r\nhel"));
    harness_.connection().on_time_out();
    EXPECT_EQ(harness_.end_of_input(), ActionKind::send);
    harness_.perform();
    EXPECT_EQ(statuses(harness_.output()), std::vector{408});
}

}  // namespace
}  // namespace torc::worker
