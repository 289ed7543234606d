// How torc stops.

#include "integration/support/server_test.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

/// More than the kernel takes of an answer ahead of a reader that does not read.
constexpr std::size_t huge_bytes = std::size_t{24} * 1024 * 1024;
constexpr int small_receive_buffer_bytes = 64 * 1024;
/// What torc says when the first signal has reached it.
constexpr std::string_view drain_notice = "finishing what is in flight";

class Stopping : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("page.txt", page_);
    }
    /// Every test here stops the server itself.
    void TearDown() override {
        if (HasFailure() && server_) {
            ADD_FAILURE() << "torc printed:\n" << server().standard_error();
        }
    }

    /// Begins a download of a huge file that is far from over.
    [[nodiscard]] HttpClient begin_download() {
        HttpClient client = connect(small_receive_buffer_bytes);
        client.send(request_bytes("GET", "/huge.bin"));
        EXPECT_EQ(client.receive_head().status, 200);
        return client;
    }

    const std::string page_ = "a page\n";
};

TORC_ON_BOTH_BACKENDS(Stopping);

TEST_P(Stopping, EndsAtOnceWhenNothingIsInFlight) {
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
        start();
        EXPECT_EQ(get("/page.txt").body, page_);
        server().send_signal(signal);
        EXPECT_TRUE(server().ends_within(std::chrono::milliseconds(1900)));
        EXPECT_EQ(server().exit_code(), 0);
    }
}

TEST_P(Stopping, ByAnInterruptWaitsForNoIdleConnection) {
    start();
    HttpClient idle = connect();
    EXPECT_EQ(idle.get("/page.txt").body, page_);
    server().send_signal(SIGINT);
    EXPECT_EQ(server().exit_code(), 0);
    EXPECT_TRUE(idle.is_at_end());
}

TEST_P(Stopping, LetsAnIdleConnectionAskOnceMore) {
    start();
    HttpClient idle = connect();
    EXPECT_EQ(idle.get("/page.txt").body, page_);
    server().send_signal(SIGTERM);
    server().await_standard_error(drain_notice);
    const Response response = idle.get("/page.txt");
    EXPECT_EQ(response.body, page_);
    EXPECT_TRUE(response.is_last() || idle.get("/page.txt").is_last())
        << "a worker may learn of it a moment later";
    EXPECT_TRUE(idle.is_at_end());
    EXPECT_EQ(server().exit_code(), 0);
}

TEST_P(Stopping, ServesAsBeforeUntilItsDelayIsOver) {
    start({"--drain-delay", "1s"});
    HttpClient client = connect();
    EXPECT_EQ(client.get("/page.txt").body, page_);
    server().send_signal(SIGTERM);
    server().await_standard_error("in 1 s, finishing");
    EXPECT_FALSE(client.get("/page.txt").is_last());
    EXPECT_EQ(get("/page.txt").body, page_) << "of a fresh connection";
    EXPECT_TRUE(eventually([&] { return client.get("/page.txt").is_last(); }));
    EXPECT_EQ(server().exit_code(), 0);
}

TEST_P(Stopping, FinishesADownload) {
    const std::string huge = patterned_bytes(huge_bytes);
    write("huge.bin", huge);
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
        start();
        HttpClient client = begin_download();
        server().send_signal(signal);
        server().await_standard_error(drain_notice);
        EXPECT_TRUE(is_same_bytes(client.receive(huge_bytes), huge));
        EXPECT_TRUE(client.is_at_end());
        EXPECT_EQ(server().exit_code(), 0);
    }
}

TEST_P(Stopping, TakesNoNewConnectionsWhileItFinishes) {
    write("huge.bin", std::string(huge_bytes, 'x'));
    start();
    HttpClient client = begin_download();
    server().send_signal(SIGTERM);
    EXPECT_TRUE(eventually([&] {
        try {
            static_cast<void>(connect());
            return false;
        } catch (const ClientError&) {
            return true;
        }
    }));
    EXPECT_EQ(client.receive(huge_bytes).size(), huge_bytes);
    EXPECT_EQ(server().exit_code(), 0);
}

