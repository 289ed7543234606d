#include <torc/http/negotiation.hpp>

#include "http/parsed_head.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace torc::http {
namespace {

using test::ParsedHead;

/// A request with these field lines (each with its CRLF).
ParsedHead head_with(const std::string& fields) {
    return ParsedHead("GET / HTTP/1.1\r\n" + fields + "\r\n");
}

Qualities qualities_of(const std::vector<std::string_view>& values) {
    std::string fields;
    for (const std::string_view value : values) {
        fields += "Accept-Encoding: " + std::string(value) + "\r\n";
    }
    const ParsedHead head = head_with(fields);
    EXPECT_EQ(head.result().state, ParseState::parsed);
    return coding_qualities(head.request());
}

/// In the order of ContentCoding.
struct CodingCase {
    std::string_view value;
    std::uint16_t identity;
    std::uint16_t gzip;
    std::uint16_t brotli;
    std::uint16_t zstd;
};

void expect_qualities(const CodingCase& test) {
    EXPECT_EQ(qualities_of({test.value}),
              (Qualities{test.identity, test.gzip, test.brotli, test.zstd}))
        << test.value;
}

constexpr Qualities identity_alone = {1, 0, 0, 0};

TEST(Negotiation, NamesCodingsAsContentEncodingDoes) {
    EXPECT_EQ(name(ContentCoding::identity), "identity");
    EXPECT_EQ(name(ContentCoding::gzip), "gzip");
    EXPECT_EQ(name(ContentCoding::brotli), "br");
    EXPECT_EQ(name(ContentCoding::zstd), "zstd");
}

// RFC 9110 §12.5.3.
TEST(Negotiation, TakesIdentityAloneWithoutAcceptEncoding) {
    EXPECT_EQ(qualities_of({}), identity_alone);
    EXPECT_EQ(qualities_of({""}), identity_alone);
    EXPECT_EQ(qualities_of({"", ","}), identity_alone);
}

TEST(Negotiation, ReadsTheListedCodings) {
    for (const CodingCase& test : std::to_array<CodingCase>({
             {"gzip", 1, 1000, 0, 0},
             {"br", 1, 0, 1000, 0},
             {"zstd", 1, 0, 0, 1000},
             {"identity", 1000, 0, 0, 0},
             {"gzip, deflate, br, zstd", 1, 1000, 1000, 1000},
             {"gzip,br;q=0.5 , ,zstd;q=0.25,", 1, 1000, 500, 250},
             {"identity;q=0.1, gzip;q=0", 100, 0, 0, 0},
         })) {
        expect_qualities(test);
    }
}

// RFC 9110 §8.4.1: "All content codings are case-insensitive"; §8.4.1.3 for x-gzip.
TEST(Negotiation, KnowsCodingsInAnyCaseAndByTheirAliases) {
    for (const CodingCase& test : std::to_array<CodingCase>({
             {"GZip", 1, 1000, 0, 0},
             {"X-GZIP;q=0.5", 1, 500, 0, 0},
             {"BR, Zstd, IDENTITY", 1000, 0, 1000, 1000},
         })) {
        expect_qualities(test);
    }
}

// RFC 9110 §12.4.2.
TEST(Negotiation, ReadsWeightsInThousandths) {
    for (const CodingCase& test : std::to_array<CodingCase>({
             {"gzip;q=1", 1, 1000, 0, 0},
             {"gzip;q=1.", 1, 1000, 0, 0},
             {"gzip;q=1.000", 1, 1000, 0, 0},
             {"gzip;q=0", 1, 0, 0, 0},
             {"gzip;q=0.", 1, 0, 0, 0},
             {"gzip;q=0.000", 1, 0, 0, 0},
             {"gzip;q=0.7", 1, 700, 0, 0},
             {"gzip;q=0.75", 1, 750, 0, 0},
             {"gzip;q=0.999", 1, 999, 0, 0},
             {"gzip;q=0.001", 1, 1, 0, 0},
             {"gzip \t;\t q=0.5", 1, 500, 0, 0},
             {"gzip;Q=0.5", 1, 500, 0, 0},
         })) {
        expect_qualities(test);
    }
}

TEST(Negotiation, LeavesMalformedMembersOut) {
    for (const std::string_view member : {"gzip;q=",       "gzip;q=1.001",       "gzip;q=2",
                                          "gzip;q=0.0001", "gzip;q=.5",          "gzip;q=0,5",
                                          "gzip;q=-0",     "gzip;q=+1",          "gzip;q=1e0",
                                          "gzip;q=0.a",    "gzip;q = 0.5",       "gzip;q =0.5",
                                          "gzip;",         "gzip;;q=0.5",        "gzip;q=0.5;q=0.5",
                                          "gzip;level=9",  "gzip;level=9;q=0.5", "gzip q=0.5",
                                          "gzip=0.5",      "\"gzip\"",           ";q=1",
                                          "gz ip",         "gzip;q=\"0.5\""}) {
        const auto qualities = qualities_of({"br", member});
        EXPECT_EQ(qualities, (Qualities{1, 0, 1000, 0})) << member;
    }
}

TEST(Negotiation, TakesNoNoticeOfUnknownCodings) {
    EXPECT_EQ(qualities_of({"deflate, compress;q=0.5, gzipped, brr, x-br"}), identity_alone);
}

TEST(Negotiation, GivesUnlistedCodingsTheQualityOfTheAsterisk) {
    for (const CodingCase& test : std::to_array<CodingCase>({
             {"*", 1, 1000, 1000, 1000},
             {"*;q=0.5", 1, 500, 500, 500},
             {"gzip;q=0, *;q=0.5", 1, 0, 500, 500},
             {"*;q=0.5, br", 1, 500, 1000, 500},
             {"*;q=0, zstd", 0, 0, 0, 1000},
         })) {
        expect_qualities(test);
    }
}

// RFC 9110 §12.5.3: acceptable unless excluded.
TEST(Negotiation, TakesIdentityUnlessItIsExcluded) {
    for (const CodingCase& test : std::to_array<CodingCase>({
             {"identity;q=0", 0, 0, 0, 0},
             {"identity;q=0, gzip", 0, 1000, 0, 0},
             {"identity;q=0, *", 0, 1000, 1000, 1000},
             {"*;q=0", 0, 0, 0, 0},
             {"*;q=0, identity", 1000, 0, 0, 0},
             {"*;q=0, identity;q=0.5", 500, 0, 0, 0},
             {"gzip;q=0", 1, 0, 0, 0},
         })) {
        expect_qualities(test);
    }
}

TEST(Negotiation, TellsWhatIsRefusedFromWhatIsNotListed) {
    const auto refuses_gzip = [](std::string_view value) {
        const ParsedHead head = head_with("Accept-Encoding: " + std::string(value) + "\r\n");
        return refuses_coding(head.request(), ContentCoding::gzip);
    };
    for (const std::string_view value :
         {"gzip;q=0", "x-gzip;q=0", "br, gzip;q=0.0", "*;q=0", "*, gzip;q=0"}) {
        EXPECT_TRUE(refuses_gzip(value)) << value;
    }
    for (const std::string_view value :
         {"", "br", "br;q=0, identity;q=0", "gzip;q=0.001", "gzip, *;q=0", "gzip;q=0, x-gzip"}) {
        EXPECT_FALSE(refuses_gzip(value)) << value;
    }
    EXPECT_FALSE(refuses_coding(head_with("").request(), ContentCoding::gzip));
}

TEST(Negotiation, TakesTheHighestQualityOfACodingListedTwice) {
    for (const CodingCase& test : std::to_array<CodingCase>({
             {"gzip;q=0.2, gzip;q=0.8", 1, 800, 0, 0},
             {"gzip;q=0.8, x-gzip;q=0.2", 1, 800, 0, 0},
             {"*;q=0, *;q=0.5", 1, 500, 500, 500},
         })) {
        expect_qualities(test);
    }
}

TEST(Negotiation, TakesAllAcceptEncodingLinesAsOneList) {
    EXPECT_EQ(qualities_of({"gzip;q=0.5", "br", "*;q=0"}), (Qualities{0, 500, 1000, 0}));
}

TypeQuality html_quality(const std::vector<std::string_view>& values) {
    std::string fields;
    for (const std::string_view value : values) {
        fields += "Accept: " + std::string(value) + "\r\n";
    }
    const ParsedHead head = head_with(fields);
    EXPECT_EQ(head.result().state, ParseState::parsed);
    return type_quality(head.request(), "text/html");
}

void expect_html(std::string_view value, std::uint16_t quality, bool is_explicit) {
    SCOPED_TRACE(value);
    const TypeQuality result = html_quality({value});
    EXPECT_EQ(result.quality, quality);
    EXPECT_EQ(result.is_explicit, is_explicit);
}

// RFC 9110 §12.5.1.
TEST(Negotiation, AcceptsEveryTypeWithoutAccept) {
    const TypeQuality result = html_quality({});
    EXPECT_EQ(result.quality, 1000);
    EXPECT_FALSE(result.is_explicit);
}

TEST(Negotiation, FindsATypeByName) {
    expect_html("text/html", 1000, true);
    expect_html("TEXT/Html;Q=0.5", 500, true);
    expect_html("text/html;q=0", 0, true);
    expect_html("text/html ; q=0.125", 125, true);
    expect_html("text/html;;q=0.5;", 500, true);
    expect_html("application/xhtml+xml, text/html", 1000, true);
    expect_html(
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        1000, true);
}

TEST(Negotiation, FindsATypeByAMediaRange) {
    expect_html("*/*", 1000, false);
    expect_html("*/*;q=0.1", 100, false);
    expect_html("text/*;q=0.5", 500, false);
    expect_html("Text/*", 1000, false);
}

TEST(Negotiation, DoesNotFindATypeThatNothingMatches) {
    for (const std::string_view value :
         {"", ",", "application/json", "text/plain", "text/htm", "text/htmlx", "tex/*", "textx/*",
          "text/**", "text*", "*", "*/html", "text/", "text", "/html", "image/*"}) {
        expect_html(value, 0, false);
    }
}

TEST(Negotiation, PrefersTheMostSpecificMediaRange) {
    expect_html("*/*, text/*;q=0.5, text/html;q=0.1", 100, true);
    expect_html("text/html;q=0.1, text/*;q=0.5, */*", 100, true);
    expect_html("text/html;q=0, */*", 0, true);
    expect_html("*/*, text/*;q=0.5", 500, false);
    expect_html("text/*;q=0, */*", 0, false);
}

TEST(Negotiation, MatchesNoTypeWithAParameterToOneWithout) {
    expect_html("text/html;level=1", 0, false);
    expect_html("text/html;level=1;q=0.5", 0, false);
    expect_html("text/html;q=0.5;level=1", 0, false);
    expect_html("text/html;level=1, */*;q=0.5", 500, false);
}

TEST(Negotiation, SeesNoListInAQuotedString) {
    expect_html("a/b;c=\"x, text/html, y\"", 0, false);
    expect_html("a/b;c=\"x\\\", text/html, \\\\\", text/html;q=0.5", 500, true);
    expect_html("a/b;c=\"x, text/html", 0, false);
    expect_html("a/b;c=\"x\\", 0, false);
    expect_html("a/b;c=\"\", text/html", 1000, true);
}

TEST(Negotiation, LeavesMalformedMediaRangesOut) {
    for (const std::string_view value :
         {"text/html;q=2", "text/html;q", "text/html;q=", "text/html;q=0.5;q=0.5",
          "text/html q=0.5", "text /html", "text/html;q = 1", "\"text/html\""}) {
        expect_html(value, 0, false);
    }
    expect_html("text/html;q=x, */*;q=0.5", 500, false);
}

TEST(Negotiation, TakesAllAcceptLinesAsOneList) {
    const TypeQuality result = html_quality({"*/*", "text/html;q=0.3", "text/html;q=0.6"});
    EXPECT_EQ(result.quality, 600);
    EXPECT_TRUE(result.is_explicit);
}

TEST(Negotiation, TellsWhetherAnotherTypeIsNamed) {
    const auto names_others = [](std::string_view accept) {
        const ParsedHead head = head_with("Accept: " + std::string(accept) + "\r\n");
        return names_other_types(head.request(), "text/html");
    };
    for (const std::string_view accept :
         {"", "*/*", "text/*", "text/html", "TEXT/HTML;q=0.5, text/*, */*;q=0.1",
          "image/png;q=0, */*", "nonsense, */*", "*"}) {
        EXPECT_FALSE(names_others(accept)) << accept;
    }
    for (const std::string_view accept :
         {"application/json", "text/html, image/png", "*/*, text/plain;q=0.1", "image/*,*/*"}) {
        EXPECT_TRUE(names_others(accept)) << accept;
    }
    EXPECT_FALSE(names_other_types(head_with("").request(), "text/html"));
}

}  // namespace
}  // namespace torc::http
