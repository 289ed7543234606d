#include <torc/worker/connection.hpp>

#include "support/allocation_counter.hpp"
#include "worker/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace torc::worker {
namespace {

using site::test::error_answer;
using test::ActionKind;
using test::ConnectionHarness;
using test::ok;
using test::request;
using test::statuses;
using Actions = std::vector<ActionKind>;

using ConnectionPipelineTest = test::ConnectionTest;

constexpr std::string_view close = "Connection: close\r\n";

/// Requests of every kind; the last one ends the connection.
std::string every_kind() {
    return request("GET /a") + request("HEAD /a") + "\r\n" + request("GET /directory?q=1") +
           request("POST /a", "Content-Length: 10\r\n") + "0123456789" +
           request("GET /a", "Range: bytes=1-2\r\n") + request("GET /absent") +
           request("GET /large") + request("GET /.hidden") + request("OPTIONS *") +
           request("GET /a", "If-None-Match: *\r\n") + request("GET /slow") +
           request("GET /large", "Range: bytes=-7\r\n") + request("GET /b", close);
}

TEST_F(ConnectionPipelineTest, AnswersOneReceiveWithOneSend) {
    std::string requests;
    std::string answers;
    for (int count = 0; count < 30; ++count) {
        requests += request(count % 2 == 0 ? "GET /a" : "GET /b");
        answers += ok(count % 2 == 0 ? "12345" : "b");
    }
    EXPECT_EQ(harness_.exchange(requests), answers);
    EXPECT_EQ(harness_.actions(),
              (Actions{ActionKind::receive, ActionKind::send, ActionKind::receive}));
}

TEST_F(ConnectionPipelineTest, AnswersTheSameWhereverTheStreamIsCut) {
    harness_.put_on_disk("slow", site::test::memory_asset("slow"));
    const std::string stream = every_kind();
    ASSERT_LT(stream.size(), limits::receive_buffer_bytes);
    const std::string whole = harness_.exchange(stream);
    EXPECT_EQ(statuses(whole),
              (std::vector{200, 200, 301, 405, 206, 404, 200, 404, 204, 304, 200, 206, 200}));
    EXPECT_EQ(harness_.last(), ActionKind::close);
    for (std::size_t cut = 1; cut < stream.size(); ++cut) {
        harness_.connect();
        (void)harness_.exchange(stream.substr(0, cut));
        (void)harness_.exchange(stream.substr(cut));
        ASSERT_EQ(harness_.output(), whole) << "cut at " << cut;
        ASSERT_EQ(harness_.last(), ActionKind::close);
    }
}

TEST_F(ConnectionPipelineTest, AnswersTheSameByteByByte) {
    harness_.put_on_disk("slow", site::test::memory_asset("slow"));
    const std::string whole = harness_.exchange(every_kind());
    for (const std::size_t step : {1U, 2U, 7U, 100U}) {
        harness_.connect();
        EXPECT_EQ(harness_.exchange(every_kind(), step), whole);
    }
}

TEST_F(ConnectionPipelineTest, AnswersWhatIsCompleteBeforeTheRestArrives) {
    const std::string next = request("GET /b");
    EXPECT_EQ(harness_.exchange(request("GET /a") + next.substr(0, 10)), ok("12345"));
    EXPECT_EQ(harness_.last(), ActionKind::receive);
    EXPECT_EQ(harness_.connection().state(), State::receiving);
    EXPECT_EQ(harness_.exchange(next.substr(10)), ok("b"));
    EXPECT_EQ(harness_.connection().state(), State::idle);
}

TEST_F(ConnectionPipelineTest, SendsInTurnsWhatDoesNotFitIntoOneSend) {
    harness_.put("page", site::test::memory_asset(std::string(4000, 'p')));
    std::string requests;
    std::string answers;
    while (requests.size() + request("GET /page").size() <= limits::receive_buffer_bytes) {
        requests += request("GET /page");
        answers += ok(std::string(4000, 'p'));
    }
    EXPECT_EQ(harness_.exchange(requests), answers);
    EXPECT_GT(std::ranges::count(harness_.actions(), ActionKind::send), 2);
    EXPECT_EQ(harness_.actions().size(), 2U + static_cast<std::size_t>(std::ranges::count(
                                                  harness_.actions(), ActionKind::send)));
}

TEST_F(ConnectionPipelineTest, SendsInTurnsMoreLargeBodiesThanOneSendTakes) {
    const std::string bytes(5000, 'p');
    harness_.put("p", site::test::memory_asset(bytes));
    std::string requests;
    std::string answers;
    for (std::size_t count = 0; count < limits::response_batch_pieces_max; ++count) {
        requests += request("GET /p");
        answers += ok(bytes);
    }
    ASSERT_LE(requests.size(), limits::receive_buffer_bytes);
    EXPECT_EQ(harness_.exchange(requests), answers);
    EXPECT_GE(std::ranges::count(harness_.actions(), ActionKind::send), 2);
}

TEST_F(ConnectionPipelineTest, MakesRoomForARejection) {
    // However full the batch is when the broken request comes, its answer is the last and whole.
    for (std::size_t bytes = 3000; bytes < 4096; bytes += 50) {
        harness_.put("page", site::test::memory_asset(std::string(bytes, 'p')));
        std::string requests;
        std::string answers;
        for (int count = 0; count < 12; ++count) {
            harness_.connect();
            EXPECT_EQ(harness_.exchange(requests + "broken\r\n"),
                      answers + error_answer("400 Bad Request", close));
            EXPECT_EQ(harness_.last(), ActionKind::linger);
            requests += request("GET /page");
            answers += ok(std::string(bytes, 'p'));
        }
    }
}

TEST_F(ConnectionPipelineTest, MakesRoomForARedirectThatMightBeLong) {
    const std::string target = "/directory?" + std::string(3000, '"');
    harness_.put("page", site::test::memory_asset(std::string(4000, 'p')));
    std::string requests;
    for (int count = 0; count < 8; ++count) {
        requests += request("GET /page");
    }
    const std::string answer = harness_.exchange(requests + request("GET " + target));
    EXPECT_EQ(statuses(answer), (std::vector{200, 200, 200, 200, 200, 200, 200, 200, 301}));
}

TEST_F(ConnectionPipelineTest, IgnoresWhatFollowsTheLastRequest) {
    EXPECT_EQ(harness_.exchange(request("GET /a", close) + request("GET /b")), ok("12345", close));
    EXPECT_EQ(harness_.last(), ActionKind::linger);
}

TEST_F(ConnectionPipelineTest, TakesEmptyLinesBetweenRequests) {
    EXPECT_EQ(harness_.exchange(request("GET /a") + "\r\n" + request("GET /b")),
              ok("12345") + ok("b"));
}

TEST_F(ConnectionPipelineTest, HoldsNoMoreThanOneHeadAndOneReceive) {
    std::size_t sent = 0;
    std::string head = "GET /a HTTP/1.1\r\nHost: a\r\nX: ";
    head.append(limits::receive_buffer_bytes - head.size(), 'x');
    (void)harness_.receive(head);
    while (harness_.last() == ActionKind::receive) {
        sent += limits::receive_buffer_bytes;
        ASSERT_LE(sent, limits::request_head_bytes_default + limits::receive_buffer_bytes);
        (void)harness_.receive(std::string(limits::receive_buffer_bytes, 'x'));
    }
    harness_.perform();
    EXPECT_EQ(statuses(harness_.output()), std::vector{431});
}

TEST_F(ConnectionPipelineTest, DoesNotGrowWithTheLengthOfTheStream) {
    // Every receive ends within a request, so that there is always a rest to keep.
    const std::string stream = request("GET /a") + request("GET /b") + request("GET /a");
    const std::string turned = stream.substr(20) + stream.substr(0, 20);
    (void)harness_.exchange(stream.substr(0, 20));
    (void)harness_.exchange(turned);
    const auto run = [&](int rounds) {
        for (int round = 0; round < rounds; ++round) {
            (void)harness_.receive(turned);
            harness_.perform();
            ASSERT_EQ(harness_.connection().state(), State::receiving);
            harness_.forget();
        }
    };
    run(10);
    const auto before = torc::test::allocations_of_this_thread();
    run(1000);
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

}  // namespace
}  // namespace torc::worker
