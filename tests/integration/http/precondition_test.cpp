// RFC 9110 §13.1: the five preconditions, each by itself, and §5.6.7: the formats of dates.

#include "integration/http/conformance.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Rfc9110_13_1_1);
CONFORMANCE_SUITE(Rfc9110_13_1_2);
CONFORMANCE_SUITE(Rfc9110_13_1_3);
CONFORMANCE_SUITE(Rfc9110_13_1_4);
CONFORMANCE_SUITE(Rfc9110_5_6_7);

constexpr std::string_view target = "/alphabet.txt";
/// A second before and after the file's.
constexpr std::string_view earlier = "Sun, 02 Feb 2020 02:02:01 GMT";
constexpr std::string_view later = "Sun, 02 Feb 2020 02:02:03 GMT";

// §13.1.1: If-Match.

TEST_P(Rfc9110_13_1_1, Another_tag_is_412) {
    must();
    EXPECT_EQ(get(target, "If-Match: \"other\"\r\n").status, 412);
}

TEST_P(Rfc9110_13_1_1, The_tag_of_the_file_passes) {
    must();
    EXPECT_EQ(get(target, field_line("If-Match", only(get(target), "ETag"))).status, 200);
}

TEST_P(Rfc9110_13_1_1, The_tag_in_a_list_passes) {
    must();
    const std::string etag = only(get(target), "ETag");
    EXPECT_EQ(get(target, field_line("If-Match", "\"a,b\", W/\"c\" , " + etag)).status, 200);
}

TEST_P(Rfc9110_13_1_1, Any_passes_when_there_is_a_file) {
    must();
    EXPECT_EQ(get(target, "If-Match: *\r\n").status, 200);
}

TEST_P(Rfc9110_13_1_1, A_weak_tag_never_matches) {
    must();
    const std::string etag = only(get(target), "ETag");
    EXPECT_EQ(get(target, field_line("If-Match", "W/" + etag)).status, 412);
}

TEST_P(Rfc9110_13_1_1, A_list_of_others_is_412) {
    must();
    EXPECT_EQ(get(target, "If-Match: \"a\", W/\"b\", \"c\"\r\n").status, 412);
}

TEST_P(Rfc9110_13_1_1, The_tag_of_another_form_is_412) {
    must();
    const Response coded = get("/gzip-only.css", "Accept-Encoding: gzip\r\n");
    if (coded.count("Content-Encoding") == 0) {
        GTEST_SKIP() << "has no other form";
    }
    EXPECT_EQ(get("/gzip-only.css", field_line("If-Match", only(coded, "ETag"))).status, 412);
}

// §13.1.2: If-None-Match.

TEST_P(Rfc9110_13_1_2, The_tag_of_the_file_is_304) {
    must();
    EXPECT_EQ(get(target, field_line("If-None-Match", only(get(target), "ETag"))).status, 304);
}

TEST_P(Rfc9110_13_1_2, The_tag_of_a_large_file_is_304) {
    must();
    const std::string etag = only(get("/large.bin"), "ETag");
    EXPECT_EQ(get("/large.bin", field_line("If-None-Match", etag)).status, 304);
}

TEST_P(Rfc9110_13_1_2, Another_tag_passes) {
    must();
    EXPECT_EQ(get(target, "If-None-Match: \"other\"\r\n").status, 200);
}

TEST_P(Rfc9110_13_1_2, Any_is_304_when_there_is_a_file) {
    must();
    EXPECT_EQ(get(target, "If-None-Match: *\r\n").status, 304);
}

TEST_P(Rfc9110_13_1_2, Weak_tags_match_too) {
    must();
    std::string etag = only(get(target), "ETag");
    etag = etag.starts_with("W/") ? etag.substr(2) : "W/" + etag;
    EXPECT_EQ(get(target, field_line("If-None-Match", etag)).status, 304);
}

TEST_P(Rfc9110_13_1_2, The_tag_in_a_list_is_304) {
    must();
    const std::string etag = only(get(target), "ETag");
    EXPECT_EQ(get(target, field_line("If-None-Match", "\"a\",W/\"b\" ,\t" + etag)).status, 304);
}

