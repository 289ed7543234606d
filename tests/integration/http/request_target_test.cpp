// RFC 9112 §3.2: the forms of a request target, and Host; RFC 9110 §4.2 and §7: the URI.

#include "integration/http/conformance.hpp"

#include <string>
#include <string_view>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Rfc9112_3_2);
CONFORMANCE_SUITE(Rfc9112_3_2_1);
CONFORMANCE_SUITE(Rfc9112_3_2_2);
CONFORMANCE_SUITE(Rfc9112_3_2_3);
CONFORMANCE_SUITE(Rfc9112_3_2_4);
CONFORMANCE_SUITE(Rfc9110_4_2_3);
CONFORMANCE_SUITE(Rfc9110_7_4);

/// A GET of the alphabet with these field lines and no others.
std::string with_fields(std::string_view fields) {
    return "GET /alphabet.txt HTTP/1.1\r\n" + std::string(fields) + "\r\n";
}

std::string with_host(std::string_view host) {
    return with_fields(field_line("Host", host));
}

// §3.2: Host.

TEST_P(Rfc9112_3_2, A_missing_host_in_http11_is_400) {
    must();
    EXPECT_EQ(status_of(with_fields("")), 400);
}

TEST_P(Rfc9112_3_2, Two_hosts_are_400) {
    must();
    EXPECT_EQ(status_of(with_fields("Host: a\r\nHost: b\r\n")), 400);
}

TEST_P(Rfc9112_3_2, The_same_host_twice_is_400) {
    must();
    EXPECT_EQ(status_of(with_fields("Host: test\r\nHost: test\r\n")), 400);
}

TEST_P(Rfc9112_3_2, Two_hosts_apart_in_other_cases_are_400) {
    must();
    EXPECT_EQ(status_of(with_fields("Host: test\r\nX: y\r\nhOST: test\r\n")), 400);
}

TEST_P(Rfc9112_3_2, A_host_with_a_space_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("te st")), 400);
}

TEST_P(Rfc9112_3_2, A_host_with_a_slash_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("test/dir")), 400);
}

TEST_P(Rfc9112_3_2, A_host_with_a_backslash_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("test\\dir")), 400);
}

TEST_P(Rfc9112_3_2, A_host_with_userinfo_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("user@test")), 400);
}

TEST_P(Rfc9112_3_2, A_host_with_a_query_or_fragment_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("test?x")), 400);
    EXPECT_EQ(status_of(with_host("test#x")), 400);
}

TEST_P(Rfc9112_3_2, A_host_that_is_a_uri_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("http://test")), 400);
}

TEST_P(Rfc9112_3_2, A_host_with_an_invalid_escape_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("te%st")), 400);
    EXPECT_EQ(status_of(with_host("test%2")), 400);
}

TEST_P(Rfc9112_3_2, A_host_with_a_port_that_is_no_number_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("test:http")), 400);
    EXPECT_EQ(status_of(with_host("test:-80")), 400);
    EXPECT_EQ(status_of(with_host("test:80:80")), 400);
}

TEST_P(Rfc9112_3_2, A_host_with_non_ascii_octets_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("t\xc3\xa9st")), 400);
}

TEST_P(Rfc9112_3_2, An_ipv6_host_without_its_bracket_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("[::1")), 400);
    EXPECT_EQ(status_of(with_host("::1")), 400);
}

TEST_P(Rfc9112_3_2, An_ipv6_host_that_is_no_address_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("[::g]")), 400);
    EXPECT_EQ(status_of(with_host("[1:2:3]")), 400);
    EXPECT_EQ(status_of(with_host("[1::2::3]")), 400);
    EXPECT_EQ(status_of(with_host("[]")), 400);
}

TEST_P(Rfc9112_3_2, An_ipv6_host_with_something_behind_its_bracket_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("[::1]x")), 400);
}

TEST_P(Rfc9112_3_2, A_list_of_hosts_in_brackets_is_400) {
    must();
    EXPECT_EQ(status_of(with_host("[::1],[::2]")), 400);
}

TEST_P(Rfc9112_3_2, A_name_and_a_port_are_taken) {
    must();
    EXPECT_EQ(status_of(with_host("test.example:8080")), 200);
}

