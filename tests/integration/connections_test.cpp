// How connections begin, persist and end, and that one never spoils it for another.

#include "integration/support/server_test.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

constexpr std::size_t large_bytes = std::size_t{5} * 1024 * 1024;
/// More than the kernel takes of an answer ahead of a reader that does not read.
constexpr std::size_t huge_bytes = std::size_t{24} * 1024 * 1024;
constexpr int small_receive_buffer_bytes = 64 * 1024;

/// So that what was sent last is, as a rule, received alone.
void pause_briefly() {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

class Connections : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("page.txt", page_);
    }

    /// Makes a file of `size` bytes that has holes for contents.
    void write_holes(std::string_view name, std::size_t size) const {
        write(name, "");
        std::filesystem::resize_file(site() / name, size);
    }

    const std::string page_ = "a page\n";
};

TORC_ON_BOTH_BACKENDS(Connections);

TEST_P(Connections, PersistInHttp11) {
    start();
    HttpClient client = connect();
    for (int i = 0; i < 3; ++i) {
        const Response response = client.get("/page.txt");
        EXPECT_EQ(response.body, page_);
        EXPECT_FALSE(response.field("Connection"));
    }
}

TEST_P(Connections, EndAfterTheAnswerWhenTheClientSaysClose) {
    start();
    HttpClient client = connect();
    const Response response = client.get("/page.txt", "Connection: close\r\n");
    EXPECT_EQ(response.body, page_);
    EXPECT_TRUE(response.is_last());
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Connections, EndAfterTheAnswerInHttp10) {
    start();
    HttpClient client = connect();
    client.send("GET /page.txt HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.receive_response().body, page_);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Connections, PersistInHttp10WhenTheClientAsksForIt) {
    start();
    HttpClient client = connect();
    for (int i = 0; i < 2; ++i) {
        client.send("GET /page.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        const Response response = client.receive_response();
        EXPECT_EQ(response.body, page_);
        EXPECT_EQ(response.field("Connection"), "keep-alive");
    }
}

TEST_P(Connections, AnswerAHundredPipelinedRequestsInOrder) {
    struct Kind {
        std::string_view method;
        std::string_view target;
        int status;
        std::string body;
    };
    const std::string medium = patterned_bytes(20'000);
    const std::string large = patterned_bytes(200'000);
    write("medium.bin", medium);
    write("large.bin", large);
    const std::vector<Kind> kinds = {
        {"GET", "/page.txt", 200, page_},    {"HEAD", "/large.bin", 200, ""},
        {"GET", "/medium.bin", 200, medium}, {"GET", "/large.bin", 200, large},
        {"HEAD", "/absent", 404, ""},        {"HEAD", "/page.txt", 200, ""},
    };
    start();
    constexpr std::size_t requests = 100;
    std::string bytes;
    for (std::size_t i = 0; i < requests; ++i) {
        bytes += request_bytes(kinds[i % kinds.size()].method, kinds[i % kinds.size()].target);
    }
    HttpClient client = connect();
    client.send(bytes);
    for (std::size_t i = 0; i < requests; ++i) {
        const Kind& kind = kinds[i % kinds.size()];
        const Response response = client.receive_response(kind.method);
        ASSERT_EQ(response.status, kind.status) << "answer " << i;
        ASSERT_TRUE(is_same_bytes(response.body, kind.body)) << "answer " << i;
    }
    EXPECT_EQ(client.get("/page.txt").body, page_);
}

TEST_P(Connections, AnswerPipelinedRequestsUpToTheOneThatCloses) {
    start();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/page.txt") +
                request_bytes("GET", "/page.txt", "Connection: close\r\n") +
                request_bytes("GET", "/page.txt"));
    EXPECT_FALSE(client.receive_response().is_last());
    EXPECT_TRUE(client.receive_response().is_last());
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Connections, TakeARequestOneByteAtATime) {
    start();
    HttpClient client = connect();
    for (const char octet : request_bytes("GET", "/page.txt", "Range: bytes=0-0\r\n")) {
        client.send({&octet, 1});
        pause_briefly();
    }
    EXPECT_EQ(client.receive_response().status, 206);
}

TEST_P(Connections, TakeTwoRequestsSplitAnywhere) {
    start();
    const std::string bytes = request_bytes("GET", "/page.txt") + request_bytes("GET", "/absent");
    HttpClient client = connect();
    for (std::size_t split = 1; split < bytes.size(); ++split) {
        client.send(std::string_view(bytes).substr(0, split));
        pause_briefly();
        client.send(std::string_view(bytes).substr(split));
        ASSERT_EQ(client.receive_response().body, page_) << split;
        ASSERT_EQ(client.receive_response().status, 404) << split;
    }
}

TEST_P(Connections, TakeARequestAsLargeAsIsAllowed) {
    start();
    std::string fields;
    for (int i = 0; i < 90; ++i) {
        fields += "X-Padding-" + std::to_string(i) + ": " + std::string(250, 'x') + "\r\n";
    }
    EXPECT_EQ(get("/page.txt?" + std::string(8000, 'q'), fields).body, page_);
}

TEST_P(Connections, AnswerAClientThatHasStoppedSending) {
    write("large.bin", patterned_bytes(large_bytes));
    start();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/page.txt") + request_bytes("GET", "/large.bin"));
    client.finish_sending();
    EXPECT_EQ(client.receive_response().body, page_);
    EXPECT_EQ(client.receive_response().body.size(), large_bytes);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Connections, EndWhenTheClientEndsThem) {
    start();
    HttpClient unused = connect();
    unused.finish_sending();
    EXPECT_TRUE(unused.is_at_end());
    HttpClient unfinished = connect();
    unfinished.send("GET /page.t");
    unfinished.finish_sending();
    EXPECT_TRUE(unfinished.is_at_end());
}

TEST_P(Connections, SurviveOthersThatAreResetInTheirMidst) {
    write_holes("huge.bin", huge_bytes);
    start({"--workers", "1"});
    HttpClient bystander = connect();
    EXPECT_EQ(bystander.get("/page.txt").body, page_);
    for (int i = 0; i < 20; ++i) {
        connect().reset();
        HttpClient half_a_request = connect();
        half_a_request.send("GET /huge.bin HTT");
        half_a_request.reset();
        HttpClient no_reader = connect(small_receive_buffer_bytes);
        no_reader.send(request_bytes("GET", "/huge.bin"));
        no_reader.reset();
        HttpClient in_the_body = connect(small_receive_buffer_bytes);
        in_the_body.send(request_bytes("GET", "/huge.bin"));
        static_cast<void>(in_the_body.receive_head());
        static_cast<void>(in_the_body.receive(1000));
        in_the_body.reset();
        ASSERT_EQ(bystander.get("/page.txt").body, page_);
    }
    EXPECT_EQ(get("/huge.bin").body.size(), huge_bytes);
}

TEST_P(Connections, AreNotDelayedByOthersThatDoNotReadTheirAnswers) {
    write_holes("huge.bin", huge_bytes);
    start({"--workers", "1"});
    std::vector<HttpClient> slow_readers;
    for (int i = 0; i < 20; ++i) {
        slow_readers.push_back(connect(small_receive_buffer_bytes));
        slow_readers.back().send(request_bytes("GET", "/huge.bin"));
        EXPECT_EQ(slow_readers.back().receive_head().status, 200);
    }
    HttpClient client = connect();
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(client.get("/page.txt").body, page_);
    }
    // Nobody was given up either.
    EXPECT_TRUE(
        is_same_bytes(slow_readers.front().receive(huge_bytes), std::string(huge_bytes, '\0')));
}

// What can't be framed is answered, then the connection ends: in order, so that the client gets to
// read why.

TEST_P(Connections, EndAfterAMalformedRequest) {
    start();
    for (const std::string_view bytes : {
             "\x16\x03\x01\x02 this is TLS\r\n\r\n",
             "GET\r\n\r\n",
             "GET /page.txt\r\n\r\n",
             "GET  /page.txt HTTP/1.1\r\nHost: test\r\n\r\n",
             "GET /page.txt HTTP/1.1 \r\nHost: test\r\n\r\n",
             "GET /page.txt HTTP/1.1\nHost: test\n\n",
             "GET /page.txt HTTP/1.1\r\n\r\n",
             "GET /page.txt HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
             "GET /page.txt HTTP/1.1\r\nHost: test\r\nX : y\r\n\r\n",
             "GET /page.txt HTTP/1.1\r\nHost: test\r\nno colon\r\n\r\n",
             "GET /page.txt HTTP/1.1\r\nHost: test\r\nX: y\r\n folded\r\n\r\n",
             "GET /page.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 1, 1\r\n\r\n",
             "GET /page.txt HTTP/1.1\r\nHost: test\r\nContent-Length: +1\r\n\r\n",
             "GET /page.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\nTransfer-Encoding: "
             "chunked\r\n\r\n",
         }) {
        HttpClient client = connect();
        client.send(bytes);
        const Response response = client.receive_response();
        EXPECT_EQ(response.status, 400) << bytes;
        EXPECT_TRUE(response.is_last()) << bytes;
        EXPECT_TRUE(client.is_at_end()) << bytes;
    }
}

TEST_P(Connections, EndAfterARequestThatIsTooLong) {
    start();
    struct Case {
        std::string bytes;
        int status;
    };
    for (const auto& [bytes, status] :
         {Case{.bytes = request_bytes("GET", "/" + std::string(9000, 'x')), .status = 414},
          Case{.bytes = request_bytes("GET", "/", "X: " + std::string(40'000, 'x') + "\r\n"),
               .status = 431}}) {
        HttpClient client = connect();
        client.send(bytes);
        EXPECT_EQ(client.receive_response().status, status);
        EXPECT_TRUE(client.is_at_end());
    }
}

TEST_P(Connections, LetTheClientReadTheAnswerThoughItSentMuchThatNobodyWants) {
    start();
    HttpClient client = connect();
    client.send("nonsense\r\n\r\n" + std::string(200'000, 'x'));
    EXPECT_EQ(client.receive_response().status, 400);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Connections, AnswerWhatCameBeforeAMalformedRequest) {
    start();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/page.txt") + "nonsense\r\n\r\n");
    EXPECT_EQ(client.receive_response().body, page_);
    EXPECT_EQ(client.receive_response().status, 400);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Connections, SkipTheBodyOfARequestAndTakeTheNext) {
    start();
    HttpClient client = connect();
    // What looks like a request in a body is none.
    const std::string body = request_bytes("GET", "/absent") + std::string(60'000, 'x');
    const std::string fields = "Content-Length: " + std::to_string(body.size()) + "\r\n";
    client.send(request_bytes("GET", "/page.txt", fields) + body +
                request_bytes("POST", "/page.txt", fields) + body +
                request_bytes("GET", "/page.txt"));
    EXPECT_EQ(client.receive_response().body, page_);
    EXPECT_EQ(client.receive_response().status, 405);
    EXPECT_EQ(client.receive_response().body, page_);
}

TEST_P(Connections, EndAfterARequestWithABodyThatIsTooLongToSkip) {
    start();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/page.txt", "Content-Length: 70000\r\n") +
                std::string(70'000, 'x') + request_bytes("GET", "/page.txt"));
    const Response response = client.receive_response();
    EXPECT_EQ(response.body, page_);
    EXPECT_TRUE(response.is_last());
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Connections, GoOnAfterARequestWithAChunkedBody) {
    start();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/page.txt", "Transfer-Encoding: chunked\r\n") +
                "5\r\nhello\r\n0\r\n\r\n" + request_bytes("GET", "/page.txt"));
    EXPECT_EQ(client.receive_response().body, page_);
    EXPECT_EQ(client.receive_response().body, page_);
}

TEST_P(Connections, EndAfterARequestWhoseBodyWaitsToBeAskedFor) {
    start();
    HttpClient client = connect();
    const Response response =
        client.request("PUT", "/page.txt", "Content-Length: 10\r\nExpect: 100-continue\r\n");
    EXPECT_EQ(response.status, 405);
    EXPECT_TRUE(response.is_last());
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Connections, MakeRoomForNewOnesWhenDescriptorsRunOut) {
    LaunchOptions options = torc_with({"--workers", "1"});
    options.descriptors_max = 200;
    start(options);
    // Each is served before the next comes, so that all are idle but for an instant.
    constexpr std::size_t visitors = 300;
    std::vector<HttpClient> idle;
    for (std::size_t i = 0; i < visitors; ++i) {
        idle.push_back(connect());
        ASSERT_EQ(idle.back().get("/page.txt").body, page_) << "visitor " << i;
    }
    EXPECT_LE(server().open_descriptors(), *options.descriptors_max);
    // The one that was idle for the longest was closed for it, and the last was not.
    EXPECT_TRUE(idle.front().is_at_end());
    EXPECT_EQ(idle.back().get("/page.txt").body, page_);
}

TEST_P(Connections, RecoverFromAFloodOfThem) {
    LaunchOptions options = torc_with({"--workers", "1"});
    options.descriptors_max = 200;
    start(options);
    constexpr std::size_t flood = 300;
    std::vector<HttpClient> idle;
    for (std::size_t i = 0; i < flood; ++i) {
        idle.push_back(connect());
    }
    // Those that came all at once may be refused; those that come later may not.
    EXPECT_TRUE(eventually([&] {
        try {
            return get("/page.txt").body == page_;
        } catch (const ClientError&) {
            return false;
        }
    }));
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(get("/page.txt").body, page_);
    }
    // And once they have gone, nothing of them is left.
    idle.clear();
    constexpr std::size_t own_descriptors = 100;
    EXPECT_TRUE(eventually([&] { return server().open_descriptors() < own_descriptors; }));
}

TEST_P(Connections, SendPipelinedResponsesWholeToAClientThatHasEndedItsStream) {
    const std::string large = patterned_bytes(std::size_t{100} * 1024);
    write("large.txt", large);
    start();
    HttpClient client = connect(small_receive_buffer_bytes);
    constexpr int count = 200;
    std::string requests;
    for (int i = 0; i < count; ++i) {
        requests += request_bytes("GET", "/large.txt");
    }
    client.send(requests);
    client.finish_sending();
    pause_briefly();
    for (int i = 0; i < count; ++i) {
        ASSERT_TRUE(is_same_bytes(client.receive_response().body, large)) << "response " << i;
    }
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Connections, SendALargeListingWholeToAClientThatHasEndedItsStream) {
    // Long names, so that few files make a listing of many megabytes.
    constexpr int count = 15'000;
    for (int i = 0; i < count; ++i) {
        write("many/" + std::to_string(i) + std::string(200, 'n'), "");
    }
    start(std::vector<std::string>{"--listing"});
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/many/"));
    client.finish_sending();
    const Response response = client.receive_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_NE(response.body.find("14999n"), std::string::npos);
    EXPECT_TRUE(response.body.ends_with("</html>\n"));
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Connections, SendAFileWholeToAClientThatHasEndedItsStream) {
    const std::string huge = patterned_bytes(huge_bytes);
    write("huge.bin", huge);
    start();
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/huge.bin"));
    client.finish_sending();
    EXPECT_TRUE(is_same_bytes(client.receive_response().body, huge));
    EXPECT_TRUE(client.is_at_end());
}

}  // namespace
}  // namespace torc::test
