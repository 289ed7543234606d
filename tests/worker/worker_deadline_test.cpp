#include <torc/worker/worker.hpp>

#include "worker/worker_harness.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;
using test::Client;
using torc::test::patterned_bytes;

class WorkerDeadlineTest : public test::WorkerTest {
protected:
    WorkerDeadlineTest() {
        // Long enough that none but the one that a test is about ever passes.
        around_.settings.timeouts = {.idle = 60s, .request = 60s, .send = 60s, .linger = 60s};
    }

    /// How long it takes until the server ends the connection, to the tenth of a second.
    [[nodiscard]] static std::chrono::steady_clock::duration time_to_end(Client& client) {
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_TRUE(client.is_ended());
        return std::chrono::steady_clock::now() - begin;
    }
};

INSTANTIATE_TEST_SUITE_P(Backends, WorkerDeadlineTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         test::backend_name);

TEST_P(WorkerDeadlineTest, ClosesAConnectionThatAsksForNothing) {
    around_.settings.timeouts.idle = 1s;
    start();
    Client client = connect();
    EXPECT_GE(time_to_end(client), 900ms);
}

TEST_P(WorkerDeadlineTest, ClosesAConnectionThatAsksForNothingMore) {
    around_.settings.timeouts.idle = 1s;
    start();
    Client client = connect();
    std::this_thread::sleep_for(500ms);
    (void)client.get("/file", 5);
    EXPECT_GE(time_to_end(client), 900ms);
}

TEST_P(WorkerDeadlineTest, AnswersARequestThatTakesTooLong) {
    around_.settings.timeouts.request = 1s;
    start();
    Client client = connect();
    client.send("GET /file HTTP/1.1\r\n");
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    EXPECT_FALSE(client.has_timed_out());
}

TEST_P(WorkerDeadlineTest, ByteByByteBuysARequestNoTime) {
    around_.settings.timeouts.request = 1s;
    start();
    Client client = connect();
    const auto begin = std::chrono::steady_clock::now();
    client.send("GET /file HTTP/1.1\r\nX: ");
    while (!client.has_input(100ms) && std::chrono::steady_clock::now() - begin < 10s) {
        client.send("x");
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_P(WorkerDeadlineTest, CutsOffWhoDoesNotRead) {
    around_.settings.timeouts.send = 1s;
    constexpr std::size_t size = 20'000'000;
    around_.directory.write("large", patterned_bytes(size));
    start();
    Client client(around_.endpoint());
    client.shrink_receive_buffer();
    ASSERT_TRUE(client.connect());
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    std::this_thread::sleep_for(3s);
    EXPECT_LT(client.read_all().size(), size);
    EXPECT_FALSE(client.has_timed_out());
}

TEST_P(WorkerDeadlineTest, LetsWhoReadsSlowlyGoOn) {
    around_.settings.timeouts.send = 1s;
    const std::string large = patterned_bytes(8'000'000);
    around_.directory.write("large", large);
    start();
    Client client(around_.endpoint());
    ASSERT_TRUE(client.connect());
    client.send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    std::string answer;
    for (int count = 0; count < 20; ++count) {
        std::this_thread::sleep_for(100ms);
        answer += client.read(400'000);
    }
    EXPECT_TRUE((answer + client.read_all()).ends_with(large));
}

TEST_P(WorkerDeadlineTest, LetsWhoTakesSoLittleThatTheSocketStaysFullGoOn) {
    around_.settings.timeouts.send = 1s;
    const std::string large = patterned_bytes(8'000'000);
    around_.directory.write("large", large);
    start();
    Client client(around_.endpoint());
    client.shrink_receive_buffer();
    ASSERT_TRUE(client.connect());
    client.send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    std::string answer;
    // Far less than the third of a socket's buffer of which the kernel tells.
    for (int count = 0; count < 30; ++count) {
        std::this_thread::sleep_for(100ms);
        answer += client.read(8'000);
    }
    EXPECT_TRUE((answer + client.read_all()).ends_with(large));
}

TEST_P(WorkerDeadlineTest, LetsAPeerFinishBeforeItCloses) {
    start();
    Client client = connect();
    // All of it arrives though the answer was made at the first line.
    client.send("broken\r\n" + std::string(100'000, 'x'));
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_TRUE(client.send("more"));
}

TEST_P(WorkerDeadlineTest, LetsAPeerThatSendsSteadilyFinishHoweverMuchItIs) {
    around_.settings.timeouts.linger = 1s;
    start();
    Client client = connect();
    constexpr std::size_t body_bytes = 5'000'000;
    constexpr std::size_t step_bytes = 200'000;
    client.send("POST /file HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body_bytes) +
                "\r\n\r\n");
    // Longer than a silence may be.
    for (std::size_t sent = 0; sent < body_bytes; sent += step_bytes) {
        ASSERT_TRUE(client.send(std::string(step_bytes, 'x')));
        std::this_thread::sleep_for(100ms);
    }
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
    EXPECT_FALSE(client.was_reset());
}

TEST_P(WorkerDeadlineTest, DoesNotWaitForeverForAPeerToFinish) {
    around_.settings.timeouts.linger = 1s;
    start();
    Client client = connect();
    client.send("broken\r\n");
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 400 Bad Request\r\n"));
    const auto begin = std::chrono::steady_clock::now();
    while (client.send("x") && std::chrono::steady_clock::now() - begin < 10s) {
        std::this_thread::sleep_for(50ms);
    }
    const auto lasted = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(lasted, 800ms);
    EXPECT_LT(lasted, 5s);
}

}  // namespace
}  // namespace torc::worker
