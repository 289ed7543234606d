// RFC 9112 §6: where a request's body ends, and that nobody can be made to see it end elsewhere.

#include "integration/http/conformance.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Rfc9112_6_1);
CONFORMANCE_SUITE(Rfc9112_6_2);
CONFORMANCE_SUITE(Rfc9112_6_3);
CONFORMANCE_SUITE(Rfc9110_8_6);

using namespace std::string_literals;

/// A GET of the alphabet with a body. `fields`: whole lines.
std::string with_body(std::string_view fields, std::string_view body) {
    return request_bytes("GET", "/alphabet.txt", fields) + std::string(body);
}

std::string with_length(std::string_view length, std::string_view body = "hello") {
    return with_body(field_line("Content-Length", length), body);
}

/// `coding`: the value of Transfer-Encoding. The body is a chunked one.
std::string with_coding(std::string_view coding) {
    return with_body(field_line("Transfer-Encoding", coding), "5\r\nhello\r\n0\r\n\r\n");
}

// §6.2: Content-Length.

TEST_P(Rfc9112_6_2, A_body_by_its_length_is_no_request) {
    must();
    if (refuses_content_of_get()) {
        GTEST_SKIP() << "takes no content in GET";
    }
    const std::string body = request_bytes("GET", "/empty.txt");
    const Response response = answer_before_next(with_length(std::to_string(body.size()), body));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, alphabet);
}

TEST_P(Rfc9112_6_2, A_body_of_head_is_no_request) {
    must();
    if (refuses_content_of_get()) {
        GTEST_SKIP() << "takes no content in GET";
    }
    const std::string body = request_bytes("GET", "/empty.txt");
    HttpClient client = connect();
    client.send(request_bytes("HEAD", "/alphabet.txt",
                              field_line("Content-Length", std::to_string(body.size()))) +
                body + closing_request());
    EXPECT_EQ(client.receive_response("HEAD").status, 200);
    if (!client.ending()) {
        EXPECT_TRUE(client.receive_response().body.contains("page"));
    }
}

TEST_P(Rfc9112_6_2, A_body_of_post_is_no_request) {
    must();
    const std::string body = request_bytes("GET", "/alphabet.txt");
    const Response response = answer_before_next(
        request_bytes("POST", "/dir/page.html",
                      field_line("Content-Length", std::to_string(body.size()))) +
        body);
    EXPECT_FALSE(response.body.contains(alphabet));
}

TEST_P(Rfc9112_6_2, A_length_of_zero_is_taken) {
    must();
    EXPECT_EQ(answer_before_next(with_length("0", "")).body, alphabet);
}

TEST_P(Rfc9112_6_2, A_length_with_leading_zeros_is_taken) {
    must();
    if (refuses_content_of_get()) {
        GTEST_SKIP() << "takes no content in GET";
    }
    EXPECT_EQ(answer_before_next(with_length("0005")).status, 200);
}

TEST_P(Rfc9112_6_2, Ten_bodies_in_one_connection_are_skipped) {
    choice();
    std::string bytes;
    for (int i = 0; i < 10; ++i) {
        bytes += with_length("5");
    }
    EXPECT_EQ(all_answers(bytes + closing_request()).size(), 11);
}

TEST_P(Rfc9112_6_2, A_body_of_64_kib_is_skipped_and_a_longer_one_ends_the_connection) {
    choice();
    constexpr std::size_t drained_bytes_max = std::size_t{64} * 1024;
    const std::string body(drained_bytes_max, 'x');
    EXPECT_EQ(
        all_answers(with_length(std::to_string(body.size()), body) + closing_request()).size(), 2);
    const Response response =
        last_answer_to(with_length(std::to_string(body.size() + 1), body + "x"));
    EXPECT_EQ(response.body, alphabet);
    EXPECT_EQ(response.field("Connection"), "close");
}

