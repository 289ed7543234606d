// Clients that read slowly or not at all, that send what nobody wants or speak something else.

#include "integration/support/server_test.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

constexpr int small_receive_buffer_bytes = 64 * 1024;

class SlowClients : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("page.txt", page_);
        write("medium.bin", medium_);
        write("large.bin", large_);
    }

    [[nodiscard]] bool is_served() {
        try {
            return get("/page.txt").body == page_;
        } catch (const ClientError&) {
            return false;
        }
    }

    const std::string page_ = "a page\n";
    const std::string medium_ = patterned_bytes(std::size_t{128} * 1024);
    const std::string large_ = patterned_bytes(std::size_t{24} * 1024 * 1024);
};

TORC_ON_BOTH_BACKENDS(SlowClients);

TEST_P(SlowClients, ThatReadNothingKeepNobodyOutAndSlowOnesGetAllOfTheirs) {
    LaunchOptions options = torc_with({"--workers", "1", "--send-timeout", "4"});
    options.descriptors_max = 200;
    start(options);
    HttpClient slow = connect(small_receive_buffer_bytes);
    slow.send(request_bytes("GET", "/large.bin"));
    EXPECT_EQ(slow.receive_head().status, 200);
    std::string received;
    // Until the server has looked at it some times.
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::seconds(3)) {
        received += slow.receive(10'000);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    std::vector<HttpClient> non_readers;
    for (int count = 0; count < 200; ++count) {
        non_readers.push_back(connect(small_receive_buffer_bytes));
        non_readers.back().send(request_bytes("GET", "/large.bin"));
    }
    constexpr int others = 356;
    int served = 0;
    for (int count = 0; count < others; ++count) {
        served += static_cast<int>(is_served());
        received += slow.receive(10'000);
    }
    EXPECT_EQ(served, others);
    received += slow.receive(large_.size() - received.size());
    EXPECT_TRUE(is_same_bytes(received, large_));
}

TEST_P(SlowClients, MayTakeLongerForAPipelineThanAnyTimeout) {
    start({"--send-timeout", "1", "--idle-timeout", "1"});
    HttpClient client = connect(small_receive_buffer_bytes);
    constexpr int requests = 60;
    for (int count = 0; count < requests; ++count) {
        client.send(request_bytes("GET", "/medium.bin"));
    }
    for (int count = 0; count < requests; ++count) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        EXPECT_TRUE(is_same_bytes(client.receive_response().body, medium_));
    }
    EXPECT_EQ(client.get("/page.txt").body, page_);
}

TEST_P(SlowClients, ReadTheResponseToALargeBodyThatNobodyWanted) {
    start();
    for (const std::string_view method : {"POST", "GET"}) {
        HttpClient client = connect();
        const std::string body(5'000'000, 'x');
        client.send(request_bytes(method, "/page.txt",
                                  "Content-Length: " + std::to_string(body.size()) + "\r\n") +
                    body);
        const Response response = client.receive_response();
        EXPECT_EQ(response.status, method == "GET" ? 200 : 405);
        EXPECT_TRUE(response.is_last());
        EXPECT_TRUE(client.is_at_end());
    }
}

TEST_P(SlowClients, ReadWhyAChunkedBodyWasRefusedThoughItGoesOn) {
    start();
    HttpClient client = connect();
    client.send(request_bytes("POST", "/page.txt", "Transfer-Encoding: chunked\r\n") + "zz\r\n" +
                std::string(5'000'000, 'x'));
    EXPECT_EQ(client.receive_response().status, 400);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(SlowClients, ThatSpeakAnotherProtocolAreToldAtOnceAndSoIsTheOperator) {
    using namespace std::string_view_literals;
    start({"--workers", "1"});
    struct Case {
        std::string_view bytes;
        int status;
    };
    for (const Case& one :
         {Case{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, 400},
          Case{"SSH-2.0-OpenSSH_9.2p1"sv, 400}, Case{"\x00\x00\x00\x85\xffSMB"sv, 400},
          Case{"*1\r\n$4\r\nPING\r\n"sv, 400}, Case{"stats\r\n"sv, 400},
          Case{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv, 505}}) {
        HttpClient client = connect();
        client.send(one.bytes);
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_EQ(client.receive_response().status, one.status);
        EXPECT_TRUE(client.is_at_end());
        // Long before the time for a request is up.
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    }
    server().await_standard_error("127.0.0.1 speaks TLS, but this port speaks plain HTTP");
    EXPECT_FALSE(server().standard_error().contains("SSH")) << "one line in ten seconds is enough";
}

TEST_P(SlowClients, HaveNoMoreConnectionsThanOneAddressMay) {
    start({"--max-connections-per-address", "3", "--workers", "2"});
    std::vector<HttpClient> clients;
    for (int count = 0; count < 3; ++count) {
        clients.push_back(connect());
        EXPECT_EQ(clients.back().get("/page.txt").body, page_);
    }
    EXPECT_FALSE(is_served());
    server().await_standard_error("connections are refused: 127.0.0.1 has 3 already");
    clients.pop_back();
    EXPECT_TRUE(eventually([this] { return is_served(); }));
}

}  // namespace
}  // namespace torc::test