TEST_P(Rfc9112_3_2, A_host_in_upper_case_is_taken) {
    must();
    EXPECT_EQ(status_of(with_host("TEST.Example")), 200);
}

TEST_P(Rfc9112_3_2, An_empty_port_is_taken) {
    must();
    EXPECT_EQ(status_of(with_host("test:")), 200);
}

TEST_P(Rfc9112_3_2, An_ipv4_host_is_taken) {
    must();
    EXPECT_EQ(status_of(with_host("127.0.0.1:80")), 200);
}

TEST_P(Rfc9112_3_2, An_ipv6_host_is_taken) {
    must();
    EXPECT_EQ(status_of(with_host("[2001:db8::192.0.2.1]:80")), 200);
    EXPECT_EQ(status_of(with_host("[::1]")), 200);
}

TEST_P(Rfc9112_3_2, An_escape_in_a_host_is_taken) {
    choice();
    EXPECT_EQ(status_of(with_host("t%C3%A9st")), 200);
}

TEST_P(Rfc9112_3_2, A_port_beyond_65535_is_400) {
    choice();
    EXPECT_EQ(status_of(with_host("test:65536")), 400);
}

TEST_P(Rfc9112_3_2, An_empty_host_is_taken) {
    choice();
    EXPECT_EQ(status_of(with_host("")), 200);
}

// §3.2.1: origin-form.

TEST_P(Rfc9112_3_2_1, A_target_without_its_slash_is_400) {
    should();
    EXPECT_EQ(get("alphabet.txt").status, 400);
}

TEST_P(Rfc9112_3_2_1, A_target_with_a_fragment_is_400_or_redirected) {
    should();
    EXPECT_TRUE(is_one_of(get("/alphabet.txt#a").status, {400, 301}));
}

TEST_P(Rfc9112_3_2_1, A_query_does_not_change_the_file) {
    must();
    EXPECT_EQ(get("/alphabet.txt?a=b&c=/../d?e").body, alphabet);
    EXPECT_EQ(get("/alphabet.txt?").body, alphabet);
}

// §3.2.2: absolute-form.

TEST_P(Rfc9112_3_2_2, The_absolute_form_is_taken) {
    must();
    EXPECT_EQ(get("http://test/alphabet.txt").body, alphabet);
}

TEST_P(Rfc9112_3_2_2, The_absolute_form_with_a_port_is_taken) {
    must();
    EXPECT_EQ(get("http://test:80/alphabet.txt").body, alphabet);
}

TEST_P(Rfc9112_3_2_2, The_absolute_form_wins_over_host) {
    must();
    EXPECT_EQ(get("http://other.example/alphabet.txt").body, alphabet);
    const std::string location = only(get("http://other.example/dir"), "Location");
    EXPECT_FALSE(location.contains("//test")) << location;
}

TEST_P(Rfc9112_3_2_2, The_absolute_form_needs_a_host_too) {
    must();
    EXPECT_EQ(status_of("GET http://test/alphabet.txt HTTP/1.1\r\n\r\n"), 400);
}

