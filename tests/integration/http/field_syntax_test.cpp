// RFC 9112 §5 and RFC 9110 §5: field lines, names, values, lists and limits.

#include "integration/http/conformance.hpp"

#include <string>
#include <string_view>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Rfc9112_5);
CONFORMANCE_SUITE(Rfc9112_5_1);
CONFORMANCE_SUITE(Rfc9112_5_2);
CONFORMANCE_SUITE(Rfc9110_5_1);
CONFORMANCE_SUITE(Rfc9110_5_3);
CONFORMANCE_SUITE(Rfc9110_5_4);
CONFORMANCE_SUITE(Rfc9110_5_5);
CONFORMANCE_SUITE(Rfc9110_5_6_1_2);

using namespace std::string_literals;

// RFC 9112 §5: what is no field line at all; the SHOULD is that of §2.2.

TEST_P(Rfc9112_5, A_line_without_a_colon_is_400) {
    should();
    EXPECT_EQ(get("/alphabet.txt", "nonsense\r\n").status, 400);
}

TEST_P(Rfc9112_5, An_empty_field_name_is_400) {
    should();
    EXPECT_EQ(get("/alphabet.txt", ": value\r\n").status, 400);
}

TEST_P(Rfc9112_5, A_field_name_with_a_space_in_it_is_400) {
    should();
    EXPECT_EQ(get("/alphabet.txt", "A B: value\r\n").status, 400);
}

TEST_P(Rfc9112_5, A_field_name_with_a_delimiter_in_it_is_400) {
    should();
    for (const char delimiter : "(),/;<=>?@[\\]{}\""s) {
        EXPECT_EQ(get("/alphabet.txt", "A"s + delimiter + "B: value\r\n").status, 400) << delimiter;
    }
}

TEST_P(Rfc9112_5, A_field_name_with_a_control_character_is_400) {
    should();
    EXPECT_EQ(get("/alphabet.txt", "A\x01: value\r\n").status, 400);
    EXPECT_EQ(get("/alphabet.txt", "A\x7f: value\r\n").status, 400);
}

TEST_P(Rfc9112_5, A_field_name_with_nul_is_400) {
    should();
    EXPECT_EQ(get("/alphabet.txt", "A\0: value\r\n"s).status, 400);
}

TEST_P(Rfc9112_5, A_field_name_that_is_not_ascii_is_400) {
    should();
    EXPECT_EQ(get("/alphabet.txt", "\xc3\xa9: value\r\n").status, 400);
}

TEST_P(Rfc9112_5, Every_token_character_makes_a_field_name) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "!#$%&'*+-.^_`|~09azAZ: value\r\n").status, 200);
}

TEST_P(Rfc9112_5, A_name_like_range_does_not_stand_for_range) {
    must();
    for (const std::string_view name : {"_Range", "Rangee", "Rang", "Range-", "R\xc3\xa4nge"}) {
        EXPECT_NE(get("/alphabet.txt", field_line(name, "bytes=0-0")).status, 206) << name;
    }
}

// §5.1: field line parsing.

TEST_P(Rfc9112_5_1, A_space_before_the_colon_is_400) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "X : value\r\n").status, 400);
}

TEST_P(Rfc9112_5_1, A_tab_before_the_colon_is_400) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "X\t: value\r\n").status, 400);
}

TEST_P(Rfc9112_5_1, A_space_before_the_colon_of_host_is_400) {
    must();
    EXPECT_EQ(status_of("GET /alphabet.txt HTTP/1.1\r\nHost : test\r\n\r\n"), 400);
}

TEST_P(Rfc9112_5_1, A_space_before_the_colon_of_content_length_is_400) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "Content-Length : 5\r\n").status, 400);
}

TEST_P(Rfc9112_5_1, A_space_before_the_colon_of_transfer_encoding_is_400) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "Transfer-Encoding : chunked\r\n").status, 400);
}

