// RFC 9110 §13.1.5 and §13.2: If-Range, when preconditions are evaluated, and in which order.

#include "integration/http/conformance.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Rfc9110_13_1_5);
CONFORMANCE_SUITE(Rfc9110_13_2_1);

constexpr std::string_view target = "/alphabet.txt";
constexpr std::string_view other_tag = "\"other\"";
constexpr std::string_view first_byte = "Range: bytes=0-0\r\n";
constexpr std::string_view unsatisfiable = "Range: bytes=100-\r\n";
constexpr std::string_view long_ago = "Sun, 06 Nov 1994 08:49:37 GMT";

// §13.1.5: If-Range.

TEST_P(Rfc9110_13_1_5, The_tag_of_the_file_gives_the_range) {
    should();
    const std::string etag = only(get(target), "ETag");
    if (etag.starts_with("W/")) {
        GTEST_SKIP() << "has no strong tag";
    }
    EXPECT_EQ(get(target, std::string(first_byte) + field_line("If-Range", etag)).status, 206);
}

TEST_P(Rfc9110_13_1_5, The_tag_of_a_large_file_gives_the_range) {
    should();
    const std::string etag = only(get("/large.bin"), "ETag");
    if (etag.starts_with("W/")) {
        GTEST_SKIP() << "has no strong tag";
    }
    const Response response =
        get("/large.bin", "Range: bytes=70000-\r\n" + field_line("If-Range", etag));
    EXPECT_EQ(response.status, 206);
    EXPECT_TRUE(is_same_bytes(response.body, tree().large().substr(70'000)));
}

TEST_P(Rfc9110_13_1_5, Another_tag_gives_the_whole) {
    must();
    const Response response =
        get(target, std::string(first_byte) + field_line("If-Range", other_tag));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, alphabet);
}

TEST_P(Rfc9110_13_1_5, A_weak_tag_gives_the_whole) {
    must();
    std::string etag = only(get(target), "ETag");
    etag = etag.starts_with("W/") ? etag : "W/" + etag;
    EXPECT_EQ(get(target, std::string(first_byte) + field_line("If-Range", etag)).status, 200);
}

TEST_P(Rfc9110_13_1_5, The_date_of_the_file_gives_the_range) {
    should();
    EXPECT_EQ(get(target, std::string(first_byte) + field_line("If-Range", tree_date)).status, 206);
}

TEST_P(Rfc9110_13_1_5, An_earlier_date_gives_the_whole) {
    must();
    EXPECT_EQ(get(target, std::string(first_byte) + field_line("If-Range", long_ago)).status, 200);
}

TEST_P(Rfc9110_13_1_5, A_later_date_gives_the_whole) {
    must();
    EXPECT_EQ(
        get(target, std::string(first_byte) + "If-Range: Sun, 02 Feb 2020 02:02:03 GMT\r\n").status,
        200);
}

TEST_P(Rfc9110_13_1_5, What_is_no_validator_gives_the_whole) {
    must();
    EXPECT_EQ(get(target, std::string(first_byte) + "If-Range: nonsense\r\n").status, 200);
}

TEST_P(Rfc9110_13_1_5, Any_is_no_validator) {
    must();
    EXPECT_EQ(get(target, std::string(first_byte) + "If-Range: *\r\n").status, 200);
}

TEST_P(Rfc9110_13_1_5, Without_a_range_it_is_ignored) {
    must();
    EXPECT_EQ(get(target, field_line("If-Range", other_tag)).status, 200);
}

TEST_P(Rfc9110_13_1_5, Another_tag_gives_the_whole_for_an_unsatisfiable_range) {
    must();
    EXPECT_EQ(get(target, std::string(unsatisfiable) + field_line("If-Range", other_tag)).status,
              200);
}

TEST_P(Rfc9110_13_1_5, The_tag_of_the_file_as_it_was_gives_the_whole) {
    must();
    tree().write("edited.txt", alphabet);
    const std::string etag = only(get("/edited.txt"), "ETag");
    const std::string reversed(alphabet.rbegin(), alphabet.rend());
    tree().write("edited.txt", reversed, tree_time + std::chrono::seconds(1));
    // A server may keep what it knows of a file for a while.
    ASSERT_TRUE(eventually([&] { return get("/edited.txt").field("Last-Modified") != tree_date; }));
    EXPECT_EQ(get("/edited.txt", std::string(first_byte) + field_line("If-Range", etag)).status,
              200);
}

TEST_P(Rfc9110_13_1_5, The_tag_of_another_form_gives_the_whole) {
    must();
    const std::string plain_tag = only(get("/gzip-only.css"), "ETag");
    const Response response =
        get("/gzip-only.css", "Accept-Encoding: gzip\r\n" + std::string(first_byte) +
                                  field_line("If-Range", plain_tag));
    EXPECT_TRUE(response.status == 200 || response.count("Content-Encoding") == 0) << response.head;
}

// §13.2.1: when.

TEST_P(Rfc9110_13_2_1, None_counts_for_what_does_not_exist) {
    must();
    EXPECT_EQ(get("/absent", "If-Match: \"a\"\r\n").status, 404);
    EXPECT_EQ(get("/absent", "If-Match: *\r\n").status, 404);
    EXPECT_EQ(get("/absent", "If-None-Match: *\r\n").status, 404);
    EXPECT_EQ(get("/absent", field_line("If-Unmodified-Since", long_ago)).status, 404);
}

TEST_P(Rfc9110_13_2_1, None_counts_for_a_redirect) {
    must();
    for (const std::string_view field : {"If-Match: \"a\"\r\n", "If-None-Match: *\r\n"}) {
        EXPECT_TRUE(is_one_of(get("/dir", field).status, {301, 302, 307, 308}));
    }
}

TEST_P(Rfc9110_13_2_1, None_counts_for_options) {
    must();
    const int plain = answer_to(request_bytes("OPTIONS", target)).status;
    EXPECT_EQ(answer_to(request_bytes("OPTIONS", target, "If-Match: \"a\"\r\n")).status, plain);
    EXPECT_EQ(answer_to(request_bytes("OPTIONS", target, "If-None-Match: *\r\n")).status, plain);
}

TEST_P(Rfc9110_13_2_1, None_counts_for_a_method_that_is_refused) {
    must();
    const int plain = answer_to(request_bytes("DELETE", target)).status;
    if (plain < 400) {
        GTEST_SKIP() << "refuses no method";
    }
    EXPECT_EQ(answer_to(request_bytes("DELETE", target, "If-Match: \"a\"\r\n")).status, plain);
    EXPECT_EQ(answer_to(request_bytes("DELETE", target, "If-None-Match: *\r\n")).status, plain);
}

// §13.2.2: in which order.

class Rfc9110_13_2_2 : public Conformance {
protected:
    [[nodiscard]] std::string matching_tag() const {
        return field_line("If-None-Match", only(get(target), "ETag"));
    }
};
CONFORMANCE_RUN(Rfc9110_13_2_2, servers_under_test());

TEST_P(Rfc9110_13_2_2, If_match_goes_before_if_unmodified_since) {
    must();
    const std::string passing = field_line("If-Match", only(get(target), "ETag"));
    EXPECT_EQ(get(target, passing + field_line("If-Unmodified-Since", long_ago)).status, 200);
}

TEST_P(Rfc9110_13_2_2, If_match_that_fails_is_not_mended_by_if_unmodified_since) {
    must();
    EXPECT_EQ(
        get(target, "If-Match: \"a\"\r\n" + field_line("If-Unmodified-Since", tree_date)).status,
        412);
}

TEST_P(Rfc9110_13_2_2, If_none_match_goes_before_if_modified_since) {
    must();
    // The tag says modified, the date says not.
    EXPECT_EQ(get(target, field_line("If-None-Match", other_tag) +
                              field_line("If-Modified-Since", tree_date))
                  .status,
              200);
}

TEST_P(Rfc9110_13_2_2, If_none_match_is_304_whatever_if_modified_since_says) {
    must();
    EXPECT_EQ(get(target, matching_tag() + field_line("If-Modified-Since", long_ago)).status, 304);
}

TEST_P(Rfc9110_13_2_2, If_match_that_fails_goes_before_if_none_match) {
    must();
    EXPECT_EQ(get(target, "If-Match: \"a\"\r\n" + matching_tag()).status, 412);
}

TEST_P(Rfc9110_13_2_2, If_match_that_passes_leads_to_if_none_match) {
    must();
    const std::string etag = only(get(target), "ETag");
    EXPECT_EQ(get(target, field_line("If-Match", etag) + field_line("If-None-Match", etag)).status,
              304);
}

TEST_P(Rfc9110_13_2_2, If_unmodified_since_that_fails_goes_before_if_none_match) {
    must();
    EXPECT_EQ(get(target, field_line("If-Unmodified-Since", long_ago) + matching_tag()).status,
              412);
}

TEST_P(Rfc9110_13_2_2, If_unmodified_since_that_passes_leads_to_if_modified_since) {
    must();
    EXPECT_EQ(get(target, field_line("If-Unmodified-Since", tree_date) +
                              field_line("If-Modified-Since", tree_date))
                  .status,
              304);
}

TEST_P(Rfc9110_13_2_2, A_304_goes_before_a_range) {
    must();
    EXPECT_EQ(get(target, std::string(first_byte) + matching_tag()).status, 304);
}

TEST_P(Rfc9110_13_2_2, A_304_goes_before_a_range_that_is_unsatisfiable) {
    must();
    EXPECT_EQ(get(target, std::string(unsatisfiable) + matching_tag()).status, 304);
}

TEST_P(Rfc9110_13_2_2, A_412_goes_before_a_range) {
    must();
    EXPECT_EQ(get(target, std::string(first_byte) + "If-Match: \"a\"\r\n").status, 412);
}

TEST_P(Rfc9110_13_2_2, A_412_goes_before_a_range_that_is_unsatisfiable) {
    must();
    EXPECT_EQ(get(target, std::string(unsatisfiable) + "If-Match: \"a\"\r\n").status, 412);
}

TEST_P(Rfc9110_13_2_2, A_304_goes_before_if_range) {
    must();
    EXPECT_EQ(
        get(target, std::string(first_byte) + field_line("If-Range", other_tag) + matching_tag())
            .status,
        304);
}

TEST_P(Rfc9110_13_2_2, If_none_match_that_passes_leads_to_the_range) {
    should();
    EXPECT_EQ(get(target, std::string(first_byte) + field_line("If-None-Match", other_tag)).status,
              206);
}

TEST_P(Rfc9110_13_2_2, If_match_that_passes_leads_to_the_range) {
    should();
    EXPECT_EQ(get(target, std::string(first_byte) + "If-Match: *\r\n").status, 206);
}

}  // namespace
}  // namespace torc::test