TEST_P(Stopping, AnswersTheRequestsBehindADownloadAndThenCloses) {
    write("huge.bin", std::string(huge_bytes, 'x'));
    start();
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/huge.bin") + request_bytes("GET", "/page.txt"));
    EXPECT_EQ(client.receive_head().status, 200);
    server().send_signal(SIGTERM);
    server().await_standard_error(drain_notice);
    EXPECT_EQ(client.receive(huge_bytes).size(), huge_bytes);
    const Response response = client.receive_response();
    EXPECT_EQ(response.body, page_);
    EXPECT_TRUE(response.is_last());
    EXPECT_TRUE(client.is_at_end());
    EXPECT_EQ(server().exit_code(), 0);
}

TEST_P(Stopping, CutsOffADownloadAtTheSecondSignal) {
    write("huge.bin", std::string(huge_bytes, 'x'));
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
        start();
        HttpClient client = begin_download();
        server().send_signal(signal);
        server().await_standard_error(drain_notice);
        server().send_signal(signal);
        EXPECT_EQ(server().exit_code(), 3);
        EXPECT_TRUE(server().standard_error().contains("cut off")) << server().standard_error();
        EXPECT_LT(client.receive_to_end().bytes.size(), huge_bytes);
    }
}

TEST_P(Stopping, StillAnswersWhoWaitedToBeAccepted) {
    start();
    // Everything comes to the server in one turn of its loop.
    server().send_signal(SIGSTOP);
    HttpClient client = connect();
    client.send(request_bytes("GET", "/page.txt"));
    server().send_signal(SIGTERM);
    server().send_signal(SIGCONT);
    EXPECT_EQ(client.receive_response().body, page_);
    EXPECT_TRUE(client.is_at_end());
    EXPECT_EQ(server().exit_code(), 0);
}

TEST_P(Stopping, ResetsNoConnectionOfMoreThanAThousandASecond) {
    constexpr int rounds = 5;
    constexpr int client_threads = 8;
    for (int round = 0; round < rounds; ++round) {
        start();
        std::atomic<int> answered = 0;
        std::atomic<int> lost = 0;
        const auto keep_coming = [&] {
            while (true) {
                std::optional<HttpClient> client;
                try {
                    client.emplace(server().port());
                } catch (const ClientError&) {
                    return;  // Refused: the server is on its way out.
                }
                try {
                    ++(client->get("/page.txt").body == page_ ? answered : lost);
                } catch (const ClientError&) {
                    ++lost;
                }
            }
        };
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < client_threads; ++thread) {
            threads.emplace_back(keep_coming);
        }
        EXPECT_TRUE(eventually([&] { return answered > 500; }));
        server().send_signal(SIGTERM);
        threads.clear();
        EXPECT_EQ(server().exit_code(), 0);
        EXPECT_EQ(lost, 0) << "beside " << answered;
    }
}

TEST_P(Stopping, DoesNotWaitLongForWhoAsksForNothing) {
    start();
    const std::size_t before = server().open_descriptors();
    HttpClient silent = connect();
    // It is shown to the server after a second without a request.
    EXPECT_TRUE(eventually([&] { return server().open_descriptors() > before; }));
    HttpClient other = connect();
    EXPECT_EQ(other.get("/page.txt").body, page_);
    server().send_signal(SIGTERM);
    EXPECT_TRUE(server().ends_within(std::chrono::seconds(20)));
    EXPECT_EQ(server().exit_code(), 0);
    EXPECT_TRUE(silent.is_at_end());
}

TEST_P(Stopping, AnswersARequestThatHadBegun) {
    start();
    HttpClient client = connect();
    client.send("GET /page.txt HTTP/1.1\r\nHost: te");
    server().send_signal(SIGTERM);
    server().await_standard_error(drain_notice);
    client.send("st\r\n\r\n");
    const Response response = client.receive_response();
    EXPECT_EQ(response.body, page_);
    EXPECT_TRUE(response.is_last());
    EXPECT_TRUE(client.is_at_end());
    EXPECT_EQ(server().exit_code(), 0);
}

}  // namespace
}  // namespace torc::test
