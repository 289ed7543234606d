// How a worker stops.

#include <torc/base/unique_fd.hpp>
#include <torc/worker/worker.hpp>

#include "worker/worker_harness.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;
using test::Client;
using torc::test::patterned_bytes;

bool is_ok(std::string_view response, std::string_view body) {
    return response.starts_with("HTTP/1.1 200 OK\r\n") && response.ends_with(body);
}

class WorkerStopTest : public test::WorkerTest {
protected:
    /// The drain is under way then.
    void await_end_of_listener() const {
        while (Client(around_.endpoint()).connect()) {
            std::this_thread::sleep_for(1ms);
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Backends, WorkerStopTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         test::backend_name);

TEST_P(WorkerStopTest, StopsAtOnceWhenNothingIsInFlight) {
    start();
    EXPECT_TRUE(stop(Stop::drain));
}

TEST_P(WorkerStopTest, ADrainClosesIdleConnections) {
    start();
    Client client = connect();
    ASSERT_TRUE(is_ok(client.get("/file", 5), "hello"));
    request_stop(Stop::drain_at_once);
    EXPECT_TRUE(client.is_ended());
    EXPECT_TRUE(join());
    EXPECT_FALSE(Client(around_.endpoint()).connect());
}

TEST_P(WorkerStopTest, ADrainLetsAnIdleConnectionAskOnceMore) {
    start();
    Client client = connect();
    ASSERT_TRUE(is_ok(client.get("/file", 5), "hello"));
    request_stop(Stop::drain);
    await_end_of_listener();
    const std::string response = client.get("/file", 5);
    EXPECT_TRUE(is_ok(response, "hello"));
    EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(client.is_ended());
    EXPECT_TRUE(join());
}

TEST_P(WorkerStopTest, ADrainClosesAConnectionThatStaysIdle) {
    around_.settings.timeouts.drain_idle = std::chrono::seconds(1);
    start();
    Client client = connect();
    ASSERT_TRUE(is_ok(client.get("/file", 5), "hello"));
    request_stop(Stop::drain);
    EXPECT_TRUE(client.is_ended());
    EXPECT_TRUE(join());
}

TEST_P(WorkerStopTest, LeavesWhoWaitsToWhoHasTheListenerToo) {
    // Somebody else has the listener too.
    const UniqueFd other(::fcntl(around_.listeners.of(0).places()[0].socket, F_DUPFD_CLOEXEC, 0));
    around_.listeners.keep();
    start();
    ASSERT_TRUE(is_ok(connect().get("/file", 5), "hello"));
    EXPECT_TRUE(stop(Stop::hand_over));
    Client waiting = connect();
    waiting.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    pollfd event{.fd = other.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&event, 1, 10'000), 1) << "and nobody has reset it";
}

TEST_P(WorkerStopTest, WhoHasHandedOverStillServesWhoIsThere) {
    around_.listeners.keep();
    start();
    Client client = connect();
    ASSERT_TRUE(is_ok(client.get("/file", 5), "hello"));
    request_stop(Stop::hand_over);
    await_end_of_listener();
    const std::string response = client.get("/file", 5);
    EXPECT_TRUE(is_ok(response, "hello"));
    EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(join());
}

TEST_P(WorkerStopTest, ServesWhoComesBesideALongDownloadWhenTheNextProcessWaitsForTheEnd) {
    const std::string large = patterned_bytes(20'000'000);
    around_.directory.write("large", large);
    around_.listeners.keep();
    start();
    Client download = connect();
    download.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string begin = download.read(1000);
    request_stop(Stop::drain);
    std::string response;
    do {
        response = connect().get("/file", 5);
        ASSERT_TRUE(is_ok(response, "hello"));
    } while (response.find("Connection: close\r\n") == std::string::npos);
    ASSERT_TRUE(is_ok(connect().get("/file", 5), "hello")) << "in the drain";
    EXPECT_TRUE(is_ok(begin + download.read_all(), large));
    EXPECT_TRUE(join()) << "as soon as the download is over";
}

TEST_P(WorkerStopTest, OneListenerThatNobodyKeepsEndsNoneThatIsKept) {
    const std::string large = patterned_bytes(20'000'000);
    around_.directory.write("large", large);
    around_.listeners.apply(around_.listeners.prepare({"127.0.0.1", "127.0.0.2"}, 0));
    around_.listeners.of(0).keep(0);
    start();
    Client download = connect();
    download.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string begin = download.read(1000);
    request_stop(Stop::drain);
    while (Client(around_.listeners.endpoints().back()).connect()) {
    }
    EXPECT_TRUE(is_ok(connect().get("/file", 5), "hello"));
    EXPECT_TRUE(is_ok(begin + download.read_all(), large));
    EXPECT_TRUE(join());
}

TEST_P(WorkerStopTest, IsWaitedForByWorkersThatAcceptStillUntilItsConnectionsHaveEnded) {
    SharedDrain drain(1);
    around_.drain = &drain;
    around_.directory.write("large", patterned_bytes(20'000'000));
    start();
    Client download = connect();
    download.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    (void)download.read(1000);
    request_stop(Stop::drain);
    await_end_of_listener();
    EXPECT_FALSE(drain.is_over());
    (void)download.read_all();
    EXPECT_TRUE(join());
    EXPECT_TRUE(drain.is_over());
}

/// More connections than are shut down in one iteration, two descriptors each, and some more.
constexpr std::uint32_t crowd = 1100;
constexpr rlim_t descriptors_for_crowd = 2 * crowd + 500;

class CrowdedWorkerTest : public WorkerStopTest {
protected:
    void SetUp() override {
        WorkerStopTest::SetUp();
        ::getrlimit(RLIMIT_NOFILE, &before_);
        if (before_.rlim_max < descriptors_for_crowd) {
            GTEST_SKIP() << "too few descriptors";
        }
        const rlimit enough{.rlim_cur = descriptors_for_crowd, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &enough);
        around_.connections_max = crowd;
    }
    void TearDown() override {
        WorkerStopTest::TearDown();
        clients_.clear();
        ::setrlimit(RLIMIT_NOFILE, &before_);
    }
    void start_with_crowd() {
        start();
        for (std::uint32_t count = 0; count < crowd; ++count) {
            clients_.push_back(connect());
            ASSERT_TRUE(is_ok(clients_.back().get("/file", 5), "hello"));
        }
    }
    void expect_all_ended() {
        EXPECT_TRUE(
            std::ranges::all_of(clients_, [](Client& client) { return client.is_ended(); }));
    }

    std::vector<Client> clients_;

private:
    rlimit before_{};
};

INSTANTIATE_TEST_SUITE_P(Backends, CrowdedWorkerTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         test::backend_name);

TEST_P(CrowdedWorkerTest, ADrainClosesMoreIdleConnectionsThanOneIterationDoes) {
    start_with_crowd();
    EXPECT_TRUE(stop(Stop::drain));
    expect_all_ended();
}

TEST_P(CrowdedWorkerTest, CutsOffMoreConnectionsThanOneIterationDoes) {
    start_with_crowd();
    for (Client& client : clients_) {
        client.send("GET /file HTTP/1.1\r\n");
    }
    clients_.back().send("Host: a\r\n\r\n");
    ASSERT_TRUE(clients_.back().has_input(std::chrono::seconds(10)));
    clients_.pop_back();
    EXPECT_FALSE(stop(Stop::now));
    expect_all_ended();
}

TEST_P(CrowdedWorkerTest, ClosesMoreThatWereIdleForTooLongThanOneIterationDoes) {
    around_.settings.timeouts.idle = std::chrono::seconds(4);
    start_with_crowd();
    expect_all_ended();
    EXPECT_TRUE(is_ok(connect().get("/file", 5), "hello"));
}

TEST_P(WorkerStopTest, ADrainFinishesWhatIsInFlight) {
    const std::string large = patterned_bytes(20'000'000);
    around_.directory.write("large", large);
    start();
    Client client = connect();
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string begin = client.read(1000);
    request_stop(Stop::drain);
    const std::string answer = begin + client.read_all();
    EXPECT_TRUE(is_ok(answer, large));
    EXPECT_TRUE(join());
}

TEST_P(WorkerStopTest, ADrainServesARequestThatHasBegun) {
    start();
    Client client = connect();
    client.send("GET /file HT");
    ASSERT_TRUE(is_ok(connect().get("/file", 5), "hello"));  // So it was received by now.
    request_stop(Stop::drain);
    await_end_of_listener();
    client.send("TP/1.1\r\nHost: a\r\n\r\n");
    const std::string answer = client.read_all();
    EXPECT_TRUE(is_ok(answer, "hello"));
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(join());
}

TEST_P(WorkerStopTest, ADrainServesAConnectionThatHasJustComeIn) {
    start();
    Client client = connect();
    request_stop(Stop::drain);
    EXPECT_TRUE(is_ok(client.get("/file", 5), "hello"));
    EXPECT_TRUE(client.is_ended());
    EXPECT_TRUE(join());
}

TEST_P(WorkerStopTest, ADrainDoesNotWaitLongForAConnectionThatAsksForNothing) {
    around_.shows_silent_connections = true;
    start();
    Client client = connect();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(stop(Stop::drain));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    EXPECT_TRUE(client.is_ended());
}

TEST_P(WorkerStopTest, ADrainDoesNotWaitForAProxyThatHasSentNothing) {
    const net::ProxyPeers everybody;
    around_.settings.timeouts.request = std::chrono::seconds(300);
    around_.listeners.of(0).set_proxies(0, &everybody);
    around_.shows_silent_connections = true;
    start();
    Client client = connect();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(stop(Stop::drain_at_once));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    EXPECT_TRUE(client.is_ended());
}

TEST_P(WorkerStopTest, ADrainCutsOffWhatTakesTooLong) {
    around_.settings.timeouts.drain = std::chrono::seconds(1);
    around_.directory.write("large", patterned_bytes(20'000'000));
    start();
    Client client = connect();
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    (void)client.read(1000);
    EXPECT_FALSE(stop(Stop::drain));
    EXPECT_LT(client.read_all().size(), 20'000'000U);
}

TEST_P(WorkerStopTest, StopsAtOnceWhenToldSo) {
    around_.directory.write("large", patterned_bytes(20'000'000));
    start();
    Client client = connect();
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    (void)client.read(1000);
    EXPECT_FALSE(stop(Stop::now));
    EXPECT_LT(client.read_all().size(), 20'000'000U);
}

}  // namespace
}  // namespace torc::worker
