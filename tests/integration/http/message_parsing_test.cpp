// RFC 9112 §2 and §3: the request line, and what may stand around it.

#include "integration/http/conformance.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Rfc9112_2_2);
CONFORMANCE_SUITE(Rfc9110_2_5);
CONFORMANCE_SUITE(Rfc9112_3);
CONFORMANCE_SUITE(Rfc9112_3_1);

constexpr std::string_view host_line = "Host: test\r\n";

/// A GET of the alphabet with that request line, which gets its CRLF.
std::string with_request_line(std::string_view line) {
    return std::string(line) + "\r\n" + std::string(host_line) + "\r\n";
}

// §2.2: message parsing.

TEST_P(Rfc9112_2_2, An_empty_line_before_the_request_line_is_ignored) {
    should();
    EXPECT_EQ(answer_to("\r\n" + request_bytes("GET", "/alphabet.txt")).body, alphabet);
}

TEST_P(Rfc9112_2_2, An_empty_line_between_two_requests_is_ignored) {
    should();
    const auto answers =
        all_answers(request_bytes("GET", "/alphabet.txt") + "\r\n" +
                    request_bytes("GET", "/dir/page.html", "Connection: close\r\n"));
    ASSERT_EQ(answers.size(), 2);
    EXPECT_EQ(answers[1].status, 200);
}

TEST_P(Rfc9112_2_2, A_bare_cr_does_not_end_a_field_line) {
    must();
    const Response response = get("/alphabet.txt", "X: a\rRange: bytes=0-0\r\n");
    EXPECT_TRUE(is_one_of(response.status, {200, 400}));
}

TEST_P(Rfc9112_2_2, A_bare_cr_in_the_request_line_is_400) {
    should();
    EXPECT_EQ(status_of(with_request_line("GET /alphabet.txt\rHTTP/1.1")), 400);
}

TEST_P(Rfc9112_2_2, White_space_before_the_first_field_makes_no_field_of_the_line) {
    must();
    const int status =
        status_of("GET /alphabet.txt HTTP/1.1\r\n Range: bytes=0-0\r\nHost: test\r\n\r\n");
    EXPECT_TRUE(is_one_of(status, {200, 400}));
}

TEST_P(Rfc9112_2_2, White_space_before_a_host_line_makes_no_host_of_it) {
    must();
    EXPECT_EQ(status_of("GET /alphabet.txt HTTP/1.1\r\n Host: test\r\n\r\n"), 400);
}

TEST_P(Rfc9112_2_2, A_tls_handshake_is_400) {
    should();
    using namespace std::string_view_literals;
    EXPECT_EQ(status_of("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n"sv), 400);
}

TEST_P(Rfc9112_2_2, A_line_of_one_word_is_400) {
    should();
    EXPECT_EQ(status_of("nonsense\r\n\r\n"), 400);
}

TEST_P(Rfc9112_2_2, The_connection_ends_after_400) {
    should();
    HttpClient client = connect();
    client.send("nonsense\r\n\r\n");
    EXPECT_EQ(client.receive_response().status, 400);
    EXPECT_TRUE(client.ending());
}

TEST_P(Rfc9112_2_2, The_answer_is_the_same_however_the_bytes_arrive) {
    must();
    // So that what was sent last is, as a rule, received alone.
    constexpr std::chrono::milliseconds pause{1};
    const std::string bytes =
        request_bytes("GET", "/alphabet.txt", "Range: bytes=3-5\r\nAccept-Encoding: gzip\r\n");
    for (std::size_t split = 1; split < bytes.size(); ++split) {
        HttpClient client = connect();
        client.send(std::string_view(bytes).substr(0, split));
        std::this_thread::sleep_for(pause);
        client.send(std::string_view(bytes).substr(split));
        const Response response = client.receive_response();
        ASSERT_EQ(response.status, 206) << split;
        ASSERT_EQ(response.body, "def") << split;
    }
    HttpClient client = connect();
    for (const char octet : bytes) {
        client.send({&octet, 1});
        std::this_thread::sleep_for(pause);
    }
    EXPECT_EQ(client.receive_response().body, "def");
}

TEST_P(Rfc9112_2_2, Chunks_are_the_same_however_the_bytes_arrive) {
    must();
    if (refuses_content_of_get()) {
        GTEST_SKIP() << "takes no content in GET";
    }
    constexpr std::chrono::milliseconds pause{1};
    const std::string body = "5;a=\"b\"\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\n";
    for (std::size_t split = 1; split < body.size(); ++split) {
        HttpClient client = connect();
        client.send(request_bytes("GET", "/alphabet.txt", "Transfer-Encoding: chunked\r\n") +
                    body.substr(0, split));
        std::this_thread::sleep_for(pause);
        client.send(body.substr(split));
        const Response response = client.receive_response();
        ASSERT_EQ(response.status, 200) << split;
        ASSERT_EQ(response.body, alphabet) << split;
    }
}