TEST_P(Rfc9112_5_1, No_white_space_is_needed_before_a_value) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "Range:bytes=0-0\r\n").status, 206);
}

TEST_P(Rfc9112_5_1, White_space_around_a_value_is_no_part_of_it) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "Range: \t  bytes=0-0 \t \r\n").status, 206);
}

TEST_P(Rfc9112_5_1, A_value_may_be_empty) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "X:\r\n").status, 200);
    EXPECT_EQ(get("/alphabet.txt", "X: \t\r\n").status, 200);
}

TEST_P(Rfc9112_5_1, A_value_may_have_colons_in_it) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "X: a: b:: c\r\n").status, 200);
}

// §5.2: obsolete line folding.

TEST_P(Rfc9112_5_2, A_folded_line_is_400_or_part_of_the_value_before) {
    must();
    const int status = get("/alphabet.txt", "X: a\r\n Range: bytes=0-0\r\n").status;
    EXPECT_TRUE(is_one_of(status, {200, 400}));
}

TEST_P(Rfc9112_5_2, A_line_folded_with_a_tab_is_400_or_part_of_the_value_before) {
    must();
    const int status = get("/alphabet.txt", "X: a\r\n\tRange: bytes=0-0\r\n").status;
    EXPECT_TRUE(is_one_of(status, {200, 400}));
}

TEST_P(Rfc9112_5_2, A_folded_transfer_encoding_is_400_or_understood) {
    must();
    const auto answers =
        all_answers(request_bytes("GET", "/alphabet.txt", "Transfer-Encoding:\r\n chunked\r\n") +
                    "0\r\n\r\n" + request_bytes("GET", "/dir/page.html", "Connection: close\r\n"));
    ASSERT_FALSE(answers.empty());
    EXPECT_TRUE(is_one_of(answers[0].status, {200, 400, 501}));
    EXPECT_TRUE(answers.size() == 1 || answers[1].status == 200);
}

TEST_P(Rfc9112_5_2, A_folded_line_is_400) {
    choice();
    EXPECT_EQ(get("/alphabet.txt", "X: a\r\n b\r\n").status, 400);
}

// RFC 9110 §5.1: field names.

TEST_P(Rfc9110_5_1, A_field_name_is_taken_in_any_case) {
    must();
    EXPECT_EQ(status_of("GET /alphabet.txt HTTP/1.1\r\nhOsT: test\r\nrANGE: bytes=0-0\r\n\r\n"),
              206);
}

TEST_P(Rfc9110_5_1, An_unknown_field_is_ignored) {
    should();
    EXPECT_EQ(get("/alphabet.txt", "X-Unknown: value\r\nUpgrade: nothing/1\r\n").status, 200);
}

// §5.3: several lines of one field.

TEST_P(Rfc9110_5_3, The_lines_of_a_list_are_one_list) {
    must();
    const std::string etag = only(get("/alphabet.txt"), "ETag");
    EXPECT_EQ(get("/alphabet.txt",
                  "If-None-Match: \"no\"\r\nX: y\r\n" + field_line("if-none-match", etag))
                  .status,
              304);
}

TEST_P(Rfc9110_5_3, The_lines_of_connection_are_one_list) {
    must();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/alphabet.txt", "Connection: x\r\nConnection: close\r\n"));
    EXPECT_EQ(client.receive_response().body, alphabet);
    EXPECT_TRUE(client.is_at_end());
}

// §5.4: field limits.

constexpr std::size_t more_than_any_takes = std::size_t{4} * 1024 * 1024;

TEST_P(Rfc9110_5_4, A_value_longer_than_the_server_takes_is_4xx) {
    must();
    const int status =
        flood("GET / HTTP/1.1\r\nHost: test\r\nX: ", "x", more_than_any_takes).status;
    EXPECT_TRUE(status >= 400 && status < 500) << status;
}

