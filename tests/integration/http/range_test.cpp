// RFC 9110 §14: ranges, one at a time, and what is none.

#include "integration/http/conformance.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace torc::test {
namespace {

/// Ranges of the alphabet, which has 26 bytes.
class Ranges : public Conformance {
protected:
    [[nodiscard]] Response range(std::string_view value,
                                 std::string_view target = "/alphabet.txt") const {
        return get(target, field_line("Range", value));
    }

    /// A 206 with exactly these bytes of a file of `size`.
    static void expect_part(const Response& response, std::uint64_t first, std::string_view bytes,
                            std::uint64_t size = alphabet.size()) {
        EXPECT_EQ(response.status, 206);
        EXPECT_TRUE(is_same_bytes(response.body, bytes));
        EXPECT_EQ(only(response, "Content-Range"), "bytes " + std::to_string(first) + "-" +
                                                       std::to_string(first + bytes.size() - 1) +
                                                       "/" + std::to_string(size));
    }

    /// What is no valid range may be ignored or refused, but not be answered with a part.
    void expect_no_part(std::string_view value) const {
        const Response response = range(value);
        EXPECT_TRUE(is_one_of(response.status, {200, 400, 416})) << value;
        EXPECT_TRUE(response.status != 200 || response.body == alphabet) << value;
    }
};

CONFORMANCE_SUITE_WITH(Rfc9110_14_1, Ranges);
CONFORMANCE_SUITE_WITH(Rfc9110_14_1_1, Ranges);
CONFORMANCE_SUITE_WITH(Rfc9110_14_1_2, Ranges);
CONFORMANCE_SUITE_WITH(Rfc9110_14_2, Ranges);
CONFORMANCE_SUITE_WITH(Rfc9110_14_3, Ranges);
CONFORMANCE_SUITE_WITH(Rfc9110_14_4, Ranges);

// §14.1: units.

TEST_P(Rfc9110_14_1, The_unit_is_taken_in_any_case) {
    should();
    expect_part(range("Bytes=0-0"), 0, "a");
}

// §14.1.1: the syntax.

TEST_P(Rfc9110_14_1_1, First_after_last_is_no_range) {
    hardening();
    expect_no_part("bytes=5-1");
}

TEST_P(Rfc9110_14_1_1, First_after_last_is_no_range_beyond_64_bits) {
    hardening();
    expect_no_part("bytes=18446744073709551620-1");
}

TEST_P(Rfc9110_14_1_1, A_position_beyond_64_bits_does_not_wrap_around) {
    must();
    // 2^64 and 2^64 + 1.
    EXPECT_NE(range("bytes=18446744073709551616-18446744073709551617").status, 206);
    EXPECT_NE(range("bytes=18446744073709551616-").status, 206);
}

TEST_P(Rfc9110_14_1_1, A_position_beyond_63_bits_does_not_wrap_around) {
    must();
    EXPECT_NE(range("bytes=9223372036854775808-9223372036854775809").status, 206);
    EXPECT_NE(range("bytes=9223372036854775807-").status, 206);
}

TEST_P(Rfc9110_14_1_1, A_position_beyond_32_bits_does_not_wrap_around) {
    must();
    EXPECT_NE(range("bytes=4294967296-4294967297").status, 206);
}

TEST_P(Rfc9110_14_1_1, A_set_without_ranges_is_none) {
    hardening();
    expect_no_part("bytes=");
    expect_no_part("bytes=,");
}

TEST_P(Rfc9110_14_1_1, A_hyphen_alone_is_no_range) {
    hardening();
    expect_no_part("bytes=-");
}

TEST_P(Rfc9110_14_1_1, A_number_alone_is_no_range) {
    hardening();
    expect_no_part("bytes=5");
}

TEST_P(Rfc9110_14_1_1, Letters_are_no_range) {
    hardening();
    expect_no_part("bytes=a-b");
    expect_no_part("bytes=0-b");
    expect_no_part("bytes=0x0-0x1");
}

TEST_P(Rfc9110_14_1_1, A_sign_makes_no_range) {
    hardening();
    expect_no_part("bytes=+0-1");
    expect_no_part("bytes=0-+1");
    expect_no_part("bytes=--1");
}

TEST_P(Rfc9110_14_1_1, Something_behind_a_range_makes_none) {
    hardening();
    expect_no_part("bytes=0-1x");
    expect_no_part("bytes=0-1;");
    expect_no_part("bytes=0-1-2");
}

TEST_P(Rfc9110_14_1_1, A_space_in_a_range_makes_none) {
    hardening();
    expect_no_part("bytes=0 - 1");
    expect_no_part("bytes=1 0-1 1");
}

TEST_P(Rfc9110_14_1_1, Without_its_equals_sign_it_is_none) {
    hardening();
    expect_no_part("bytes 0-1");
    expect_no_part("bytes:0-1");
    expect_no_part("bytes");
}

TEST_P(Rfc9110_14_1_1, Without_its_unit_it_is_none) {
    hardening();
    expect_no_part("0-1");
    expect_no_part("=0-1");
}

TEST_P(Rfc9110_14_1_1, A_range_that_is_none_spoils_its_set) {
    hardening();
    expect_no_part("bytes=0-1,x");
    expect_no_part("bytes=0-1,5-3");
}

TEST_P(Rfc9110_14_1_1, What_is_no_range_is_ignored) {
    choice();
    for (const std::string_view value :
         {"bytes=", "bytes=-", "bytes=5", "bytes=5-1", "bytes=a-b", "bytes=0-1x", "bytes 0-1",
          "bytes=0-1,x", "bytes=0 - 1", "0-1"}) {
        EXPECT_EQ(range(value).status, 200) << value;
    }
}

// §14.1.2: byte ranges.

TEST_P(Rfc9110_14_1_2, The_first_byte) {
    should();
    expect_part(range("bytes=0-0"), 0, "a");
}

TEST_P(Rfc9110_14_1_2, Some_bytes_in_the_middle) {
    should();
    expect_part(range("bytes=3-6"), 3, "defg");
}

TEST_P(Rfc9110_14_1_2, From_a_byte_on) {
    should();
    expect_part(range("bytes=20-"), 20, "uvwxyz");
}

TEST_P(Rfc9110_14_1_2, From_the_first_byte_on) {
    should();
    expect_part(range("bytes=0-"), 0, alphabet);
}

TEST_P(Rfc9110_14_1_2, The_last_byte_by_its_position) {
    should();
    expect_part(range("bytes=25-25"), 25, "z");
    expect_part(range("bytes=25-"), 25, "z");
}

TEST_P(Rfc9110_14_1_2, The_last_byte_by_a_suffix) {
    should();
    expect_part(range("bytes=-1"), 25, "z");
}

TEST_P(Rfc9110_14_1_2, The_last_five_bytes) {
    should();
    expect_part(range("bytes=-5"), 21, "vwxyz");
}

TEST_P(Rfc9110_14_1_2, A_suffix_longer_than_the_file_is_the_file) {
    should();
    expect_part(range("bytes=-5", "/three.txt"), 0, "123", 3);
}

TEST_P(Rfc9110_14_1_2, A_suffix_as_long_as_the_file_is_the_file) {
    should();
    expect_part(range("bytes=-26"), 0, alphabet);
}

TEST_P(Rfc9110_14_1_2, A_last_position_beyond_the_end_is_the_end) {
    should();
    expect_part(range("bytes=20-100"), 20, "uvwxyz");
}

TEST_P(Rfc9110_14_1_2, A_last_position_beyond_64_bits_is_the_end) {
    should();
    expect_part(range("bytes=0-99999999999999999999"), 0, alphabet);
}

TEST_P(Rfc9110_14_1_2, A_suffix_beyond_64_bits_is_the_file) {
    should();
    expect_part(range("bytes=-99999999999999999999"), 0, alphabet);
}

TEST_P(Rfc9110_14_1_2, Leading_zeros_are_taken) {
    should();
    expect_part(range("bytes=0000000000000000000000003-004"), 3, "de");
}

TEST_P(Rfc9110_14_1_2, A_suffix_of_nothing_is_416) {
    should();
    EXPECT_EQ(range("bytes=-0").status, 416);
}

TEST_P(Rfc9110_14_1_2, A_first_position_at_the_end_is_416) {
    should();
    EXPECT_EQ(range("bytes=5-", "/five.txt").status, 416);
    EXPECT_EQ(range("bytes=5-5", "/five.txt").status, 416);
}

TEST_P(Rfc9110_14_1_2, A_first_position_beyond_the_end_is_416) {
    should();
    EXPECT_EQ(range("bytes=100-200").status, 416);
}

TEST_P(Rfc9110_14_1_2, A_range_of_an_empty_file_is_416) {
    should();
    EXPECT_EQ(range("bytes=0-", "/empty.txt").status, 416);
    EXPECT_EQ(range("bytes=0-0", "/empty.txt").status, 416);
}

TEST_P(Rfc9110_14_1_2, A_suffix_of_an_empty_file_is_no_part) {
    must();
    // No Content-Range can say that there is nothing in it.
    EXPECT_TRUE(is_one_of(range("bytes=-5", "/empty.txt").status, {200, 416}));
}

TEST_P(Rfc9110_14_1_2, A_suffix_of_an_empty_file_is_the_empty_file) {
    choice();
    const Response response = range("bytes=-5", "/empty.txt");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(only(response, "Content-Length"), "0");
}

TEST_P(Rfc9110_14_1_2, A_part_of_a_large_file) {
    should();
    const std::string& large = tree().large();
    expect_part(range("bytes=70000-80000", "/large.bin"), 70'000, large.substr(70'000, 10'001),
                large_bytes);
    expect_part(range("bytes=1-", "/large.bin"), 1, large.substr(1), large_bytes);
    expect_part(range("bytes=-1", "/large.bin"), large_bytes - 1, large.substr(large_bytes - 1),
                large_bytes);
}

TEST_P(Rfc9110_14_1_2, The_end_of_a_file_over_4_gib) {
    should();
    expect_part(range("bytes=-26", "/sparse.bin"), sparse_bytes - 26, alphabet, sparse_bytes);
    const std::uint64_t first = sparse_bytes - 26;
    expect_part(
        range("bytes=" + std::to_string(first) + "-" + std::to_string(first + 2), "/sparse.bin"),
        first, "abc", sparse_bytes);
}

TEST_P(Rfc9110_14_1_2, Bytes_around_4_gib) {
    should();
    expect_part(range("bytes=4294967295-4294967296", "/sparse.bin"), 4'294'967'295,
                std::string(2, '\0'), sparse_bytes);
}

// §14.2: Range.

TEST_P(Rfc9110_14_2, Another_unit_is_ignored) {
    must();
    const Response response = range("items=0-1");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, alphabet);
}