TEST_P(Rfc9112_2_2, A_malformed_request_is_400_however_the_bytes_arrive) {
    should();
    constexpr std::chrono::milliseconds pause{1};
    const std::string bytes = request_bytes("GET", "/alphabet.txt", "X : y\r\n");
    for (std::size_t split = 1; split < bytes.size(); ++split) {
        HttpClient client = connect();
        client.send(std::string_view(bytes).substr(0, split));
        std::this_thread::sleep_for(pause);
        client.send(std::string_view(bytes).substr(split));
        ASSERT_EQ(client.receive_response().status, 400) << split;
    }
}

// RFC 9110 §2.5: the protocol version.

TEST_P(Rfc9110_2_5, A_higher_minor_version_is_served_as_http11) {
    should();
    const Response response = answer_to(with_request_line("GET /alphabet.txt HTTP/1.9"));
    EXPECT_EQ(response.body, alphabet);
    EXPECT_EQ(response.version_minor, 1);
}

TEST_P(Rfc9110_2_5, A_higher_minor_version_persists_as_http11) {
    should();
    EXPECT_FALSE(answer_to(with_request_line("GET /alphabet.txt HTTP/1.9")).is_last());
}

TEST_P(Rfc9110_2_5, The_answer_to_http10_says_http11) {
    should();
    EXPECT_EQ(answer_to("GET /alphabet.txt HTTP/1.0\r\nHost: test\r\n\r\n").version_minor, 1);
}

TEST_P(Rfc9110_2_5, Http10_without_a_host_is_served) {
    must();
    EXPECT_EQ(answer_to("GET /alphabet.txt HTTP/1.0\r\n\r\n").body, alphabet);
}

TEST_P(Rfc9110_2_5, Another_major_version_is_505) {
    choice();
    EXPECT_EQ(status_of(with_request_line("GET /alphabet.txt HTTP/2.0")), 505);
    EXPECT_EQ(status_of(with_request_line("GET /alphabet.txt HTTP/3.0")), 505);
    EXPECT_EQ(status_of(with_request_line("GET /alphabet.txt HTTP/0.9")), 505);
}

// RFC 9112 §3: the request line, with the version's syntax of §2.3.

TEST_P(Rfc9112_3, A_version_in_lower_case_is_refused) {
    should();
    EXPECT_TRUE(is_one_of(status_of(with_request_line("GET /alphabet.txt http/1.1")), {400, 505}));
}

TEST_P(Rfc9112_3, A_version_of_another_protocol_is_refused) {
    should();
    EXPECT_TRUE(
        is_one_of(status_of(with_request_line("GET /alphabet.txt HTCPCP/1.1")), {400, 505}));
}

TEST_P(Rfc9112_3, A_version_without_a_minor_number_is_refused) {
    should();
    EXPECT_TRUE(is_one_of(status_of(with_request_line("GET /alphabet.txt HTTP/1")), {400, 505}));
    EXPECT_TRUE(is_one_of(status_of(with_request_line("GET /alphabet.txt HTTP/1.")), {400, 505}));
}

TEST_P(Rfc9112_3, A_version_with_a_number_of_two_digits_is_refused) {
    should();
    EXPECT_TRUE(is_one_of(status_of(with_request_line("GET /alphabet.txt HTTP/1.10")), {400, 505}));
    EXPECT_TRUE(is_one_of(status_of(with_request_line("GET /alphabet.txt HTTP/01.1")), {400, 505}));
}

TEST_P(Rfc9112_3, A_version_with_something_behind_it_is_refused) {
    should();
    EXPECT_TRUE(is_one_of(status_of(with_request_line("GET /alphabet.txt HTTP/1.1x")), {400, 505}));
    EXPECT_TRUE(
        is_one_of(status_of(with_request_line("GET /alphabet.txt HTTP/1.1.1")), {400, 505}));
}

TEST_P(Rfc9112_3, A_version_with_a_sign_is_refused) {
    should();
    EXPECT_TRUE(is_one_of(status_of(with_request_line("GET /alphabet.txt HTTP/+1.1")), {400, 505}));
}

TEST_P(Rfc9112_3, A_request_line_without_a_version_is_400) {
    should();
    EXPECT_EQ(status_of(with_request_line("GET /alphabet.txt")), 400);
}

