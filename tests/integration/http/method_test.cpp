// RFC 9110 §9: methods, and §10.1.1: what a client expects.

#include "integration/http/conformance.hpp"

#include <string>
#include <string_view>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Rfc9110_9_1);
CONFORMANCE_SUITE(Rfc9110_9_3_2);
CONFORMANCE_SUITE(Rfc9110_9_3_7);
CONFORMANCE_SUITE(Rfc9110_9_3_8);
CONFORMANCE_SUITE(Rfc9110_10_1_1);

// §9.1.

TEST_P(Rfc9110_9_1, Get_is_supported) {
    must();
    const Response response = get("/alphabet.txt");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, alphabet);
}

TEST_P(Rfc9110_9_1, Head_is_supported) {
    must();
    EXPECT_EQ(head("/alphabet.txt").status, 200);
}

TEST_P(Rfc9110_9_1, An_unknown_method_is_501) {
    should();
    EXPECT_EQ(answer_to(request_bytes("BREW", "/alphabet.txt")).status, 501);
}

TEST_P(Rfc9110_9_1, An_unknown_method_on_what_does_not_exist_is_501) {
    choice();
    EXPECT_EQ(answer_to(request_bytes("BREW", "/absent")).status, 501);
}

TEST_P(Rfc9110_9_1, A_method_in_lower_case_is_an_unknown_one) {
    choice();
    EXPECT_EQ(answer_to(request_bytes("get", "/alphabet.txt")).status, 501);
}

TEST_P(Rfc9110_9_1, Put_to_a_file_is_no_success) {
    should();
    const int status =
        answer_to(request_bytes("PUT", "/alphabet.txt", "Content-Length: 0\r\n")).status;
    EXPECT_TRUE(is_one_of(status, {403, 405, 501}));
}

TEST_P(Rfc9110_9_1, Delete_of_a_file_is_no_success) {
    should();
    const int status = answer_to(request_bytes("DELETE", "/alphabet.txt")).status;
    EXPECT_TRUE(is_one_of(status, {403, 405, 501}));
}

TEST_P(Rfc9110_9_1, Patch_of_a_file_is_no_success) {
    should();
    const int status =
        answer_to(request_bytes("PATCH", "/alphabet.txt", "Content-Length: 0\r\n")).status;
    EXPECT_TRUE(is_one_of(status, {403, 405, 501}));
}