TEST_P(Rfc9112_6_2, The_answer_to_a_body_that_nobody_wants_can_be_read) {
    hardening();
    // More than is skipped, less than a lingering close takes.
    const std::string body(200'000, 'x');
    const Response response = answer_before_next(with_length(std::to_string(body.size()), body));
    EXPECT_TRUE(is_one_of(response.status, {200, 400, 413}));
}

// §6.3: what makes a length invalid is 400, and the connection ends.

TEST_P(Rfc9112_6_3, A_length_with_a_plus_is_400) {
    must();
    EXPECT_EQ(last_answer_to(with_length("+5")).status, 400);
}

TEST_P(Rfc9112_6_3, A_negative_length_is_400) {
    must();
    EXPECT_EQ(last_answer_to(with_length("-5")).status, 400);
}

TEST_P(Rfc9112_6_3, A_hexadecimal_length_is_400) {
    must();
    EXPECT_EQ(last_answer_to(with_length("0x5")).status, 400);
}

TEST_P(Rfc9112_6_3, A_length_in_two_words_is_400) {
    must();
    EXPECT_EQ(last_answer_to(with_length("5 5")).status, 400);
}

TEST_P(Rfc9112_6_3, A_length_with_something_behind_it_is_400) {
    must();
    EXPECT_EQ(last_answer_to(with_length("5;")).status, 400);
    EXPECT_EQ(last_answer_to(with_length("5x")).status, 400);
    EXPECT_EQ(last_answer_to(with_length("5.0")).status, 400);
}

TEST_P(Rfc9112_6_3, An_empty_length_is_400) {
    must();
    EXPECT_EQ(last_answer_to(with_length("", "")).status, 400);
}

TEST_P(Rfc9112_6_3, A_quoted_length_is_400) {
    must();
    EXPECT_EQ(last_answer_to(with_length("\"5\"")).status, 400);
}

TEST_P(Rfc9112_6_3, A_list_of_different_lengths_is_400) {
    must();
    EXPECT_EQ(last_answer_to(with_length("5, 6")).status, 400);
}

TEST_P(Rfc9112_6_3, Two_different_lengths_are_400) {
    must();
    EXPECT_EQ(
        last_answer_to(with_body("Content-Length: 5\r\nContent-Length: 6\r\n", "hello")).status,
        400);
    EXPECT_EQ(
        last_answer_to(with_body("Content-Length: 6\r\nContent-Length: 5\r\n", "hello")).status,
        400);
}

TEST_P(Rfc9112_6_3, A_length_with_nul_is_400) {
    must();
    EXPECT_EQ(last_answer_to(with_length("5\0"s)).status, 400);
}

TEST_P(Rfc9112_6_3, The_answer_to_an_invalid_length_says_close) {
    should();
    EXPECT_EQ(last_answer_to(with_length("x")).field("Connection"), "close");
}

// RFC 9110 §8.6: a length beyond every integer, and one that is said twice.

TEST_P(Rfc9110_8_6, A_length_beyond_64_bits_does_not_wrap_around) {
    must();
    // 2^64 + 5.
    EXPECT_TRUE(
        is_one_of(last_answer_to(with_length("18446744073709551621")).status, {200, 400, 413}));
}

TEST_P(Rfc9110_8_6, A_length_beyond_32_bits_does_not_wrap_around) {
    must();
    // 2^32 + 5.
    HttpClient client = connect();
    client.send(with_length("4294967301") + closing_request());
    client.finish_sending();
    EXPECT_TRUE(is_one_of(client.receive_response().status, {200, 400, 413}));
    try {
        EXPECT_TRUE(client.ending()) << "the body was taken for a request";
    } catch (const ClientError&) {
        // It waits for the rest of the body, as it may.
    }
}

TEST_P(Rfc9110_8_6, A_length_of_a_hundred_digits_does_not_wrap_around) {
    must();
    EXPECT_TRUE(
        is_one_of(last_answer_to(with_length("1" + std::string(99, '0'))).status, {200, 400, 413}));
}

TEST_P(Rfc9110_8_6, The_same_length_twice_is_one_length_or_400) {
    must();
    const int status =
        answer_before_next(with_body("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")).status;
    EXPECT_TRUE(is_one_of(status, {200, 400}));
    EXPECT_TRUE(is_one_of(answer_before_next(with_length("5, 5")).status, {200, 400}));
}

TEST_P(Rfc9110_8_6, The_same_length_twice_is_400) {
    choice();
    EXPECT_EQ(
        last_answer_to(with_body("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")).status,
        400);
    EXPECT_EQ(last_answer_to(with_length("5, 5")).status, 400);
}

TEST_P(Rfc9110_8_6, A_length_beyond_any_integer_is_400) {
    choice();
    EXPECT_EQ(last_answer_to(with_length("18446744073709551621")).status, 400);
    EXPECT_EQ(last_answer_to(with_length("9223372036854775808")).status, 400);
}

// §6.1: Transfer-Encoding. Where chunked is not final, §6.3 has 400 and close; where the coding is
// not known, §6.1 has 501: which of the two comes first is open.

TEST_P(Rfc9112_6_1, A_chunked_body_is_no_request) {
    must();
    if (refuses_content_of_get()) {
        GTEST_SKIP() << "takes no content in GET";
    }
    const std::string content = request_bytes("GET", "/empty.txt");
    const Response response = answer_before_next(
        with_body("Transfer-Encoding: chunked\r\n",
                  fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", content.size(), content)));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, alphabet);
}

TEST_P(Rfc9112_6_1, Chunked_is_taken_in_any_case) {
    must();
    if (refuses_content_of_get()) {
        GTEST_SKIP() << "takes no content in GET";
    }
    EXPECT_EQ(answer_before_next(with_coding("cHuNkEd")).body, alphabet);
}

TEST_P(Rfc9112_6_1, An_unknown_coding_before_chunked_is_501) {
    should();
    EXPECT_EQ(last_answer_to(with_coding("unknown, chunked")).status, 501);
}

TEST_P(Rfc9112_6_1, A_length_beside_chunked_ends_the_connection) {
    must();
    const int status = last_answer_to(with_body("Content-Length: 5\r\n"
                                                "Transfer-Encoding: chunked\r\n",
                                                "5\r\nhello\r\n0\r\n\r\n"))
                           .status;
    EXPECT_TRUE(is_one_of(status, {200, 400}));
}

TEST_P(Rfc9112_6_1, A_length_behind_chunked_ends_the_connection) {
    must();
    const int status = last_answer_to(with_body("Transfer-Encoding: chunked\r\n"
                                                "Content-Length: 5\r\n",
                                                "5\r\nhello\r\n0\r\n\r\n"))
                           .status;
    EXPECT_TRUE(is_one_of(status, {200, 400}));
}

TEST_P(Rfc9112_6_1, A_length_beside_chunked_does_not_frame_the_body) {
    must();
    // By its length the body ends with the size of the chunk, and a request follows.
    const std::string content = request_bytes("GET", "/empty.txt");
    const std::string size = fmt::format("{:x}\r\n", content.size());
    const int status =
        answer_before_next(with_body(field_line("Content-Length", std::to_string(size.size())) +
                                         "Transfer-Encoding: chunked\r\n",
                                     size + content + "\r\n0\r\n\r\n"))
            .status;
    EXPECT_TRUE(is_one_of(status, {200, 400}));
}

TEST_P(Rfc9112_6_1, A_length_beside_chunked_is_400) {
    choice();
    EXPECT_EQ(last_answer_to(with_body("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                       "5\r\nhello\r\n0\r\n\r\n"))
                  .status,
              400);
}

TEST_P(Rfc9112_6_1, A_coding_in_http10_ends_the_connection) {
    must();
    const auto last = last_answer_to(
        "GET /alphabet.txt HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n"
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    EXPECT_TRUE(is_one_of(last.status, {200, 400, 501}));
}

TEST_P(Rfc9112_6_1, A_coding_in_http10_is_400) {
    choice();
    EXPECT_EQ(status_of("GET /alphabet.txt HTTP/1.0\r\nHost: test\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              400);
}

TEST_P(Rfc9112_6_3, A_coding_that_is_not_chunked_is_400_or_501_and_ends_the_connection) {
    must();
    EXPECT_TRUE(is_one_of(last_answer_to(with_coding("unknown")).status, {400, 501}));
}

TEST_P(Rfc9112_6_3, Chunked_before_another_coding_is_400_or_501_and_ends_the_connection) {
    must();
    EXPECT_TRUE(is_one_of(last_answer_to(with_coding("chunked, gzip")).status, {400, 501}));
}

TEST_P(Rfc9112_6_3, The_coding_identity_is_400_or_501_and_ends_the_connection) {
    must();
    EXPECT_TRUE(is_one_of(last_answer_to(with_coding("identity")).status, {400, 501}));
    EXPECT_TRUE(is_one_of(last_answer_to(with_coding("chunked, identity")).status, {400, 501}));
}

TEST_P(Rfc9112_6_3, What_is_like_chunked_is_400_or_501_and_ends_the_connection) {
    must();
    for (const std::string_view coding : {"xchunked", "chunkedx", "chunked-", "\"chunked\"",
                                          "chunk", "chunked chunked", "ch unked"}) {
        EXPECT_TRUE(is_one_of(last_answer_to(with_coding(coding)).status, {400, 501})) << coding;
    }
}

TEST_P(Rfc9112_6_3, Chunked_with_a_control_character_is_400_or_501_and_ends_the_connection) {
    must();
    EXPECT_TRUE(is_one_of(last_answer_to(with_coding("\x0b"
                                                     "chunked"))
                              .status,
                          {400, 501}));
    EXPECT_TRUE(is_one_of(last_answer_to(with_coding("chunked\0"s)).status, {400, 501}));
}

TEST_P(Rfc9112_6_3, An_empty_coding_is_400_or_501_and_ends_the_connection) {
    must();
    EXPECT_TRUE(is_one_of(last_answer_to(with_coding("")).status, {400, 501}));
}

TEST_P(Rfc9112_6_3, Chunked_twice_is_refused) {
    hardening();
    EXPECT_TRUE(is_one_of(last_answer_to(with_coding("chunked, chunked")).status, {400, 501}));
    EXPECT_TRUE(is_one_of(
        last_answer_to(with_body("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                                 "5\r\nhello\r\n0\r\n\r\n"))
            .status,
        {400, 501}));
}

}  // namespace
}  // namespace torc::test
