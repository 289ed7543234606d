#include <torc/base/limits.hpp>
#include <torc/worker/connection.hpp>

#include "support/allocation_counter.hpp"
#include "worker/connection_fixture.hpp"
#include "worker/test_log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace torc::worker {
namespace {

using test::ConnectionHarness;
using test::request;

/// How often 1000 exchanges of `text` allocate on a connection that is warm.
std::uint64_t allocations_of_1000(ConnectionHarness& harness, std::string_view text) {
    const auto run = [&](int count) {
        for (int done = 0; done < count; ++done) {
            (void)harness.receive(text);
            harness.perform();
            harness.forget();
        }
    };
    run(1000);
    const auto before = torc::test::allocations_of_this_thread();
    run(1000);
    return torc::test::allocations_of_this_thread() - before;
}

using ConnectionAllocationTest = test::ConnectionTest;

TEST_F(ConnectionAllocationTest, CachedAnswersAllocateNothing) {
    EXPECT_EQ(allocations_of_1000(harness_, request("GET /a", "User-Agent: x\r\n")), 0U);
    EXPECT_EQ(allocations_of_1000(harness_, request("GET /a", "Range: bytes=1-3\r\n")), 0U);
    EXPECT_EQ(allocations_of_1000(harness_, request("GET /a", "If-None-Match: *\r\n")), 0U);
    EXPECT_EQ(allocations_of_1000(harness_, request("GET /directory")), 0U);
}

TEST_F(ConnectionAllocationTest, PipelinedAnswersAllocateNothing) {
    std::string requests;
    for (int count = 0; count < 16; ++count) {
        requests += request("GET /a");
    }
    EXPECT_EQ(allocations_of_1000(harness_, requests), 0U);
}

TEST_F(ConnectionAllocationTest, LargeBodiesFromMemoryAllocateNothing) {
    harness_.put("page", site::test::memory_asset(std::string(60'000, 'p')));
    EXPECT_EQ(allocations_of_1000(harness_, request("GET /page")), 0U);
}

TEST_F(ConnectionAllocationTest, LoggedAnswersAllocateNothing) {
    // More lines than a buffer holds, so that buffers go to the queue, and what the queue can't
    // take is dropped.
    const SharedLog log = test::make_log(limits::access_log_buffer_bytes);
    AccessLogs logs;
    logs.set_server_log(log, config::LogFormat::combined);
    logs.set_time(site::test::now);
    ConnectionHarness harness(&logs);
    fill(harness);
    const std::string text = request(
        "GET /a", "User-Agent: a browser of some length\r\nReferer: http://example.com\r\n");
    EXPECT_EQ(allocations_of_1000(harness, text), 0U);
    EXPECT_GT(log->queue->take_dropped_lines(), 0U);
}

TEST_F(ConnectionAllocationTest, AConnectionThatIsServedWholeAllocatesNothing) {
    (void)harness_.exchange(request("GET /a"));
    const std::string text = request("GET /a", "Connection: close\r\n");
    const auto before = torc::test::allocations_of_this_thread();
    for (int count = 0; count < 100; ++count) {
        harness_.connect();
        (void)harness_.receive(text);
        harness_.perform();
    }
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

}  // namespace
}  // namespace torc::worker