TEST_P(Rfc9110_13_1_2, A_comma_in_a_tag_does_not_end_it) {
    must();
    const std::string etag = only(get(target), "ETag");
    EXPECT_EQ(get(target, field_line("If-None-Match", "\"a,b\", " + etag)).status, 304);
    EXPECT_EQ(get(target, field_line("If-None-Match", "\"a, *, b\"")).status, 200);
}

TEST_P(Rfc9110_13_1_2, A_part_of_the_tag_does_not_match) {
    must();
    std::string etag = only(get(target), "ETag");
    EXPECT_EQ(get(target, field_line("If-None-Match", etag.insert(etag.size() - 1, "x"))).status,
              200);
}

TEST_P(Rfc9110_13_1_2, The_tag_of_one_form_does_not_match_the_other) {
    must();
    const Response coded = get("/gzip-only.css", "Accept-Encoding: gzip\r\n");
    if (coded.count("Content-Encoding") == 0) {
        GTEST_SKIP() << "has no other form";
    }
    EXPECT_EQ(get("/gzip-only.css", field_line("If-None-Match", only(coded, "ETag"))).status, 200);
}

TEST_P(Rfc9110_13_1_2, What_is_no_tag_does_not_match) {
    choice();
    std::string etag = only(get(target), "ETag");
    etag = etag.substr(1, etag.size() - 2);
    EXPECT_EQ(get(target, field_line("If-None-Match", etag)).status, 200);
    EXPECT_EQ(get(target, field_line("If-None-Match", "'" + etag + "'")).status, 200);
}

// §13.1.3: If-Modified-Since.

TEST_P(Rfc9110_13_1_3, The_date_of_the_file_is_304) {
    should();
    EXPECT_EQ(get(target, field_line("If-Modified-Since", tree_date)).status, 304);
}

TEST_P(Rfc9110_13_1_3, A_later_date_is_304) {
    should();
    EXPECT_EQ(get(target, field_line("If-Modified-Since", later)).status, 304);
}

TEST_P(Rfc9110_13_1_3, An_earlier_date_passes) {
    must();
    EXPECT_EQ(get(target, field_line("If-Modified-Since", earlier)).status, 200);
}

TEST_P(Rfc9110_13_1_3, A_date_in_the_future_is_304) {
    should();
    EXPECT_EQ(get(target, "If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT\r\n").status, 304);
}

TEST_P(Rfc9110_13_1_3, Words_that_are_no_date_are_ignored) {
    must();
    EXPECT_EQ(get(target, "If-Modified-Since: tomorrow\r\n").status, 200);
}

TEST_P(Rfc9110_13_1_3, A_number_is_no_date) {
    must();
    EXPECT_EQ(get(target, "If-Modified-Since: 4102444800\r\n").status, 200);
}

TEST_P(Rfc9110_13_1_3, An_iso_date_is_no_date) {
    must();
    EXPECT_EQ(get(target, "If-Modified-Since: 2100-01-01T00:00:00Z\r\n").status, 200);
}

TEST_P(Rfc9110_13_1_3, A_day_that_does_not_exist_is_no_date) {
    must();
    EXPECT_EQ(get(target, "If-Modified-Since: Fri, 31 Feb 2025 00:00:00 GMT\r\n").status, 200);
    EXPECT_EQ(get(target, "If-Modified-Since: Fri, 00 Jan 2025 00:00:00 GMT\r\n").status, 200);
}

TEST_P(Rfc9110_13_1_3, An_hour_that_does_not_exist_is_no_date) {
    must();
    EXPECT_EQ(get(target, "If-Modified-Since: Wed, 01 Jan 2025 24:00:00 GMT\r\n").status, 200);
    EXPECT_EQ(get(target, "If-Modified-Since: Wed, 01 Jan 2025 00:60:00 GMT\r\n").status, 200);
}

TEST_P(Rfc9110_13_1_3, A_date_with_something_behind_it_is_no_date) {
    must();
    EXPECT_EQ(get(target, field_line("If-Modified-Since", std::string(later) + " x")).status, 200);
    EXPECT_EQ(
        get(target, field_line("If-Modified-Since", std::string(later) + "; length=26")).status,
        200);
}

TEST_P(Rfc9110_13_1_3, A_date_that_is_cut_off_is_no_date) {
    must();
    EXPECT_EQ(get(target, "If-Modified-Since: Wed, 01 Jan 2025 00:00:00\r\n").status, 200);
    EXPECT_EQ(get(target, "If-Modified-Since: Wed, 01 Jan 2025\r\n").status, 200);
}

