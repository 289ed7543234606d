#include <torc/base/event_fd.hpp>
#include <torc/worker/statistics.hpp>

#include "worker/worker_harness.hpp"

#include <gtest/gtest.h>

#include <poll.h>

#include <string>
#include <vector>

namespace torc::worker {
namespace {

using test::Client;

class WorkerStatisticsTest : public test::WorkerTest {
protected:
    WorkerStatisticsTest() {
        box_.signal_to(&updated_);
        around_.statistics = &box_;
    }

    /// What the worker tells when it is asked.
    Statistics ask() {
        around_.mailbox->ask_for_statistics();
        pollfd event{.fd = updated_.descriptor(), .events = POLLIN, .revents = 0};
        EXPECT_EQ(::poll(&event, 1, 10'000), 1);
        updated_.clear();
        Statistics copy;
        box_.read([&copy](const Statistics& statistics) { copy = statistics; });
        return copy;
    }
    static std::uint64_t closed(const Statistics& statistics, CloseReason reason) {
        return statistics.counters.closed.at(static_cast<std::size_t>(reason));
    }

    const EventFd updated_ = EventFd::create_at_start();
    StatisticsBox box_;
};

INSTANTIATE_TEST_SUITE_P(Backends, WorkerStatisticsTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         test::backend_name);

TEST_P(WorkerStatisticsTest, TellsOfResponsesConnectionsAndCache) {
    around_.settings.sites.front().name = "pages";
    start();
    Client idle = connect();
    (void)idle.get("/file", 5);
    (void)idle.get("/file", 5);
    Client reading = connect();
    reading.send("GET /file HT");
    Statistics statistics = ask();
    while (statistics.connections.of(State::receiving) == 0) {
        statistics = ask();
    }
    EXPECT_EQ(statistics.connections.of(State::idle), 1U);
    EXPECT_EQ(statistics.connections.total(), 2U);
    EXPECT_EQ(statistics.connections_max, around_.connections_max);
    EXPECT_EQ(statistics.counters.accepted, 2U);
    ASSERT_EQ(statistics.sites.size(), 2U);
    EXPECT_EQ(statistics.sites[0].name, "");
    EXPECT_EQ(statistics.sites[1].name, "pages");
    EXPECT_EQ(statistics.sites[1].counters.responses[0][http::index_of(http::Status::ok)], 2U);
    EXPECT_GT(statistics.sites[1].counters.sent_bytes, 10U);
    EXPECT_EQ(statistics.cache_hits, 1U);
    EXPECT_GE(statistics.cache_misses, 1U);
    EXPECT_GT(statistics.cache_bytes, 0U);
    EXPECT_LT(statistics.cache_bytes, statistics.cache_limit_bytes);
    EXPECT_GT(statistics.cpu_time.count(), 0);
}

TEST_P(WorkerStatisticsTest, TellsWhyConnectionsWereClosed) {
    around_.settings.timeouts.idle = std::chrono::seconds(1);
    start();
    {
        Client gone = connect();
        (void)gone.get("/file", 5);
    }
    Client finished = connect();
    finished.send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    (void)finished.read_all();
    Client idle = connect();
    (void)idle.get("/file", 5);
    (void)idle.read_all();
    Statistics statistics = ask();
    while (statistics.connections.total() > 0) {
        statistics = ask();
    }
    EXPECT_EQ(closed(statistics, CloseReason::client), 1U);
    EXPECT_EQ(closed(statistics, CloseReason::finished), 1U);
    EXPECT_EQ(closed(statistics, CloseReason::idle), 1U);
}

TEST_P(WorkerStatisticsTest, CountsConnectionsThatMadeRoomForOthers) {
    around_.connections_max = 2;
    start();
    std::vector<Client> clients;
    for (int count = 0; count < 3; ++count) {
        clients.push_back(connect());
        (void)clients.back().get("/file", 5);
    }
    Statistics statistics = ask();
    while (closed(statistics, CloseReason::evicted) == 0) {
        statistics = ask();
    }
    EXPECT_EQ(closed(statistics, CloseReason::evicted), 1U);
    EXPECT_EQ(statistics.counters.accepted, 3U);
}

}  // namespace
}  // namespace torc::worker