TEST_P(Rfc9112_3, A_request_line_without_a_target_is_400) {
    should();
    EXPECT_EQ(status_of(with_request_line("GET HTTP/1.1")), 400);
}

TEST_P(Rfc9112_3, A_space_in_the_target_is_400_or_redirected) {
    should();
    const int status = status_of(with_request_line("GET /names/with space.txt HTTP/1.1"));
    EXPECT_TRUE(is_one_of(status, {400, 301}));
}

TEST_P(Rfc9112_3, A_control_character_in_the_target_is_400_or_redirected) {
    should();
    EXPECT_TRUE(is_one_of(status_of(with_request_line("GET /a\x01"
                                                      "b HTTP/1.1")),
                          {400, 301}));
}

TEST_P(Rfc9112_3, A_nul_in_the_target_is_400_or_redirected) {
    should();
    using namespace std::string_literals;
    EXPECT_TRUE(
        is_one_of(status_of(with_request_line("GET /alphabet.txt\0 HTTP/1.1"s)), {400, 301}));
}

TEST_P(Rfc9112_3, A_request_line_of_8000_octets_is_taken) {
    should();
    constexpr std::size_t line_bytes = 8000;
    std::string line = "GET /alphabet.txt?";
    const std::string_view version = " HTTP/1.1";
    line.append(line_bytes - line.size() - version.size(), 'q').append(version);
    EXPECT_EQ(answer_to(with_request_line(line)).body, alphabet);
}

TEST_P(Rfc9112_3, A_target_longer_than_the_server_takes_is_414) {
    must();
    constexpr std::size_t more_than_any_takes = std::size_t{4} * 1024 * 1024;
    EXPECT_EQ(flood("GET /", "q", more_than_any_takes).status, 414);
}

TEST_P(Rfc9112_3, Two_spaces_in_the_request_line_are_400) {
    choice();
    EXPECT_EQ(status_of(with_request_line("GET  /alphabet.txt HTTP/1.1")), 400);
    EXPECT_EQ(status_of(with_request_line("GET /alphabet.txt  HTTP/1.1")), 400);
}

TEST_P(Rfc9112_3, A_space_around_the_request_line_is_400) {
    choice();
    EXPECT_EQ(status_of(with_request_line(" GET /alphabet.txt HTTP/1.1")), 400);
    EXPECT_EQ(status_of(with_request_line("GET /alphabet.txt HTTP/1.1 ")), 400);
}

TEST_P(Rfc9112_3, A_tab_for_the_space_in_the_request_line_is_400) {
    choice();
    EXPECT_EQ(status_of(with_request_line("GET\t/alphabet.txt HTTP/1.1")), 400);
    EXPECT_EQ(status_of(with_request_line("GET /alphabet.txt\tHTTP/1.1")), 400);
}

TEST_P(Rfc9112_3, A_bare_lf_ends_no_line) {
    choice();
    EXPECT_EQ(status_of("GET /alphabet.txt HTTP/1.1\nHost: test\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET /alphabet.txt HTTP/1.1\r\nHost: test\n\r\n"), 400);
    EXPECT_EQ(status_of("GET /alphabet.txt HTTP/1.1\r\nHost: test\r\n\n"), 400);
}

TEST_P(Rfc9112_3, Raw_utf8_in_the_target_is_taken) {
    choice();
    EXPECT_EQ(get("/names/na\xc3\xafve.txt").status, 200);
}

TEST_P(Rfc9112_3, What_browsers_leave_unencoded_is_taken) {
    choice();
    EXPECT_EQ(get("/alphabet.txt?a|b^c{d}[e]`f").status, 200);
}

// §3.1: the method.

TEST_P(Rfc9112_3_1, A_method_that_is_no_token_is_400) {
    should();
    EXPECT_EQ(status_of(with_request_line("GE(T) /alphabet.txt HTTP/1.1")), 400);
    EXPECT_EQ(status_of(with_request_line("G\x80T /alphabet.txt HTTP/1.1")), 400);
}

TEST_P(Rfc9112_3_1, A_method_is_case_sensitive) {
    must();
    EXPECT_NE(status_of(with_request_line("get /alphabet.txt HTTP/1.1")), 200);
    EXPECT_NE(status_of(with_request_line("Get /alphabet.txt HTTP/1.1")), 200);
}

TEST_P(Rfc9112_3_1, A_method_longer_than_any_is_501) {
    should();
    EXPECT_EQ(status_of(with_request_line(std::string(100, 'M') + " /alphabet.txt HTTP/1.1")), 501);
}

}  // namespace
}  // namespace torc::test
