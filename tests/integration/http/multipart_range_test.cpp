// RFC 9110 §14.6 and §15.3.7.2: several ranges at once.

#include "integration/http/conformance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

struct Part {
    /// Without its CRLF.
    std::vector<std::string> field_lines;
    std::string body;

    [[nodiscard]] std::string field(std::string_view name) const {
        for (const std::string& line : field_lines) {
            const std::size_t colon = line.find(':');
            if (equals_ignoring_case(line.substr(0, colon), name)) {
                return line.substr(std::min(line.find_first_not_of(' ', colon + 1), line.size()));
            }
        }
        return {};
    }
};

/// Takes what is before `end` from the front of `text`, and `end` too. Throws ClientError when it
/// is not there.
std::string take_until(std::string_view& text, std::string_view end) {
    const std::size_t found = text.find(end);
    if (found == std::string_view::npos) {
        throw ClientError(fmt::format("no \"{}\" in \"{}\"", end, text.substr(0, 100)));
    }
    std::string taken(text.substr(0, found));
    text.remove_prefix(found + end.size());
    return taken;
}

/// How many bytes a Content-Range "bytes 3-5/26" stands for. Throws ClientError.
std::size_t length_of(std::string_view content_range) {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    constexpr std::string_view unit = "bytes ";
    const char* const end = content_range.data() + content_range.size();
    const auto after_first = std::from_chars(content_range.data() + unit.size(), end, first);
    const auto after_last = std::from_chars(after_first.ptr + 1, end, last);
    if (!content_range.starts_with(unit) || *after_first.ptr != '-' || *after_last.ptr != '/' ||
        last < first) {
        throw ClientError(fmt::format("invalid Content-Range: {}", content_range));
    }
    return last - first + 1;
}

/// The parts of a multipart/byteranges (RFC 2046 §5.1.1), read as strictly as its grammar is, each
/// as long as its Content-Range says. Throws ClientError.
std::vector<Part> parts_of(const Response& response) {
    constexpr std::string_view type = "multipart/byteranges; boundary=";
    const std::string content_type = response.field("Content-Type").value_or("");
    if (!content_type.starts_with(type)) {
        throw ClientError("not multipart/byteranges: " + content_type);
    }
    std::string boundary = content_type.substr(type.size());
    if (boundary.starts_with('"') && boundary.ends_with('"')) {
        boundary = boundary.substr(1, boundary.size() - 2);
    }
    const std::string delimiter = "--" + boundary;
    std::string_view rest = response.body;
    // The CRLF before the first boundary belongs to a preamble, which is empty.
    if (rest.starts_with("\r\n")) {
        rest.remove_prefix(2);
    }
    std::vector<Part> parts;
    while (true) {
        if (!take_until(rest, delimiter).empty()) {
            throw ClientError("something before a boundary");
        }
        if (rest.starts_with("--")) {
            break;
        }
        take_until(rest, "\r\n");
        Part part;
        for (std::string line = take_until(rest, "\r\n"); !line.empty();
             line = take_until(rest, "\r\n")) {
            part.field_lines.push_back(line);
        }
        const std::size_t length = length_of(part.field("Content-Range"));
        part.body = rest.substr(0, length);
        rest.remove_prefix(std::min(length, rest.size()));
        if (!take_until(rest, "\r\n").empty()) {
            throw ClientError("a part longer than its Content-Range");
        }
        parts.push_back(part);
    }
    if (rest != "--" && rest != "--\r\n") {
        throw ClientError(fmt::format("something behind the last boundary: \"{}\"", rest));
    }
    return parts;
}

class Several : public Conformance {
protected:
    [[nodiscard]] Response ranges(std::string_view set,
                                  std::string_view target = "/alphabet.txt") const {
        return get(target, "Range: bytes=" + std::string(set) + "\r\n");
    }

    /// The ranges as a set of parts. A server may send the whole instead: then there are none, and
    /// nothing can be said of them.
    [[nodiscard]] std::vector<Part> parts(std::string_view set,
                                          std::string_view target = "/alphabet.txt") const {
        const Response response = ranges(set, target);
        if (response.status == 200) {
            return {};
        }
        EXPECT_EQ(response.status, 206) << set;
        return parts_of(response);
    }

    /// How many bytes the body is, at a time when the file has `large_bytes`.
    void expect_little(std::string_view set) const {
        const Response response = ranges(set, "/large.bin");
        EXPECT_TRUE(is_one_of(response.status, {200, 206, 400, 416}));
        constexpr std::size_t some_heads_of_parts = std::size_t{32} * 1024;
        EXPECT_LE(response.body.size(), large_bytes + some_heads_of_parts);
    }
};