TEST_P(Rfc9110_9_1, Known_methods_that_change_something_are_405) {
    choice();
    for (const std::string_view method : {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
        const Response response =
            answer_to(request_bytes(method, "/alphabet.txt", "Content-Length: 0\r\n"));
        EXPECT_EQ(response.status, 405) << method;
        EXPECT_EQ(response.field("Allow"), "GET, HEAD, OPTIONS") << method;
    }
}

// §9.3.2: HEAD.

TEST_P(Rfc9110_9_3_2, The_answer_has_no_content) {
    must();
    // The next request shows it, which `head` sends.
    EXPECT_EQ(head("/alphabet.txt").status, 200);
    EXPECT_EQ(head("/large.bin").status, 200);
}

TEST_P(Rfc9110_9_3_2, An_error_has_no_content) {
    must();
    EXPECT_EQ(head("/absent").status, 404);
}

TEST_P(Rfc9110_9_3_2, A_redirect_has_no_content) {
    must();
    EXPECT_TRUE(is_one_of(head("/dir").status, {301, 302, 307, 308}));
}

TEST_P(Rfc9110_9_3_2, The_fields_are_those_of_get) {
    should();
    for (const std::string_view target : {"/alphabet.txt", "/large.bin", "/style.css", "/dir/"}) {
        const Response of_head = head(target);
        const Response of_get = get(target);
        for (const std::string_view name :
             {"Content-Type", "Last-Modified", "ETag", "Accept-Ranges", "Vary", "Cache-Control"}) {
            EXPECT_EQ(of_head.field(name), of_get.field(name)) << name << " of " << target;
        }
    }
}

TEST_P(Rfc9110_9_3_2, A_length_is_that_of_get) {
    must();
    for (const std::string_view target : {"/alphabet.txt", "/large.bin", "/empty.txt", "/absent"}) {
        const auto length = head(target).field("Content-Length");
        EXPECT_EQ(length.value_or(std::to_string(get(target).body.size())),
                  std::to_string(get(target).body.size()))
            << target;
    }
}

TEST_P(Rfc9110_9_3_2, The_length_is_told) {
    choice();
    EXPECT_EQ(only(head("/large.bin"), "Content-Length"), std::to_string(large_bytes));
    EXPECT_EQ(only(head("/empty.txt"), "Content-Length"), "0");
}

TEST_P(Rfc9110_9_3_2, Five_hundred_on_a_large_file_are_answered_at_once) {
    hardening();
    std::string bytes;
    for (int i = 0; i < 500; ++i) {
        bytes += request_bytes("HEAD", "/large.bin");
    }
    HttpClient client = connect();
    client.send(bytes);
    for (int i = 0; i < 500; ++i) {
        ASSERT_EQ(client.receive_response("HEAD").status, 200) << i;
    }
}

TEST_P(Rfc9110_9_3_2, Preconditions_are_those_of_get) {
    must();
    const std::string etag = only(get("/alphabet.txt"), "ETag");
    EXPECT_EQ(head("/alphabet.txt", field_line("If-None-Match", etag)).status, 304);
    EXPECT_EQ(head("/alphabet.txt", "If-Match: \"other\"\r\n").status, 412);
}

// §9.3.7: OPTIONS.

TEST_P(Rfc9110_9_3_7, An_answer_that_is_a_success_says_what_is_allowed) {
    should();
    const Response response = answer_to(request_bytes("OPTIONS", "/alphabet.txt"));
    EXPECT_TRUE(response.status >= 300 || response.count("Allow") == 1) << response.head;
}

TEST_P(Rfc9110_9_3_7, It_is_204_with_allow) {
    choice();
    for (const std::string_view target : {"/alphabet.txt", "/absent", "/"}) {
        const Response response = answer_to(request_bytes("OPTIONS", target));
        EXPECT_EQ(response.status, 204) << target;
        EXPECT_EQ(response.field("Allow"), "GET, HEAD, OPTIONS") << target;
    }
}

// §9.3.8: TRACE.

TEST_P(Rfc9110_9_3_8, It_is_refused) {
    choice();
    EXPECT_EQ(answer_to(request_bytes("TRACE", "/alphabet.txt")).status, 405);
}

TEST_P(Rfc9110_9_3_8, No_credentials_are_sent_back) {
    hardening();
    const Response response =
        answer_to(request_bytes("TRACE", "/alphabet.txt", "Cookie: secret=1\r\n"));
    EXPECT_FALSE(response.body.contains("secret"));
}

// §10.1.1: Expect.

TEST_P(Rfc9110_10_1_1, Who_waits_for_100_gets_an_answer) {
    must();
    HttpClient client = connect();
    client.send(
        request_bytes("GET", "/alphabet.txt", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
    const int status = client.receive_response().status;
    EXPECT_TRUE(status == 100 || status >= 200) << status;
}

TEST_P(Rfc9110_10_1_1, Who_was_told_to_continue_gets_a_final_answer) {
    must();
    HttpClient client = connect();
    client.send(
        request_bytes("POST", "/alphabet.txt", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
    Response response = client.receive_response();
    if (response.status == 100) {
        client.send("hello");
        response = client.receive_response();
    }
    EXPECT_GE(response.status, 200);
}

TEST_P(Rfc9110_10_1_1, The_expectation_is_taken_in_any_case) {
    must();
    HttpClient client = connect();
    client.send(
        request_bytes("GET", "/alphabet.txt", "Expect: 100-CONTINUE\r\nContent-Length: 5\r\n"));
    const int status = client.receive_response().status;
    EXPECT_NE(status, 417);
}

TEST_P(Rfc9110_10_1_1, The_content_is_no_request_whether_it_was_asked_for_or_not) {
    must();
    const std::string content = request_bytes("GET", "/empty.txt");
    const Response response = answer_before_next(
        request_bytes("GET", "/alphabet.txt",
                      "Expect: 100-continue\r\n" +
                          field_line("Content-Length", std::to_string(content.size()))) +
        content);
    EXPECT_TRUE(response.status == 200 || response.status >= 400) << response.status;
}

TEST_P(Rfc9110_10_1_1, In_http10_it_is_ignored) {
    must();
    HttpClient client = connect();
    client.send("GET /alphabet.txt HTTP/1.0\r\nHost: test\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receive_response().body, alphabet);
}

TEST_P(Rfc9110_10_1_1, Without_content_it_changes_nothing) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "Expect: 100-continue\r\n").body, alphabet);
}

TEST_P(Rfc9110_10_1_1, The_final_answer_comes_at_once_and_ends_the_connection) {
    choice();
    HttpClient client = connect();
    client.send(
        request_bytes("GET", "/alphabet.txt", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
    const Response response = client.receive_response();
    EXPECT_EQ(response.body, alphabet);
    EXPECT_EQ(response.field("Connection"), "close");
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9110_10_1_1, Another_expectation_is_417) {
    choice();
    EXPECT_EQ(get("/alphabet.txt", "Expect: miracles\r\n").status, 417);
    EXPECT_EQ(get("/alphabet.txt", "Expect: 100-continue, miracles\r\n").status, 417);
}

}  // namespace
}  // namespace torc::test
