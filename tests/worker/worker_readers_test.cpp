// How a worker treats clients that read slowly, or not at all.

#include <torc/worker/worker.hpp>

#include "worker/worker_harness.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;
using test::Client;
using torc::test::patterned_bytes;

class WorkerReadersTest : public test::WorkerTest {
protected:
    WorkerReadersTest() {
        around_.settings.timeouts = {.idle = 60s, .request = 60s, .send = 60s, .linger = 60s};
        around_.directory.write("medium", medium_);
    }

    /// A client that takes little ahead of what it reads; not less than a segment of the loopback,
    /// or the kernel sends by its timers alone.
    [[nodiscard]] Client connect_small() const {
        Client client(around_.endpoint());
        client.shrink_receive_buffer(128 * 1024);
        EXPECT_TRUE(client.connect());
        return client;
    }
    /// One that asks for more than the kernel buffers, and reads nothing of it.
    [[nodiscard]] Client connect_non_reader() const {
        Client client = connect_small();
        client.send(pipeline(mediums));
        return client;
    }
    [[nodiscard]] static std::string pipeline(int count) {
        std::string requests;
        for (int sent = 0; sent < count; ++sent) {
            requests += "GET /medium HTTP/1.1\r\nHost: a\r\n\r\n";
        }
        return requests;
    }
    /// Reads `each` bytes every tenth of a second for `duration`.
    static std::string read_slowly(Client& client, std::size_t each,
                                   std::chrono::steady_clock::duration duration) {
        std::string bytes;
        const auto end = std::chrono::steady_clock::now() + duration;
        while (std::chrono::steady_clock::now() < end) {
            std::this_thread::sleep_for(100ms);
            bytes += client.read(each);
        }
        return bytes;
    }
    [[nodiscard]] int count_whole(std::string_view bytes) const {
        int count = 0;
        for (std::size_t at = bytes.find(medium_); at != std::string_view::npos;
             at = bytes.find(medium_, at + medium_.size())) {
            ++count;
        }
        return count;
    }
    [[nodiscard]] bool is_served() const {
        Client client(around_.endpoint());
        return client.connect() && client.get("/file", 5).ends_with("hello");
    }