CONFORMANCE_SUITE_WITH(Rfc9110_14_6, Several);
CONFORMANCE_SUITE_WITH(Rfc9110_15_3_7_2, Several);
CONFORMANCE_SUITE_WITH(Rfc9110_17_15, Several);

constexpr std::string_view two_of_large = "0-9,90000-90009";

// §14.6: the media type.

TEST_P(Rfc9110_14_6, Two_ranges_are_two_parts) {
    should();
    const auto found = parts(two_of_large, "/large.bin");
    ASSERT_EQ(found.size(), 2);
    EXPECT_EQ(found[0].body, tree().large().substr(0, 10));
    EXPECT_EQ(found[0].field("Content-Range"), "bytes 0-9/204800");
    EXPECT_EQ(found[1].body, tree().large().substr(90'000, 10));
    EXPECT_EQ(found[1].field("Content-Range"), "bytes 90000-90009/204800");
}

TEST_P(Rfc9110_14_6, Each_shape_of_range_makes_a_part) {
    should();
    const auto found = parts("10-19, 50000-50009, -10", "/large.bin");
    ASSERT_EQ(found.size(), 3);
    EXPECT_EQ(found[2].body, tree().large().substr(large_bytes - 10));
}

TEST_P(Rfc9110_14_6, White_space_around_the_commas_is_taken) {
    should();
    EXPECT_EQ(parts("0-9 ,\t90000-90009", "/large.bin").size(), 2);
}

TEST_P(Rfc9110_14_6, The_length_is_that_of_the_body) {
    must();
    // A length that is wrong shows in the next answer, which `ranges` asks for.
    const Response response = ranges(two_of_large, "/large.bin");
    EXPECT_TRUE(is_one_of(response.status, {200, 206}));
}

TEST_P(Rfc9110_14_6, No_boundary_is_in_a_part) {
    must();
    const Response response = ranges(two_of_large, "/large.bin");
    if (response.status == 206) {
        EXPECT_EQ(parts_of(response).size(), 2);
    }
}

TEST_P(Rfc9110_14_6, Parts_of_a_file_over_4_gib) {
    should();
    constexpr std::string_view set = "0-0,4294967296-4294967297,-26";
    const std::string request =
        request_bytes("GET", "/sparse.bin", "Range: bytes=" + std::string(set) + "\r\n");
    HttpClient client = connect();
    client.send(request);
    // Not the whole file, should that be what comes.
    ASSERT_EQ(client.receive_head().status, 206);
    const auto found = parts(set, "/sparse.bin");
    ASSERT_EQ(found.size(), 3);
    EXPECT_EQ(found[1].field("Content-Range"),
              "bytes 4294967296-4294967297/" + std::to_string(sparse_bytes));
    EXPECT_EQ(found[2].body, alphabet);
}

// §15.3.7.2: 206 with several parts.

TEST_P(Rfc9110_15_3_7_2, There_is_no_content_range_beside_the_parts) {
    must();
    const Response response = ranges(two_of_large, "/large.bin");
    if (response.status == 206) {
        EXPECT_EQ(response.count("Content-Range"), 0);
    }
}

TEST_P(Rfc9110_15_3_7_2, Each_part_has_its_content_range) {
    must();
    for (const Part& part : parts(two_of_large, "/large.bin")) {
        EXPECT_NE(part.field("Content-Range"), "");
    }
}

TEST_P(Rfc9110_15_3_7_2, Each_part_has_the_media_type) {
    should();
    const std::string type = only(get("/large.css"), "Content-Type");
    const auto found = parts(two_of_large, "/large.css");
    ASSERT_EQ(found.size(), 2);
    EXPECT_EQ(found[0].field("Content-Type"), type);
    EXPECT_EQ(found[1].field("Content-Type"), type);
}

TEST_P(Rfc9110_15_3_7_2, One_range_is_never_in_parts) {
    must();
    const Response response = ranges("0-9", "/large.bin");
    EXPECT_FALSE(response.field("Content-Type").value_or("").starts_with("multipart/"));
}

TEST_P(Rfc9110_15_3_7_2, Parts_come_in_the_order_they_were_asked_for) {
    should();
    const auto found = parts("90000-90009,0-9,50000-50009", "/large.bin");
    ASSERT_EQ(found.size(), 3);
    EXPECT_EQ(found[0].field("Content-Range"), "bytes 90000-90009/204800");
    EXPECT_EQ(found[1].field("Content-Range"), "bytes 0-9/204800");
    EXPECT_EQ(found[2].field("Content-Range"), "bytes 50000-50009/204800");
}

TEST_P(Rfc9110_15_3_7_2, What_is_unsatisfiable_is_left_out) {
    must();
    const Response response = ranges("0-9,300000-300009", "/large.bin");
    EXPECT_TRUE(is_one_of(response.status, {200, 206}));
    if (response.count("Content-Range") == 1) {
        EXPECT_EQ(only(response, "Content-Range"), "bytes 0-9/204800");
        EXPECT_EQ(response.body, tree().large().substr(0, 10));
    }
}

TEST_P(Rfc9110_15_3_7_2, When_all_are_unsatisfiable_it_is_416) {
    should();
    EXPECT_EQ(ranges("300000-300009,300000-").status, 416);
}

TEST_P(Rfc9110_15_3_7_2, The_validators_are_those_of_the_file) {
    must();
    const Response whole = get("/large.bin");
    const Response response = ranges(two_of_large, "/large.bin");
    EXPECT_EQ(response.field("ETag"), whole.field("ETag"));
    EXPECT_EQ(response.field("Last-Modified"), whole.field("Last-Modified"));
}

TEST_P(Rfc9110_15_3_7_2, One_that_is_left_is_no_multipart) {
    choice();
    const Response response = ranges("0-9,300000-", "/large.bin");
    EXPECT_EQ(response.status, 206);
    EXPECT_EQ(only(response, "Content-Range"), "bytes 0-9/204800");
}

TEST_P(Rfc9110_15_3_7_2, What_overlaps_or_touches_is_one) {
    choice();
    EXPECT_EQ(only(ranges("0-9,5-19", "/large.bin"), "Content-Range"), "bytes 0-19/204800");
    EXPECT_EQ(only(ranges("10-19,0-9", "/large.bin"), "Content-Range"), "bytes 0-19/204800");
    EXPECT_EQ(only(ranges("0-9,3-4", "/large.bin"), "Content-Range"), "bytes 0-9/204800");
    const auto found = parts("90000-90009,10-19,90005-90019,0-9", "/large.bin");
    ASSERT_EQ(found.size(), 2);
    EXPECT_EQ(found[0].field("Content-Range"), "bytes 90000-90019/204800");
    EXPECT_EQ(found[1].field("Content-Range"), "bytes 0-19/204800");
}

TEST_P(Rfc9110_15_3_7_2, Parts_that_cost_more_than_the_file_are_the_file) {
    choice();
    const Response response = ranges("0-0,2-2");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, alphabet);
}

TEST_P(Rfc9110_15_3_7_2, So_many_ranges_are_served_and_one_more_is_not) {
    choice();
    std::string set = "0-9";
    for (int i = 1; i < 256; ++i) {
        set += fmt::format(",{}-{}", i * 100, i * 100 + 9);
    }
    const auto found = parts(set, "/large.bin");
    ASSERT_EQ(found.size(), 256);
    EXPECT_EQ(found[255].body, tree().large().substr(25'500, 10));
    EXPECT_EQ(ranges(set + ",50000-50009", "/large.bin").status, 200);
}

TEST_P(Rfc9110_15_3_7_2, A_crlf_comes_before_the_first_boundary) {
    choice();
    EXPECT_TRUE(ranges(two_of_large, "/large.bin").body.starts_with("\r\n--"));
}

TEST_P(Rfc9110_15_3_7_2, The_example_of_the_rfc_with_its_space_is_no_range) {
    choice();
    EXPECT_EQ(ranges(" 0-9, 90000-90009", "/large.bin").status, 200);
}

// §17.15: denial of service by Range.

TEST_P(Rfc9110_17_15, The_whole_a_thousand_times_costs_no_more_than_once) {
    hardening();
    std::string set = "0-";
    for (int i = 1; i < 1000; ++i) {
        set += ",0-";
    }
    expect_little(set);
}

TEST_P(Rfc9110_17_15, Overlapping_suffixes_cost_no_more_than_the_file) {
    hardening();
    std::string set = "-1";
    for (int i = 2; i < 500; ++i) {
        set += fmt::format(",-{}", i * 200);
    }
    expect_little(set);
}

TEST_P(Rfc9110_17_15, Two_hundred_tiny_unsorted_ranges_cost_no_more_than_the_file) {
    hardening();
    std::string set = "0-0";
    for (int i = 1; i < 200; ++i) {
        set += fmt::format(",{0}-{0}", i * 7919 % 102'400);
    }
    expect_little(set);
}

}  // namespace
}  // namespace torc::test
