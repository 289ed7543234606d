// RFC 9112 §9: how connections persist and end.

#include "integration/http/conformance.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Rfc9112_9_3);
CONFORMANCE_SUITE(Rfc9112_9_3_2);
CONFORMANCE_SUITE(Rfc9112_9_6);

constexpr int small_receive_buffer_bytes = 8 * 1024;

std::string http10(std::string_view target, std::string_view fields = {}) {
    return "GET " + std::string(target) + " HTTP/1.0\r\nHost: test\r\n" + std::string(fields) +
           "\r\n";
}

// §9.3: persistence.

TEST_P(Rfc9112_9_3, Http11_persists) {
    should();
    HttpClient client = connect();
    for (int i = 0; i < 3; ++i) {
        const Response response = client.get("/alphabet.txt");
        EXPECT_EQ(response.body, alphabet);
        EXPECT_FALSE(response.is_last());
    }
}

TEST_P(Rfc9112_9_3, Http11_persists_after_404) {
    should();
    HttpClient client = connect();
    EXPECT_EQ(client.get("/absent").status, 404);
    EXPECT_EQ(client.get("/alphabet.txt").body, alphabet);
}

TEST_P(Rfc9112_9_3, Http10_does_not_persist) {
    must();
    HttpClient client = connect();
    client.send(http10("/alphabet.txt"));
    EXPECT_EQ(client.receive_response().body, alphabet);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9112_9_3, Http10_persists_on_request_and_the_answer_says_so) {
    choice();
    HttpClient client = connect();
    for (int i = 0; i < 2; ++i) {
        client.send(http10("/alphabet.txt", "Connection: Keep-Alive\r\n"));
        const Response response = client.receive_response();
        EXPECT_EQ(response.body, alphabet);
        EXPECT_TRUE(equals_ignoring_case(only(response, "Connection"), "keep-alive"));
    }
}

TEST_P(Rfc9112_9_3, Http10_with_keep_alive_and_close_does_not_persist) {
    must();
    HttpClient client = connect();
    client.send(http10("/alphabet.txt", "Connection: keep-alive, close\r\n"));
    EXPECT_EQ(client.receive_response().body, alphabet);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9112_9_3, An_answer_to_http10_is_not_chunked) {
    must();
    const Response response = answer_to(http10("/large.bin"));
    EXPECT_EQ(response.count("Transfer-Encoding"), 0);
    EXPECT_TRUE(is_same_bytes(response.body, tree().large()));
}

TEST_P(Rfc9112_9_3, Http10_closes_after_a_whole_answer) {
    must();
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(http10("/large.bin"));
    EXPECT_TRUE(is_same_bytes(client.receive_response().body, tree().large()));
    EXPECT_TRUE(client.is_at_end());
}

// §9.3.2: pipelining.

TEST_P(Rfc9112_9_3_2, A_hundred_answers_come_in_the_order_of_their_requests) {
    must();
    struct Exchange {
        std::string_view method;
        std::string_view target;
        int status;
    };
    const std::vector<Exchange> exchanges = {
        {"GET", "/alphabet.txt", 200}, {"HEAD", "/large.bin", 200}, {"GET", "/absent", 404},
        {"GET", "/large.bin", 200},    {"GET", "/empty.txt", 200},  {"HEAD", "/absent", 404},
    };
    constexpr std::size_t count = 100;
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) {
        const Exchange& exchange = exchanges[i % exchanges.size()];
        bytes += request_bytes(exchange.method, exchange.target);
    }
    HttpClient client = connect();
    client.send(bytes);
    for (std::size_t i = 0; i < count; ++i) {
        const Exchange& exchange = exchanges[i % exchanges.size()];
        const Response response = client.receive_response(exchange.method);
        ASSERT_EQ(response.status, exchange.status) << i;
        if (exchange.target == "/large.bin" && exchange.method == "GET") {
            ASSERT_TRUE(is_same_bytes(response.body, tree().large())) << i;
        }
    }
}

TEST_P(Rfc9112_9_3_2, What_came_before_a_malformed_request_is_answered) {
    must();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/alphabet.txt") + "nonsense\r\n\r\n");
    EXPECT_EQ(client.receive_response().body, alphabet);
    EXPECT_EQ(client.receive_response().status, 400);
}

// §9.6: the end.

TEST_P(Rfc9112_9_6, Close_ends_the_connection_after_the_answer) {
    must();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/alphabet.txt", "Connection: close\r\n"));
    EXPECT_EQ(client.receive_response().body, alphabet);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9112_9_6, The_answer_to_close_says_close) {
    should();
    const Response response = get("/alphabet.txt", "Connection: close\r\n");
    EXPECT_TRUE(equals_ignoring_case(only(response, "Connection"), "close"));
}

TEST_P(Rfc9112_9_6, No_request_after_close_is_answered) {
    must();
    const auto answers =
        all_answers(request_bytes("GET", "/alphabet.txt", "Connection: close\r\n") +
                    request_bytes("GET", "/alphabet.txt"));
    EXPECT_EQ(answers.size(), 1);
}

TEST_P(Rfc9112_9_6, Close_is_taken_in_any_case) {
    must();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/alphabet.txt", "Connection: cLoSe\r\n"));
    EXPECT_EQ(client.receive_response().body, alphabet);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9112_9_6, Close_is_taken_in_a_list) {
    must();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/alphabet.txt", "Connection: TE, close ,x\r\n"));
    EXPECT_EQ(client.receive_response().body, alphabet);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9112_9_6, Close_wins_over_keep_alive) {
    must();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/alphabet.txt", "Connection: keep-alive, close\r\n"));
    EXPECT_EQ(client.receive_response().body, alphabet);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9112_9_6, A_token_like_close_does_not_close) {
    hardening();
    EXPECT_FALSE(get("/alphabet.txt", "Connection: closed, not-close, x-close\r\n").is_last());
}

TEST_P(Rfc9112_9_6, Close_ends_the_connection_after_an_error) {
    must();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/absent", "Connection: close\r\n"));
    EXPECT_EQ(client.receive_response().status, 404);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9112_9_6, A_whole_answer_comes_before_the_end) {
    must();
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/large.bin", "Connection: close\r\n"));
    EXPECT_TRUE(is_same_bytes(client.receive_response().body, tree().large()));
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9112_9_6, An_answer_is_not_lost_to_a_request_that_is_not_read) {
    hardening();
    // What arrives after the close is answered with a reset by the kernel, unless the server waits.
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/large.bin", "Connection: close\r\n") +
                request_bytes("GET", "/alphabet.txt"));
    EXPECT_TRUE(is_same_bytes(client.receive_response().body, tree().large()));
}

TEST_P(Rfc9112_9_6, A_refusal_can_be_read_by_who_is_still_sending) {
    hardening();
    HttpClient client = connect();
    client.send("nonsense\r\n\r\n" + std::string(150'000, 'x'));
    EXPECT_EQ(client.receive_response().status, 400);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9112_9_6, Who_has_stopped_sending_is_answered) {
    hardening();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/large.bin"));
    client.finish_sending();
    EXPECT_TRUE(is_same_bytes(client.receive_response().body, tree().large()));
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9112_9_6, Half_a_request_is_no_request) {
    must();
    HttpClient client = connect();
    client.send("GET /alphabet.txt HTTP/1.1\r\nHost: test\r\n");
    client.finish_sending();
    if (!client.ending()) {
        EXPECT_GE(client.receive_response().status, 400);
        EXPECT_TRUE(client.ending());
    }
}

}  // namespace
}  // namespace torc::test