TEST_P(Rfc9110_14_2, Another_unit_that_begins_like_bytes_is_ignored) {
    must();
    EXPECT_EQ(range("bytesx=0-1").status, 200);
    EXPECT_EQ(range("byte=0-1").status, 200);
}

TEST_P(Rfc9110_14_2, Head_has_no_ranges) {
    must();
    const Response response = head("/alphabet.txt", "Range: bytes=0-0\r\n");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.count("Content-Range"), 0);
    EXPECT_EQ(response.field("Content-Length").value_or("26"), "26");
}

TEST_P(Rfc9110_14_2, Head_has_no_ranges_that_could_be_unsatisfiable) {
    must();
    EXPECT_EQ(head("/alphabet.txt", "Range: bytes=100-\r\n").status, 200);
}

TEST_P(Rfc9110_14_2, An_error_has_no_ranges) {
    must();
    EXPECT_EQ(range("bytes=0-0", "/absent").status, 404);
}

TEST_P(Rfc9110_14_2, A_redirect_has_no_ranges) {
    must();
    EXPECT_TRUE(is_one_of(range("bytes=0-0", "/dir").status, {301, 302, 307, 308}));
}

// §14.3: Accept-Ranges.

TEST_P(Rfc9110_14_3, It_is_in_the_answer_to_get_and_head) {
    choice();
    EXPECT_EQ(only(get("/alphabet.txt"), "Accept-Ranges"), "bytes");
    EXPECT_EQ(only(head("/large.bin"), "Accept-Ranges"), "bytes");
}

// §14.4: Content-Range.

TEST_P(Rfc9110_14_4, It_is_in_416_and_tells_the_size) {
    should();
    EXPECT_EQ(only(range("bytes=100-"), "Content-Range"), "bytes */26");
}

TEST_P(Rfc9110_14_4, It_tells_the_size_of_a_file_over_4_gib) {
    should();
    EXPECT_EQ(only(range("bytes=5000000000-", "/sparse.bin"), "Content-Range"),
              "bytes */" + std::to_string(sparse_bytes));
}

TEST_P(Rfc9110_14_4, It_is_not_in_200) {
    hardening();
    EXPECT_EQ(get("/alphabet.txt").count("Content-Range"), 0);
    EXPECT_EQ(range("items=0-1").count("Content-Range"), 0);
}

}  // namespace
}  // namespace torc::test