TEST_P(Rfc9112_3_2_2, The_absolute_form_does_not_excuse_an_invalid_host) {
    must();
    EXPECT_EQ(status_of("GET http://test/alphabet.txt HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
}

TEST_P(Rfc9112_3_2_2, An_absolute_form_with_an_invalid_host_is_400) {
    should();
    EXPECT_EQ(get("http://te[st/alphabet.txt").status, 400);
    EXPECT_EQ(get("http://[::g]/alphabet.txt").status, 400);
}

TEST_P(Rfc9112_3_2_2, An_absolute_form_with_userinfo_is_400) {
    choice();
    EXPECT_EQ(get("http://user@test/alphabet.txt").status, 400);
}

TEST_P(Rfc9112_3_2_2, An_absolute_form_of_another_scheme_is_400) {
    choice();
    EXPECT_EQ(get("ftp://test/alphabet.txt").status, 400);
    EXPECT_EQ(get("file:///etc/passwd").status, 400);
}

TEST_P(Rfc9112_3_2_2, An_absolute_form_takes_part_in_http10) {
    must();
    EXPECT_EQ(answer_to("GET http://test/alphabet.txt HTTP/1.0\r\n\r\n").body, alphabet);
}

// §3.2.3: authority-form, RFC 9110 §9.3.6.

TEST_P(Rfc9112_3_2_3, The_authority_form_is_not_for_get) {
    should();
    EXPECT_EQ(get("test:80").status, 400);
}

TEST_P(Rfc9112_3_2_3, Connect_opens_no_tunnel) {
    must();
    EXPECT_GE(status_of(request_bytes("CONNECT", "test:80")), 300);
}

TEST_P(Rfc9112_3_2_3, Connect_without_a_port_is_refused) {
    must();
    EXPECT_GE(status_of(request_bytes("CONNECT", "test")), 300);
}

TEST_P(Rfc9112_3_2_3, Connect_with_an_empty_port_is_refused) {
    must();
    EXPECT_GE(status_of(request_bytes("CONNECT", "test:")), 300);
}

TEST_P(Rfc9112_3_2_3, Connect_to_a_path_is_refused) {
    must();
    EXPECT_GE(status_of(request_bytes("CONNECT", "/alphabet.txt")), 300);
}

TEST_P(Rfc9112_3_2_3, Connect_is_405_and_400_without_an_authority) {
    choice();
    EXPECT_EQ(status_of(request_bytes("CONNECT", "test:80")), 405);
    for (const std::string_view target : {"test", "test:", "test:http", "/alphabet.txt", "*"}) {
        EXPECT_EQ(status_of(request_bytes("CONNECT", target)), 400) << target;
    }
}

// §3.2.4: asterisk-form.

TEST_P(Rfc9112_3_2_4, The_asterisk_form_is_not_for_get) {
    should();
    EXPECT_EQ(get("*").status, 400);
}

TEST_P(Rfc9112_3_2_4, The_asterisk_form_is_not_for_head) {
    should();
    EXPECT_EQ(head("*").status, 400);
}

TEST_P(Rfc9112_3_2_4, Options_of_the_server_is_204_with_allow) {
    choice();
    const Response response = answer_to(request_bytes("OPTIONS", "*"));
    EXPECT_EQ(response.status, 204);
    EXPECT_EQ(only(response, "Allow"), "GET, HEAD, OPTIONS");
}

TEST_P(Rfc9112_3_2_4, Something_behind_the_asterisk_is_400) {
    should();
    EXPECT_EQ(answer_to(request_bytes("OPTIONS", "*/alphabet.txt")).status, 400);
}

// RFC 9110 §4.2.3: which URIs are the same.

TEST_P(Rfc9110_4_2_3, The_scheme_is_taken_in_any_case) {
    must();
    EXPECT_EQ(get("HTTP://test/alphabet.txt").body, alphabet);
}

TEST_P(Rfc9110_4_2_3, An_empty_path_is_the_root) {
    must();
    for (const std::string_view target : {"http://test", "http://test?a=b"}) {
        const Response response = get(target);
        // Some say so by a redirect.
        EXPECT_TRUE(response.body == get("/").body ||
                    response.field("Location").value_or("").starts_with('/'))
            << target << ":\n"
            << response.head;
    }
}

TEST_P(Rfc9110_4_2_3, An_encoded_unreserved_character_is_that_character) {
    must();
    EXPECT_EQ(get("/%61lphabet%2Etxt").body, alphabet);
}

TEST_P(Rfc9110_4_2_3, An_escape_is_taken_in_any_case) {
    must();
    EXPECT_EQ(get("/%61%6c%70habet%2etxt").body, alphabet);
    EXPECT_EQ(get("/%61%6C%70habet%2Etxt").body, alphabet);
}

// RFC 9110 §7.4: rejecting misdirected requests.

TEST_P(Rfc9110_7_4, A_target_of_https_over_an_unsecured_connection_is_rejected) {
    must();
    const int status = get("https://test/alphabet.txt").status;
    EXPECT_TRUE(is_one_of(status, {400, 403, 404, 421}));
}

}  // namespace
}  // namespace torc::test