TEST_P(Rfc9110_5_4, A_name_longer_than_the_server_takes_is_4xx) {
    must();
    const int status = flood("GET / HTTP/1.1\r\nHost: test\r\n", "x", more_than_any_takes).status;
    EXPECT_TRUE(status >= 400 && status < 500) << status;
}

TEST_P(Rfc9110_5_4, More_fields_than_the_server_takes_are_4xx) {
    must();
    const int status =
        flood("GET / HTTP/1.1\r\nHost: test\r\n", "X: y\r\n", more_than_any_takes).status;
    EXPECT_TRUE(status >= 400 && status < 500) << status;
}

TEST_P(Rfc9110_5_4, Too_much_of_fields_is_431) {
    choice();
    EXPECT_EQ(flood("GET / HTTP/1.1\r\nHost: test\r\nX: ", "x", more_than_any_takes).status, 431);
    EXPECT_EQ(flood("GET / HTTP/1.1\r\nHost: test\r\n", "X: y\r\n", more_than_any_takes).status,
              431);
}

TEST_P(Rfc9110_5_4, Thirty_fields_of_100_octets_are_taken) {
    must();
    std::string fields;
    for (int i = 0; i < 30; ++i) {
        fields += field_line("X-" + std::to_string(i), std::string(92, 'x'));
    }
    EXPECT_EQ(get("/alphabet.txt", fields).body, alphabet);
}

// §5.5: field values.

TEST_P(Rfc9110_5_5, A_nul_in_a_value_does_not_end_it) {
    must();
    // Taken as a space it is no range; cut off it would be one.
    const int status = get("/alphabet.txt", "Range: bytes=0-0\0x\r\n"s).status;
    EXPECT_TRUE(is_one_of(status, {200, 400, 416}));
}

TEST_P(Rfc9110_5_5, Obs_text_in_a_value_is_taken) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "X: caf\xe9 \xff\r\n").status, 200);
}

TEST_P(Rfc9110_5_5, A_tab_in_a_value_is_taken) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "X: a\tb\r\n").status, 200);
}

TEST_P(Rfc9110_5_5, A_control_character_in_a_value_is_400) {
    choice();
    EXPECT_EQ(get("/alphabet.txt", "X: a\0b\r\n"s).status, 400);
    EXPECT_EQ(get("/alphabet.txt", "X: a\rb\r\n").status, 400);
    EXPECT_EQ(get("/alphabet.txt",
                  "X: a\x01"
                  "b\r\n")
                  .status,
              400);
    EXPECT_EQ(get("/alphabet.txt",
                  "X: a\x7f"
                  "b\r\n")
                  .status,
              400);
}

// §5.6.1.2: lists that recipients have to take.

TEST_P(Rfc9110_5_6_1_2, Empty_members_of_connection_are_ignored) {
    must();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/alphabet.txt", "Connection: , ,\tclose ,\r\n"));
    EXPECT_EQ(client.receive_response().body, alphabet);
    EXPECT_TRUE(client.is_at_end());
}

TEST_P(Rfc9110_5_6_1_2, Empty_members_of_if_none_match_are_ignored) {
    must();
    const std::string etag = only(get("/alphabet.txt"), "ETag");
    EXPECT_EQ(get("/alphabet.txt", field_line("If-None-Match", ", ,\"no\",, " + etag + ",")).status,
              304);
}

TEST_P(Rfc9110_5_6_1_2, Empty_members_of_range_are_ignored) {
    must();
    EXPECT_EQ(get("/alphabet.txt", "Range: bytes=,,0-0,\r\n").status, 206);
}

TEST_P(Rfc9110_5_6_1_2, Empty_members_of_accept_encoding_are_ignored) {
    must();
    EXPECT_EQ(get("/style.css", "Accept-Encoding: , ,gzip;q=0,\r\n").field("Content-Encoding"),
              std::nullopt);
}

}  // namespace
}  // namespace torc::test
