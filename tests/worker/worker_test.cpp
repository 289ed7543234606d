#include <torc/worker/worker.hpp>

#include "worker/worker_harness.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::WorkerTest;
using torc::test::patterned_bytes;

INSTANTIATE_TEST_SUITE_P(Backends, WorkerTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         test::backend_name);

bool is_ok(std::string_view answer, std::string_view body) {
    return answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(body);
}

TEST_P(WorkerTest, ServesFilesFromTheDisk) {
    const std::string large = patterned_bytes(3'000'000);
    around_.directory.write("large", large);
    around_.directory.write("index.html", "index");
    start();
    Client client = connect();
    EXPECT_TRUE(is_ok(client.get("/file", 5), "hello"));
    EXPECT_TRUE(is_ok(client.get("/", 5), "index"));
    EXPECT_TRUE(is_ok(client.get("/large", large.size()), large));
    EXPECT_TRUE(client.get("/absent", 0).starts_with("HTTP/1.1 404 Not Found\r\n"));
}

TEST_P(WorkerTest, ServesManyWhoWaitForTheSameFile) {
    start();
    std::vector<Client> clients;
    for (int count = 0; count < 50; ++count) {
        clients.push_back(connect());
    }
    for (Client& client : clients) {
        client.send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
    for (Client& client : clients) {
        EXPECT_TRUE(is_ok(client.read_all(), "hello"));
    }
}

TEST_P(WorkerTest, ClosesTheLongestIdleConnectionForANewOne) {
    around_.connections_max = 2;
    start();
    Client first = connect();
    ASSERT_TRUE(is_ok(first.get("/file", 5), "hello"));
    Client second = connect();
    ASSERT_TRUE(is_ok(second.get("/file", 5), "hello"));
    Client third = connect();
    EXPECT_TRUE(is_ok(third.get("/file", 5), "hello"));
    EXPECT_TRUE(first.is_ended());
    EXPECT_TRUE(is_ok(second.get("/file", 5), "hello"));
}

TEST_P(WorkerTest, ClosesAConnectionWithHalfARequestForANewOneWhenNoneIsIdle) {
    around_.connections_max = 2;
    start();
    Client first = connect();
    ASSERT_TRUE(is_ok(first.get("/file", 5), "hello"));
    first.send("GET /file HT");
    Client second = connect();
    ASSERT_TRUE(is_ok(second.get("/file", 5), "hello"));
    second.send("GET /file HT");
    // Long enough for both halves to arrive, short enough for neither deadline to pass.
    std::this_thread::sleep_for(200ms);
    Client third = connect();
    EXPECT_TRUE(is_ok(third.get("/file", 5), "hello"));
    EXPECT_TRUE(first.is_ended(5s));
}

/// Waits until the worker opens and closes nothing any more: it watches what it has loaded.
void await_quiet() {
    const auto count = [] {
        return std::ranges::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                                     std::filesystem::directory_iterator());
    };
    auto before = count();
    auto quiet_since = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < quiet_since + 200ms) {
        if (const auto now = count(); now != before) {
            before = now;
            quiet_since = std::chrono::steady_clock::now();
        }
    }
}

/// Lets this process have few descriptors, and takes those that are left for as long as it is told.
class DescriptorShortage {
public:
    /// Before the worker starts: a ring keeps the limit of the time when an operation was started.
    explicit DescriptorShortage(rlim_t descriptors = 100) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit few = before_;
        few.rlim_cur = descriptors;
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    DescriptorShortage(const DescriptorShortage&) = delete;
    DescriptorShortage& operator=(const DescriptorShortage&) = delete;
    ~DescriptorShortage() { ::setrlimit(RLIMIT_NOFILE, &before_); }

    /// Takes what has become free since, when it is called again.
    void begin() {
        do {
            hoard_.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        } while (hoard_.back());
    }
    void end() { hoard_.clear(); }

private:
    rlimit before_{};
    std::vector<UniqueFd> hoard_;
};