TEST_P(Rfc9110_13_1_3, A_date_in_another_zone_is_no_date) {
    must();
    EXPECT_EQ(get(target, "If-Modified-Since: Wed, 01 Jan 2025 00:00:00 PST\r\n").status, 200);
    EXPECT_EQ(get(target, "If-Modified-Since: Wed, 01 Jan 2025 00:00:00 +0000\r\n").status, 200);
}

TEST_P(Rfc9110_13_1_3, A_list_of_dates_is_ignored) {
    must();
    const std::string dates = std::string(later) + ", " + std::string(later);
    EXPECT_EQ(get(target, field_line("If-Modified-Since", dates)).status, 200);
}

TEST_P(Rfc9110_13_1_3, An_empty_date_is_ignored) {
    must();
    EXPECT_EQ(get(target, "If-Modified-Since:\r\n").status, 200);
}

// §13.1.4: If-Unmodified-Since.

TEST_P(Rfc9110_13_1_4, An_earlier_date_is_412) {
    must();
    EXPECT_EQ(get(target, field_line("If-Unmodified-Since", earlier)).status, 412);
}

TEST_P(Rfc9110_13_1_4, The_date_of_the_file_passes) {
    must();
    EXPECT_EQ(get(target, field_line("If-Unmodified-Since", tree_date)).status, 200);
}

TEST_P(Rfc9110_13_1_4, A_later_date_passes) {
    must();
    EXPECT_EQ(get(target, field_line("If-Unmodified-Since", later)).status, 200);
}

TEST_P(Rfc9110_13_1_4, What_is_no_date_is_ignored) {
    must();
    EXPECT_EQ(get(target, "If-Unmodified-Since: yesterday\r\n").status, 200);
    EXPECT_EQ(get(target, "If-Unmodified-Since: 0\r\n").status, 200);
    EXPECT_EQ(get(target, "If-Unmodified-Since: 1994-11-06\r\n").status, 200);
}

// §5.6.7: the three formats.

TEST_P(Rfc9110_5_6_7, A_date_of_rfc850_is_taken) {
    must();
    EXPECT_EQ(get(target, "If-Modified-Since: Sunday, 02-Feb-20 02:02:02 GMT\r\n").status, 304);
    EXPECT_EQ(get(target, "If-Modified-Since: Sunday, 02-Feb-20 02:02:01 GMT\r\n").status, 200);
}

TEST_P(Rfc9110_5_6_7, A_date_of_asctime_is_taken) {
    must();
    EXPECT_EQ(get(target, "If-Modified-Since: Sun Feb  2 02:02:02 2020\r\n").status, 304);
    EXPECT_EQ(get(target, "If-Modified-Since: Sun Feb  2 02:02:01 2020\r\n").status, 200);
}

TEST_P(Rfc9110_5_6_7, A_date_of_asctime_with_a_day_of_two_digits_is_taken) {
    must();
    tree().write("the-12th.txt", alphabet, tree_time + std::chrono::days(10));
    EXPECT_EQ(get("/the-12th.txt", "If-Modified-Since: Wed Feb 12 02:02:02 2020\r\n").status, 304);
}

TEST_P(Rfc9110_5_6_7, A_year_of_two_digits_far_in_the_future_is_past) {
    must();
    EXPECT_EQ(get(target, "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n").status, 200);
}

TEST_P(Rfc9110_5_6_7, A_year_of_two_digits_near_in_the_future_is_that_year) {
    must();
    EXPECT_EQ(get(target, "If-Unmodified-Since: Tuesday, 01-Jan-30 00:00:00 GMT\r\n").status, 200);
}

TEST_P(Rfc9110_5_6_7, All_formats_serve_if_unmodified_since) {
    must();
    EXPECT_EQ(get(target, "If-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n").status, 412);
    EXPECT_EQ(get(target, "If-Unmodified-Since: Sun Nov  6 08:49:37 1994\r\n").status, 412);
}

TEST_P(Rfc9110_5_6_7, A_date_is_case_sensitive) {
    choice();
    EXPECT_EQ(get(target, "If-Modified-Since: sun, 02 feb 2020 02:02:02 gmt\r\n").status, 200);
}

}  // namespace
}  // namespace torc::test