    /// In all more than the kernel buffers.
    static constexpr int mediums = 80;
    const std::string medium_ = patterned_bytes(100'000);
    AddressLimit address_limit_{2};
};

INSTANTIATE_TEST_SUITE_P(Backends, WorkerReadersTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         test::backend_name);

TEST_P(WorkerReadersTest, ResetsWhoTakesNothingForTheWholeTime) {
    around_.settings.timeouts.send = 1s;
    start();
    Client client = connect_non_reader();
    std::this_thread::sleep_for(3s);
    EXPECT_LT(client.read_all().size(), mediums * medium_.size());
    EXPECT_TRUE(client.was_reset()) << "or the kernel keeps what it had for this client";
}

TEST_P(WorkerReadersTest, LetsWhoReadsManyPipelinedResponsesSlowlyGoOn) {
    around_.settings.timeouts.send = 1s;
    start();
    Client client = connect_non_reader();
    std::string bytes = read_slowly(client, 50'000, 3s);
    client.send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    bytes += client.read_all();
    EXPECT_EQ(count_whole(bytes), mediums);
    EXPECT_TRUE(bytes.ends_with("hello"));
}

TEST_P(WorkerReadersTest, LetsWhoPausesForLessThanTheTimeGoOn) {
    around_.settings.timeouts.send = 3s;
    start();
    Client client = connect_non_reader();
    std::string bytes;
    for (int pause = 0; pause < 3; ++pause) {
        std::this_thread::sleep_for(2s);
        bytes += client.read(500'000);
    }
    client.send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    bytes += client.read_all();
    EXPECT_EQ(count_whole(bytes), mediums);
}

TEST_P(WorkerReadersTest, KeepsAnIdleConnectionWhoseClientStillReadsWhatTheKernelHas) {
    around_.settings.timeouts.idle = 1s;
    start();
    Client client = connect_small();
    // The kernel takes it all, so the worker has nothing to send any more.
    constexpr int few = 16;
    client.send(pipeline(few));
    std::string bytes = read_slowly(client, 20'000, 3s);
    client.send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    bytes += client.read_all();
    EXPECT_EQ(count_whole(bytes), few);
    EXPECT_TRUE(bytes.ends_with("hello"));
}

TEST_P(WorkerReadersTest, KeepsItThoughItWasIdleForLongerThanAPeerMayTakeNothing) {
    around_.settings.timeouts.idle = 2s;
    around_.settings.timeouts.send = 1s;
    start();
    Client client = connect_small();
    constexpr int few = 16;
    client.send(pipeline(few));
    std::string bytes = read_slowly(client, 20'000, 4s);
    bytes += client.read(few * medium_.size());
    EXPECT_EQ(count_whole(bytes), few);
}

TEST_P(WorkerReadersTest, EndsNobodyWhoReadsWhileThereAreSpareSlots) {
    around_.connections_max = 8;
    start();
    std::vector<Client> readers;
    for (int count = 0; count < 24; ++count) {
        readers.push_back(connect_non_reader());
    }
    const auto end = std::chrono::steady_clock::now() + 3s;
    while (std::chrono::steady_clock::now() < end) {
        // Less often than it is looked for room.
        std::this_thread::sleep_for(600ms);
        for (Client& reader : readers) {
            EXPECT_EQ(reader.read(100'000).size(), 100'000U);
        }
    }
    for (Client& reader : readers) {
        EXPECT_FALSE(reader.has_lost_connection());
    }
}

TEST_P(WorkerReadersTest, ServesOthersAtOnceThoughNonReadersHaveTakenEveryConnection) {
    around_.connections_max = 8;
    start();
    std::vector<Client> non_readers;
    // All slots, the spare ones among them, and some more.
    for (std::uint32_t count = 0; count < 100; ++count) {
        non_readers.push_back(connect_non_reader());
    }
    const auto begin = std::chrono::steady_clock::now();
    int served = 0;
    for (int count = 0; count < 100; ++count) {
        const bool was_served = is_served();
        served += static_cast<int>(was_served);
        EXPECT_TRUE(was_served) << count;
    }
    EXPECT_EQ(served, 100);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_P(WorkerReadersTest, SparesASlowReaderWhenItMakesRoom) {
    around_.connections_max = 8;
    around_.settings.timeouts.send = 8s;  // So each connection is looked at once a second.
    start();
    Client slow = connect_non_reader();
    std::string bytes = read_slowly(slow, 20'000, 3s);
    std::vector<Client> non_readers;
    for (std::uint32_t count = 0; count < 100; ++count) {
        non_readers.push_back(connect_non_reader());
        if (count % 10 == 0) {
            bytes += slow.read(20'000);
        }
    }
    for (int count = 0; count < 50; ++count) {
        EXPECT_TRUE(is_served());
        bytes += slow.read(20'000);
    }
    slow.send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    bytes += slow.read_all();
    EXPECT_EQ(count_whole(bytes), mediums);
    EXPECT_TRUE(bytes.ends_with("hello"));
}

TEST_P(WorkerReadersTest, EndsNobodyForOthersWhereThereIsNoMinimumRate) {
    around_.connections_max = 2;
    around_.settings.bytes_per_second_min = 0;
    start();
    std::vector<Client> non_readers;
    for (std::uint32_t count = 0; count < 2 + limits::connections_spare; ++count) {
        non_readers.push_back(connect_non_reader());
        ASSERT_TRUE(non_readers.back().has_input(10s));
    }
    EXPECT_FALSE(is_served());
    EXPECT_FALSE(non_readers.front().was_reset());
    const std::string bytes = non_readers.front().read(mediums * medium_.size());
    EXPECT_GE(count_whole(bytes), mediums - 1);
}

TEST_P(WorkerReadersTest, LetsNoClientHaveMoreConnectionsThanItMay) {
    around_.address_limit = &address_limit_;
    around_.settings.connections_per_address_max = 2;
    start();
    Client first = connect();
    ASSERT_TRUE(first.get("/file", 5).ends_with("hello"));
    {
        Client second = connect();
        ASSERT_TRUE(second.get("/file", 5).ends_with("hello"));
        EXPECT_FALSE(is_served());
    }
    // Once the worker has seen that the second has gone.
    bool was_served = false;
    for (int tries = 0; tries < 1000 && !was_served; ++tries) {
        was_served = is_served();
    }
    EXPECT_TRUE(was_served);
    EXPECT_TRUE(first.get("/file", 5).ends_with("hello"));
}

}  // namespace
}  // namespace torc::worker