TEST_P(WorkerTest, ClosesAnIdleConnectionForANewOneWhenItHasNoDescriptor) {
    DescriptorShortage shortage;
    start();
    Client idle = connect();
    ASSERT_TRUE(is_ok(idle.get("/file", 5), "hello"));
    ASSERT_TRUE(is_ok(idle.get("/file", 5), "hello"));  // By now the load closed its descriptor.
    std::vector<Client> late;
    for (int count = 0; count < 8; ++count) {
        late.emplace_back(around_.endpoint());
    }
    // The worker may still close something, such as the table of mounts: who comes then gets that.
    for (Client& client : late) {
        shortage.begin();
        ASSERT_TRUE(client.connect());
        if (idle.has_input(1s)) {
            EXPECT_TRUE(client.get("/file", 0).starts_with("HTTP/1.1 "));
            break;
        }
    }
    EXPECT_TRUE(idle.is_ended());
    shortage.end();
    EXPECT_TRUE(is_ok(connect().get("/file", 5), "hello"));
}

TEST_P(WorkerTest, ClosesAsManyIdleConnectionsAsWaitWithoutADescriptor) {
    constexpr int idle_count = 200;
    constexpr int late_count = 50;
    around_.connections_max = 2 * idle_count;
    DescriptorShortage shortage(800);
    start();
    std::vector<Client> idle;
    for (int count = 0; count < idle_count; ++count) {
        idle.push_back(connect());
        ASSERT_TRUE(is_ok(idle.back().get("/file", 5), "hello"));
    }
    std::vector<Client> late;
    for (int count = 0; count < late_count; ++count) {
        late.emplace_back(around_.endpoint());
    }
    shortage.begin();
    const auto begin = std::chrono::steady_clock::now();
    for (Client& client : late) {
        ASSERT_TRUE(client.connect());
        client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    for (Client& client : late) {
        EXPECT_TRUE(client.read(12).starts_with("HTTP/1.1 "));
    }
    // One in 100 ms would take five seconds.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
    EXPECT_FALSE(idle.back().is_ended(0ms)) << "no more were closed than others waited";
    shortage.end();
}

TEST_P(WorkerTest, KeepsIdleConnectionsWhenItHasNoDescriptorAndNobodyWaits) {
    DescriptorShortage shortage;
    start();
    Client first = connect();
    ASSERT_TRUE(is_ok(first.get("/file", 5), "hello"));
    ASSERT_TRUE(is_ok(first.get("/file", 5), "hello"));
    await_quiet();
    // Takes the last descriptor; the kernel says that there is none more though nobody wants one.
    Client last(around_.endpoint());
    const int reserved = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    shortage.begin();
    ::close(reserved);
    ASSERT_TRUE(last.connect());
    EXPECT_TRUE(last.get("/file", 0).starts_with("HTTP/1.1 "));
    EXPECT_FALSE(first.is_ended(500ms));
    EXPECT_FALSE(last.is_ended(0ms));
    shortage.end();
}

TEST_P(WorkerTest, GivesUpACachedDescriptorForAnotherFile) {
    around_.settings.sites.front().whole.load_rules.contents_bytes_max = 0;
    around_.directory.write("other", "world");
    DescriptorShortage shortage;
    start();
    Client client = connect();
    ASSERT_TRUE(is_ok(client.get("/file", 5), "hello"));
    shortage.begin();
    EXPECT_TRUE(is_ok(client.get("/other", 5), "world"));
    shortage.end();
}

TEST_P(WorkerTest, WritesTheAccessLogToItsEnd) {
    log_requests();
    start();
    Client client = connect();
    for (int count = 0; count < 10; ++count) {
        ASSERT_TRUE(is_ok(client.get("/file", 5), "hello"));
    }
    EXPECT_TRUE(stop(Stop::drain));
    const std::string text = logged();
    EXPECT_EQ(std::ranges::count(text, '\n'), 10);
    EXPECT_TRUE(text.starts_with("127.0.0.1 - - ["));
    EXPECT_TRUE(text.ends_with("] \"GET /file HTTP/1.1\" 200 5 \"-\" \"-\"\n"));
}

TEST_P(WorkerTest, WritesTheAccessLogWhileItServes) {
    log_requests();
    start();
    Client client = connect();
    ASSERT_TRUE(is_ok(client.get("/file", 5), "hello"));
    std::string text;
    for (int tries = 0; tries < 100 && text.empty(); ++tries) {
        std::this_thread::sleep_for(100ms);
        text = logged();
    }
    EXPECT_TRUE(text.starts_with("127.0.0.1 - - ["));
}

}  // namespace
}  // namespace torc::worker
