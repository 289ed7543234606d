// RFC 9110 §12: which form of a file is sent, and that caches are told.

#include "integration/http/conformance.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace torc::test {
namespace {

class Negotiation : public Conformance {
protected:
    [[nodiscard]] Response accepting(std::string_view codings,
                                     std::string_view target = "/style.css",
                                     std::string_view fields = {}) const {
        return get(target, field_line("Accept-Encoding", codings) + std::string(fields));
    }
    /// The coding of the answer; "identity" when there is none.
    [[nodiscard]] std::string coding_for(std::string_view codings,
                                         std::string_view target = "/style.css") const {
        return accepting(codings, target).field("Content-Encoding").value_or("identity");
    }
    /// Whether `response` is the form that its Content-Encoding says.
    static void expect_right_form(const Response& response) {
        const std::string coding = response.field("Content-Encoding").value_or("identity");
        const std::string_view name = coding == "br"     ? "brotli"
                                      : coding == "zstd" ? "zstd"
                                      : coding == "gzip" ? "gzip"
                                                         : "as it is";
        EXPECT_TRUE(response.body.contains(name)) << coding << ": " << response.body;
    }
    [[nodiscard]] bool knows_other_forms() const { return coding_for("gzip") == "gzip"; }
};

CONFORMANCE_SUITE_WITH(Rfc9110_12_4_2, Negotiation);
CONFORMANCE_SUITE_WITH(Rfc9110_12_5_3, Negotiation);
CONFORMANCE_SUITE_WITH(Rfc9110_12_5_5, Negotiation);
CONFORMANCE_SUITE_WITH(Rfc9110_8_4, Negotiation);

// §12.5.3: Accept-Encoding.

TEST_P(Rfc9110_12_5_3, Without_the_field_the_file_comes_as_it_is) {
    choice();
    EXPECT_EQ(get("/style.css").count("Content-Encoding"), 0);
}

TEST_P(Rfc9110_12_5_3, With_an_empty_field_the_file_comes_as_it_is) {
    should();
    EXPECT_EQ(coding_for(""), "identity");
}

TEST_P(Rfc9110_12_5_3, A_coding_that_is_not_named_is_not_sent) {
    should();
    EXPECT_EQ(coding_for("deflate, compress, x"), "identity");
    EXPECT_EQ(coding_for("gzipx, brr"), "identity");
}

TEST_P(Rfc9110_12_5_3, A_coding_with_weight_0_is_not_sent) {
    should();
    for (const std::string_view zero : {"0", "0.0", "0.00", "0.000", "0."}) {
        EXPECT_EQ(coding_for("gzip;q=" + std::string(zero)), "identity") << zero;
    }
}

TEST_P(Rfc9110_12_5_3, A_coding_with_weight_0_leaves_the_others) {
    should();
    EXPECT_NE(coding_for("br;q=0, gzip"), "br");
    EXPECT_NE(coding_for("gzip;q=0, br"), "gzip");
    EXPECT_NE(coding_for("br, zstd, gzip;q=0"), "gzip");
}

TEST_P(Rfc9110_12_5_3, A_weight_of_0_for_all_others_excludes_them) {
    should();
    EXPECT_EQ(coding_for("*;q=0, identity"), "identity");
    EXPECT_NE(coding_for("gzip, *;q=0"), "br");
    EXPECT_NE(coding_for("br, *;q=0"), "gzip");
}

TEST_P(Rfc9110_12_5_3, White_space_around_a_weight_is_no_part_of_it) {
    should();
    EXPECT_EQ(coding_for("gzip ; q=0"), "identity");
    EXPECT_EQ(coding_for("gzip\t;\tq=0"), "identity");
    EXPECT_EQ(coding_for("gzip; q=0 "), "identity");
}

TEST_P(Rfc9110_12_5_3, The_name_of_a_weight_is_taken_in_either_case) {
    should();
    EXPECT_EQ(coding_for("gzip;Q=0"), "identity");
}

TEST_P(Rfc9110_12_5_3, Several_lines_are_one_list) {
    must();
    EXPECT_EQ(get("/style.css", "Accept-Encoding: gzip;q=0\r\nAccept-Encoding: br;q=0\r\n")
                  .count("Content-Encoding"),
              0);
}

TEST_P(Rfc9110_12_5_3, Whatever_is_sent_is_what_it_says) {
    must();
    for (const std::string_view codings :
         {"br", "zstd", "gzip", "br, zstd, gzip", "gzip, br;q=0.5", "*", "identity", "deflate"}) {
        expect_right_form(accepting(codings));
    }
}

TEST_P(Rfc9110_12_5_3, Each_coding_is_sent_to_who_accepts_it) {
    choice();
    EXPECT_EQ(coding_for("br"), "br");
    EXPECT_EQ(coding_for("zstd"), "zstd");
    EXPECT_EQ(coding_for("gzip"), "gzip");
}

TEST_P(Rfc9110_12_5_3, Among_equals_brotli_is_first_then_zstd_then_gzip) {
    choice();
    EXPECT_EQ(coding_for("gzip, deflate, br, zstd"), "br");
    EXPECT_EQ(coding_for("gzip, zstd"), "zstd");
    EXPECT_EQ(coding_for("identity, gzip"), "gzip");
    EXPECT_EQ(coding_for("*"), "br");
}

TEST_P(Rfc9110_12_5_3, The_greater_weight_wins) {
    choice();
    EXPECT_EQ(coding_for("br;q=0.5, gzip;q=0.8"), "gzip");
    EXPECT_EQ(coding_for("br;q=0.998, zstd;q=0.999, gzip;q=0.997"), "zstd");
    EXPECT_EQ(coding_for("gzip;q=0.5, identity;q=0.8"), "identity");
    EXPECT_EQ(coding_for("*;q=0.5, gzip"), "gzip");
}

TEST_P(Rfc9110_12_5_3, What_is_excluded_is_406_when_nothing_else_is_left) {
    choice();
    EXPECT_EQ(accepting("identity;q=0", "/plain.css").status, 406);
    EXPECT_EQ(accepting("*;q=0", "/plain.css").status, 406);
    EXPECT_EQ(accepting("br, identity;q=0", "/gzip-only.css").status, 406);
    EXPECT_EQ(accepting("gzip, identity;q=0", "/gzip-only.css").status, 200);
    EXPECT_EQ(accepting("*;q=0, identity;q=0.1", "/plain.css").status, 200);
}

TEST_P(Rfc9110_12_5_3, A_sidecar_that_is_older_than_its_file_is_not_sent) {
    choice();
    EXPECT_EQ(coding_for("gzip", "/stale.css"), "identity");
    EXPECT_EQ(coding_for("gzip", "/fresh.css"), "gzip");
    EXPECT_EQ(coding_for("gzip", "/gzip-only.css"), "gzip");
}

TEST_P(Rfc9110_12_5_3, A_sidecar_can_be_had_by_its_own_name) {
    hardening();
    const Response response = get("/style.css.gz");
    EXPECT_TRUE(response.body.contains("in gzip"));
    EXPECT_EQ(response.count("Content-Encoding"), 0);
}

TEST_P(Rfc9110_12_5_3, A_sidecar_without_its_file_is_no_form_of_it) {
    choice();
    tree().write("orphan.css.gz", "orphan");
    EXPECT_EQ(accepting("gzip", "/orphan.css").status, 404);
}

// §12.4.2: weights.

TEST_P(Rfc9110_12_4_2, A_weight_of_three_digits_is_taken) {
    must();
    EXPECT_NE(coding_for("gzip;q=0.001, identity;q=0.000"), "");
    expect_right_form(accepting("gzip;q=1.000"));
}

TEST_P(Rfc9110_12_4_2, What_is_no_weight_is_no_reason_to_fail) {
    hardening();
    for (const std::string_view codings :
         {"gzip;q=", "gzip;q=x", "gzip;q=2", "gzip;q=-1", "gzip;q=0.0001", "gzip;x=y", ";q=1",
          "gzip;", "q=0", "gzip;q=99999999999999999999", "\"gzip\""}) {
        EXPECT_EQ(accepting(codings).status, 200) << codings;
    }
}

TEST_P(Rfc9110_12_4_2, A_thousand_codings_are_no_reason_to_fail) {
    hardening();
    std::string codings = "a";
    for (int i = 0; i < 1000; ++i) {
        codings += ",a";
    }
    EXPECT_EQ(accepting(codings).status, 200);
}

// §12.5.5: Vary.

TEST_P(Rfc9110_12_5_5, It_is_in_every_form_of_a_file) {
    should();
    if (!knows_other_forms()) {
        GTEST_SKIP() << "has one form of each file";
    }
    for (const std::string_view codings : {"gzip", "identity", "deflate"}) {
        EXPECT_TRUE(equals_ignoring_case(only(accepting(codings), "Vary"), "Accept-Encoding"))
            << codings;
    }
    EXPECT_TRUE(equals_ignoring_case(only(get("/style.css"), "Vary"), "Accept-Encoding"));
}

TEST_P(Rfc9110_12_5_5, It_is_in_304) {
    must();
    const std::string vary = accepting("gzip").field("Vary").value_or("");
    const Response response =
        accepting("gzip", "/style.css", field_line("If-Modified-Since", tree_date));
    EXPECT_EQ(response.status, 304);
    EXPECT_EQ(response.field("Vary").value_or(""), vary);
}

TEST_P(Rfc9110_12_5_5, It_is_in_206) {
    must();
    const std::string vary = accepting("gzip").field("Vary").value_or("");
    const Response response = accepting("gzip", "/style.css", "Range: bytes=0-0\r\n");
    EXPECT_EQ(response.field("Vary").value_or(""), vary);
}

TEST_P(Rfc9110_12_5_5, It_is_not_in_the_answer_for_a_file_of_one_form) {
    choice();
    EXPECT_EQ(get("/plain.css").count("Vary"), 0);
    EXPECT_EQ(accepting("gzip", "/alphabet.txt").count("Vary"), 0);
}

TEST_P(Rfc9110_12_5_5, It_is_in_every_status_that_could_differ) {
    choice();
    EXPECT_EQ(only(accepting("identity;q=0, x", "/gzip-only.css"), "Vary"), "Accept-Encoding");
    EXPECT_EQ(only(accepting("gzip", "/style.css", "Range: bytes=1000-\r\n"), "Vary"),
              "Accept-Encoding");
    EXPECT_EQ(only(accepting("gzip", "/style.css", "If-Match: \"a\"\r\n"), "Vary"),
              "Accept-Encoding");
}

// §8.4: Content-Encoding. What is sent is a representation of its own.

TEST_P(Rfc9110_8_4, The_media_type_is_that_of_the_file) {
    must();
    EXPECT_EQ(accepting("gzip").field("Content-Type"), get("/style.css").field("Content-Type"));
}

TEST_P(Rfc9110_8_4, A_coding_is_taken_in_any_case) {
    must();
    if (!knows_other_forms()) {
        GTEST_SKIP() << "has one form of each file";
    }
    EXPECT_EQ(coding_for("GZip"), "gzip");
    EXPECT_EQ(coding_for("GZIP;q=0"), "identity");
}

TEST_P(Rfc9110_8_4, A_range_is_one_of_the_form_that_is_sent) {
    must();
    const std::string whole = accepting("gzip", "/large.css").body;
    const Response response = accepting("gzip", "/large.css", "Range: bytes=70000-70009\r\n");
    EXPECT_TRUE(is_one_of(response.status, {200, 206}));
    EXPECT_TRUE(
        is_same_bytes(response.body, response.status == 206 ? whole.substr(70'000, 10) : whole));
    EXPECT_EQ(response.field("Content-Encoding"),
              accepting("gzip", "/large.css").field("Content-Encoding"));
}

TEST_P(Rfc9110_8_4, A_range_beyond_the_form_that_is_sent_is_no_part_though_the_file_is_longer) {
    must();
    if (!knows_other_forms()) {
        GTEST_SKIP() << "has one form of each file";
    }
    // 25 bytes of 48.
    const Response response = accepting("gzip", "/style.css", "Range: bytes=40-\r\n");
    EXPECT_TRUE(response.status != 206 || response.count("Content-Encoding") == 0);
}

TEST_P(Rfc9110_8_4, Head_tells_the_length_of_the_form_that_get_sends) {
    must();
    for (const std::string_view codings : {"br", "gzip", "identity"}) {
        const std::string field = field_line("Accept-Encoding", codings);
        const Response of_get = get("/style.css", field);
        const Response of_head = head("/style.css", field);
        EXPECT_EQ(of_head.field("Content-Encoding"), of_get.field("Content-Encoding"));
        EXPECT_EQ(of_head.field("ETag"), of_get.field("ETag"));
        EXPECT_EQ(of_head.field("Content-Length").value_or(std::to_string(of_get.body.size())),
                  std::to_string(of_get.body.size()));
    }
}

TEST_P(Rfc9110_8_4, The_tag_of_a_form_is_304_for_that_form) {
    must();
    for (const std::string_view codings : {"br", "gzip"}) {
        const std::string etag = only(accepting(codings), "ETag");
        EXPECT_EQ(accepting(codings, "/style.css", field_line("If-None-Match", etag)).status, 304);
    }
}

TEST_P(Rfc9110_8_4, The_tags_of_the_forms_end_with_their_codings) {
    choice();
    EXPECT_TRUE(only(accepting("br"), "ETag").ends_with("-br\""));
    EXPECT_TRUE(only(accepting("zstd"), "ETag").ends_with("-zstd\""));
    EXPECT_TRUE(only(accepting("gzip"), "ETag").ends_with("-gzip\""));
}

}  // namespace
}  // namespace torc::test
