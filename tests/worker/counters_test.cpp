#include <torc/worker/counters.hpp>

#include "worker/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;
using test::ActionKind;
using test::request;

std::uint64_t count(const SiteCounters& counters, CountedMethod method, http::Status status) {
    return counters.responses.at(static_cast<std::size_t>(method)).at(http::index_of(status));
}

TEST(DurationHistogram, CountsADurationAtTheFirstBoundThatItDoesNotExceed) {
    DurationHistogram durations;
    durations.observe(0ns, 1);
    durations.observe(100us, 1);
    durations.observe(100us + 1ns, 2);
    durations.observe(60s, 1);
    durations.observe(61s, 3);
    EXPECT_EQ(durations.buckets().front(), 2U);
    EXPECT_EQ(durations.buckets()[1], 2U);
    EXPECT_EQ(durations.buckets()[DurationHistogram::bounds.size() - 1], 1U);
    EXPECT_EQ(durations.buckets().back(), 3U);
    EXPECT_EQ(durations.sum(), 300us + 2ns + 60s + 3 * 61s);
}

class CountersTest : public test::ConnectionTest {
protected:
    [[nodiscard]] const SiteCounters& counters() { return harness_.area().counted.counters; }
    [[nodiscard]] const SiteCounters& counters_for_none() {
        return harness_.services().hosting.counted_for_none().counters;
    }
    void pass(std::chrono::nanoseconds time) { harness_.services().now += time; }
};

TEST_F(CountersTest, CountResponsesByMethodAndStatus) {
    (void)harness_.exchange(request("GET /a") + request("GET /a") + request("HEAD /a") +
                            request("POST /a") + request("GET /.hidden"));
    EXPECT_EQ(count(counters(), CountedMethod::get, http::Status::ok), 2U);
    EXPECT_EQ(count(counters(), CountedMethod::head, http::Status::ok), 1U);
    EXPECT_EQ(count(counters(), CountedMethod::other, http::Status::method_not_allowed), 1U);
    EXPECT_EQ(count(counters(), CountedMethod::get, http::Status::not_found), 1U);
}

TEST_F(CountersTest, CountTheBytesThatWereSent) {
    (void)harness_.exchange(request("GET /a") + request("GET /large"));
    EXPECT_EQ(counters().sent_bytes, harness_.output().size());
}

TEST_F(CountersTest, CountNoBytesThatTheClientDidNotTake) {
    (void)harness_.receive(request("GET /a"));
    harness_.disconnect();
    EXPECT_EQ(counters().sent_bytes, 0U);
    EXPECT_EQ(count(counters(), CountedMethod::get, http::Status::ok), 1U);
}

TEST_F(CountersTest, TakeWhatIsNoRequestForNoSites) {
    (void)harness_.exchange(request("GET /a") + "GET\r\n\r\n");
    EXPECT_EQ(count(counters_for_none(), CountedMethod::other, http::Status::bad_request), 1U);
    EXPECT_EQ(count(counters(), CountedMethod::other, http::Status::bad_request), 0U);
    EXPECT_EQ(counters().sent_bytes + counters_for_none().sent_bytes, harness_.output().size());
}

TEST_F(CountersTest, CountADurationForEachResponse) {
    (void)harness_.receive(request("GET /a") + request("GET /b"));
    pass(30ms);
    harness_.perform();
    EXPECT_EQ(counters().durations.buckets()[8], 2U);
    EXPECT_EQ(counters().durations.sum(), 60ms);
}

TEST_F(CountersTest, CountTheWaitForAFileIn) {
    harness_.put_on_disk("slow", site::test::memory_asset("slow"));
    ASSERT_EQ(harness_.receive(request("GET /slow")), ActionKind::load);
    pass(1s);
    harness_.perform();
    EXPECT_EQ(counters().durations.sum(), 1s);
}

TEST_F(CountersTest, DoNotCountTheTimeInWhichAConnectionWasIdleOrItsRequestCame) {
    (void)harness_.exchange(request("GET /a"));
    pass(10s);
    (void)harness_.receive("GET /a HT");
    pass(10s);
    (void)harness_.exchange("TP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(counters().durations.buckets().front(), 2U);
    EXPECT_EQ(counters().durations.sum(), 0s);
}

TEST_F(CountersTest, CountTheDurationOfAResponseThatWasBrokenOff) {
    ASSERT_EQ(harness_.receive(request("GET /large")), ActionKind::send);
    pass(2s);
    harness_.disconnect();
    EXPECT_EQ(counters().durations.sum(), 2s);
}

}  // namespace
}  // namespace torc::worker
