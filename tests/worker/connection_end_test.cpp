#include <torc/base/limits.hpp>
#include <torc/worker/connection.hpp>

#include "support/allocation_counter.hpp"
#include "worker/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

namespace torc::worker {
namespace {

using site::test::error_answer;
using test::ActionKind;
using test::ok;
using test::request;
using test::statuses;

using ConnectionEndTest = test::ConnectionTest;

constexpr std::string_view close = "Connection: close\r\n";

TEST_F(ConnectionEndTest, ClosesWhenThePeerSendsNothing) {
    EXPECT_EQ(harness_.end_of_input(), ActionKind::close);
    EXPECT_EQ(harness_.output(), "");
}

TEST_F(ConnectionEndTest, ClosesWhenThePeerHasHadItsAnswers) {
    (void)harness_.exchange(request("GET /a"));
    EXPECT_EQ(harness_.end_of_input(), ActionKind::close);
}

TEST_F(ConnectionEndTest, ClosesWhenThePeerEndsWithinARequest) {
    (void)harness_.exchange("GET /a HT");
    EXPECT_EQ(harness_.end_of_input(), ActionKind::close);
    EXPECT_EQ(harness_.output(), "");
}

TEST_F(ConnectionEndTest, GoesOnWithAMessageOfWhichAPartWentOut) {
    (void)harness_.receive(request("GET /a") + request("GET /b"));
    EXPECT_EQ(harness_.complete_send(harness_.take_message(0)), ActionKind::send);
    while (harness_.last() == ActionKind::send) {
        (void)harness_.complete_send(harness_.take_message(7));
    }
    EXPECT_EQ(harness_.output(), ok("12345") + ok("b"));
    EXPECT_EQ(harness_.last(), ActionKind::receive);
}

TEST_F(ConnectionEndTest, TellsThePeerThatItsRequestTookTooLong) {
    (void)harness_.exchange("GET /a HT");
    harness_.connection().on_time_out();
    EXPECT_EQ(harness_.end_of_input(), ActionKind::send);
    EXPECT_EQ(harness_.perform_one(), ActionKind::linger);
    EXPECT_EQ(harness_.output(), error_answer("408 Request Timeout", close));
    EXPECT_EQ(harness_.end_of_input(), ActionKind::close);
}

TEST_F(ConnectionEndTest, AnswersARequestThatArrivedJustWhenItsTimeWasUp) {
    (void)harness_.exchange("GET /a HT");
    harness_.connection().on_time_out();
    (void)harness_.exchange("TP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(harness_.output(), ok("12345"));
    EXPECT_EQ(harness_.end_of_input(), ActionKind::close);
}

TEST_F(ConnectionEndTest, RefusesWhatCannotBecomeARequestAtItsFirstBytes) {
    using namespace std::string_view_literals;
    for (const std::string_view bytes :
         {"\x16\x03\x01"sv, "\x80\x2e\x01"sv, "SSH-2.0-"sv, "\0"sv, "{\"id\""sv, "\r\n\x01"sv}) {
        harness_.connect();
        EXPECT_EQ(harness_.receive(bytes), ActionKind::send);
        EXPECT_EQ(harness_.perform_one(), ActionKind::linger);
        EXPECT_EQ(harness_.output(), error_answer("400 Bad Request", close));
        EXPECT_NE(harness_.services().scratch.refused_opening, http::Opening::http);
    }
}

TEST_F(ConnectionEndTest, RefusesWhatBeginsAsSshHoweverItArrives) {
    for (const std::string_view version : {"HTTP/1.1", "HTTP/0.1"}) {
        const std::string text = "SSH-GET /a " + std::string(version) + "\r\nHost: a\r\n\r\n";
        for (const std::size_t step : {std::size_t{4}, text.size()}) {
            harness_.connect();
            EXPECT_EQ(harness_.exchange(text, step), error_answer("400 Bad Request", close))
                << version << ", by " << step;
        }
    }
}

TEST_F(ConnectionEndTest, RefusesWhatCannotBecomeARequestBehindOneThatWas) {
    using namespace std::string_view_literals;
    EXPECT_EQ(harness_.exchange(request("GET /a") + "\x16\x03\x01"),
              ok("12345") + error_answer("400 Bad Request", close));
    EXPECT_EQ(harness_.last(), ActionKind::linger);
}

TEST_F(ConnectionEndTest, ReadsAndDropsWhatThePeerStillSends) {
    (void)harness_.exchange("broken\r\n");
    ASSERT_EQ(harness_.last(), ActionKind::linger);
    harness_.forget();
    const std::string chunk(limits::receive_buffer_bytes, 'x');
    for (int count = 0; count < 1000; ++count) {
        ASSERT_EQ(harness_.receive(chunk), ActionKind::receive);
        EXPECT_EQ(harness_.connection().state(), State::lingering);
    }
    EXPECT_EQ(harness_.end_of_input(), ActionKind::close);
    EXPECT_EQ(harness_.output(), "");
}

TEST_F(ConnectionEndTest, MakesTheNextAnswerTheLastWhenTheServerDrains) {
    harness_.services().is_draining = true;
    EXPECT_EQ(harness_.exchange(request("GET /a")), ok("12345", close));
    EXPECT_EQ(harness_.last(), ActionKind::close);
}

TEST_F(ConnectionEndTest, ServesOneMoreBehindAResponseThatWasOnItsWayWhenTheDrainBegan) {
    (void)harness_.receive(request("GET /a"));
    harness_.services().is_draining = true;
    EXPECT_EQ(harness_.perform_one(), ActionKind::receive);
    EXPECT_EQ(harness_.output(), ok("12345"));
    harness_.forget();
    EXPECT_EQ(harness_.exchange(request("GET /a")), ok("12345", close));
    EXPECT_EQ(harness_.last(), ActionKind::close);
}

TEST_F(ConnectionEndTest, ClosesBehindAResponseThatWasOnItsWayWhenIdleOnesEnd) {
    (void)harness_.receive(request("GET /a"));
    harness_.services().is_draining = true;
    harness_.services().ends_idle = true;
    EXPECT_EQ(harness_.perform_one(), ActionKind::close);
    EXPECT_EQ(harness_.output(), ok("12345"));
}

TEST_F(ConnectionEndTest, AnswersThePipelineBehindAnAnswerOnItsWayWhenTheDrainBegan) {
    (void)harness_.receive(request("GET /large") + request("GET /a") + request("GET /b"));
    harness_.services().is_draining = true;
    harness_.perform();
    EXPECT_TRUE(harness_.output().ends_with(large_bytes() + ok("12345", close)));
    EXPECT_EQ(harness_.last(), ActionKind::linger);
}

TEST_F(ConnectionEndTest, FinishesAPartialRequestWhenTheServerDrains) {
    const std::string text = request("GET /a");
    (void)harness_.exchange(text.substr(0, 5));
    harness_.services().is_draining = true;
    (void)harness_.exchange(text.substr(5));
    EXPECT_EQ(harness_.output(), ok("12345", close));
}

/// A way to bring a connection into a phase.
struct Phase {
    std::string_view name;
    std::function<void(test::ConnectionHarness&)> enter;
};

const Phase phases[] = {
    {"new", [](test::ConnectionHarness&) {}},
    {"within a request",
     [](test::ConnectionHarness& harness) { (void)harness.receive("GET /a HT"); }},
    {"sending", [](test::ConnectionHarness& harness) { (void)harness.receive(request("GET /a")); }},
    {"sending with a pipeline behind",
     [](test::ConnectionHarness& harness) {
         (void)harness.receive(request("GET /large") + request("GET /a"));
     }},
    {"sending a file",
     [](test::ConnectionHarness& harness) {
         (void)harness.receive(request("GET /large"));
         (void)harness.perform_one();
         (void)harness.complete_send_file(1000);
     }},
    {"loading",
     [](test::ConnectionHarness& harness) { (void)harness.receive(request("GET /absent")); }},
    {"skipping a body",
     [](test::ConnectionHarness& harness) {
         (void)harness.exchange(request("GET /a", "Content-Length: 10\r\n"));
     }},
    {"lingering", [](test::ConnectionHarness& harness) { (void)harness.exchange("broken\r\n"); }},
    {"idle", [](test::ConnectionHarness& harness) { (void)harness.exchange(request("GET /a")); }},
};

TEST_F(ConnectionEndTest, GivesBackItsResponseBatchWheneverItEnds) {
    ResponseBatchPool& pool = harness_.services().batches;
    pool.release(pool.acquire());
    for (const auto& [name, enter] : phases) {
        harness_.connect();
        enter(harness_);
        harness_.disconnect();
        const auto before = torc::test::allocations_of_this_thread();
        ResponseBatch& batch = pool.acquire();
        EXPECT_EQ(torc::test::allocations_of_this_thread(), before) << name;
        EXPECT_TRUE(batch.is_empty()) << name;
        pool.release(batch);
    }
}

TEST_F(ConnectionEndTest, HoldsNoResponseBatchWhileItWaitsForItsPeerOrTheDisk) {
    ResponseBatchPool& pool = harness_.services().batches;
    pool.release(pool.acquire());
    for (const auto& [name, enter] : phases) {
        if (name.starts_with("sending")) {
            continue;
        }
        harness_.connect();
        enter(harness_);
        const auto before = torc::test::allocations_of_this_thread();
        ResponseBatch& batch = pool.acquire();
        EXPECT_EQ(torc::test::allocations_of_this_thread(), before) << name;
        pool.release(batch);
    }
}

}  // namespace
}  // namespace torc::worker
