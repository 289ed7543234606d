#include <torc/base/limits.hpp>
#include <torc/http/range.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace torc::http {
namespace {

constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();

struct SatisfiableCase {
    std::string_view value;
    std::uint64_t size;
    ByteRange range;
};

// RFC 9110 §14.1.2.
TEST(Range, SelectsBytes) {
    constexpr auto cases = std::to_array<SatisfiableCase>({
        {"bytes=0-0", 1, {0, 1}},
        {"bytes=0-0", 10, {0, 1}},
        {"bytes=0-499", 10'000, {0, 500}},
        {"bytes=500-999", 10'000, {500, 500}},
        {"bytes=9-9", 10, {9, 1}},
        {"bytes=9-10", 10, {9, 1}},
        {"bytes=0-", 5, {0, 5}},
        {"bytes=4-", 5, {4, 1}},
        {"bytes=-1", 5, {4, 1}},
        {"bytes=-5", 5, {0, 5}},
        {"bytes=-5", 3, {0, 3}},
        {"BYTES=1-2", 5, {1, 2}},
        {"bytes=0001-002", 5, {1, 2}},
        {"bytes=0-99999999999999999999", 7, {0, 7}},
        {"bytes=-99999999999999999999999999", 7, {0, 7}},
        {"bytes=0-18446744073709551615", 7, {0, 7}},
        {"bytes=1-", max, {1, max - 1}},
        {"bytes=0-18446744073709551614", max, {0, max}},
    });
    for (const SatisfiableCase& test : cases) {
        SCOPED_TRACE(test.value);
        RangeSet set;
        EXPECT_EQ(select_ranges(test.value, test.size, set), RangeOutcome::satisfiable);
        ASSERT_EQ(set.count, 1U);
        EXPECT_EQ(set.ranges().front(), test.range);
    }
}

struct OtherCase {
    std::string_view value;
    std::uint64_t size;
};

void expect_none(const OtherCase& test, RangeOutcome outcome) {
    SCOPED_TRACE(test.value);
    RangeSet set;
    EXPECT_EQ(select_ranges(test.value, test.size, set), outcome);
    EXPECT_TRUE(set.ranges().empty());
}

// RFC 9110 §14.1.2, §15.5.17.
TEST(Range, IsUnsatisfiableBeyondTheEnd) {
    constexpr auto cases = std::to_array<OtherCase>({
        {"bytes=5-", 5},
        {"bytes=5-5", 5},
        {"bytes=5-10", 5},
        {"bytes=-0", 5},
        {"bytes=-000", 5},
        {"bytes=-0", 0},
        {"bytes=0-", 0},
        {"bytes=0-0", 0},
        {"bytes=99999999999999999999-", 5},
        {"bytes=99999999999999999999-99999999999999999999", 5},
        {"bytes=18446744073709551615-", max},
        {"bytes=5-,6-7,-0", 5},
        {"bytes=0-0,1-", 0},
    });
    for (const OtherCase& test : cases) {
        expect_none(test, RangeOutcome::unsatisfiable);
    }
}

// RFC 9110 §14.2: what is invalid or not understood is ignored.
TEST(Range, IgnoresWhatIsInvalidOrUnknown) {
    constexpr auto cases = std::to_array<OtherCase>({
        {"", 10},
        {"bytes", 10},
        {"bytes=", 10},
        {"bytes=-", 10},
        {"bytes=a", 10},
        {"bytes=5", 10},
        {"bytes=2-1", 10},
        {"bytes=99999999999999999999-1", 10},
        {"bytes=--1", 10},
        {"bytes=-1-2", 10},
        {"bytes=1--2", 10},
        {"bytes=+1-2", 10},
        {"bytes=0x1-2", 10},
        {"bytes=1.0-2", 10},
        {"bytes= 1-2", 10},
        {"bytes=1 -2", 10},
        {"bytes=1- 2", 10},
        {"bytes=1-2 ", 10},
        {"bytes= 0-1,2-3", 10},
        {"bytes=0-1,2-3\t", 10},
        {"bytes=,", 10},
        {"bytes= ", 10},
        {"bytes= , ,", 10},
        {"bytes=0-1;2-3", 10},
        {"bytes=0-1 2-3", 10},
        {"bytes =1-2", 10},
        {"bytes 1-2", 10},
        {" bytes=1-2", 10},
        {"byte=1-2", 10},
        {"items=1-2", 10},
        {"bytesx=1-2", 10},
    });
    for (const OtherCase& test : cases) {
        expect_none(test, RangeOutcome::ignore);
    }
}

struct SetCase {
    std::string_view value;
    std::vector<ByteRange> ranges;
};

void expect_set(const SetCase& test, std::uint64_t size) {
    SCOPED_TRACE(test.value);
    RangeSet set;
    EXPECT_EQ(select_ranges(test.value, size, set), RangeOutcome::satisfiable);
    EXPECT_TRUE(std::ranges::equal(set.ranges(), test.ranges));
}

// RFC 9110 §14.1.2.
TEST(Range, SelectsSeveralInTheOrderTheyAreListed) {
    for (const SetCase& test : std::to_array<SetCase>({
             {"bytes=0-0,-1", {{0, 1}, {9999, 1}}},
             {"bytes=500-600,700-999", {{500, 101}, {700, 300}}},
             {"bytes=700-999,500-600", {{700, 300}, {500, 101}}},
             {"bytes=-1,0-0,5-5", {{9999, 1}, {0, 1}, {5, 1}}},
         })) {
        expect_set(test, 10'000);
    }
}

// RFC 9110 §5.6.1.2.
TEST(Range, ReadsTheSetAsAList) {
    for (const SetCase& test : std::to_array<SetCase>({
             {"bytes=0-0, 2-2", {{0, 1}, {2, 1}}},
             {"bytes=0-0\t ,\t 2-2", {{0, 1}, {2, 1}}},
             {"bytes=0-0,,2-2", {{0, 1}, {2, 1}}},
             {"bytes=,0-0 , ,2-2,", {{0, 1}, {2, 1}}},
             {"bytes= ,0-0", {{0, 1}}},
             {"bytes=0-0, ", {{0, 1}}},
         })) {
        expect_set(test, 10);
    }
}

TEST(Range, IgnoresASetWithInvalidSyntaxAnywhere) {
    for (const std::string_view value :
         {"bytes=0-0,a", "bytes=a,0-0", "bytes=0-0,2-1", "bytes=0-0,5", "bytes=0-0,-",
          "bytes=20-30,-x", "bytes=0-0,bytes=1-1", "bytes=0-0,1- 2"}) {
        expect_none({.value = value, .size = 10}, RangeOutcome::ignore);
    }
}

// RFC 9110 §14.1.1: a set is satisfiable when one of its ranges is.
TEST(Range, LeavesOutWhatIsUnsatisfiable) {
    for (const SetCase& test : std::to_array<SetCase>({
             {"bytes=10-,0-0", {{0, 1}}},
             {"bytes=0-0,10-10,2-2,-0", {{0, 1}, {2, 1}}},
             {"bytes=99999999999999999999-,-1", {{9, 1}}},
         })) {
        expect_set(test, 10);
    }
}

// RFC 9110 §15.3.7.2.
TEST(Range, JoinsThoseThatOverlapOrAdjoinInThePlaceOfTheFirst) {
    for (const SetCase& test : std::to_array<SetCase>({
             {"bytes=0-4,5-9", {{0, 10}}},
             {"bytes=5-9,0-4", {{0, 10}}},
             {"bytes=0-4,6-9", {{0, 5}, {6, 4}}},
             {"bytes=0-4,4-9", {{0, 10}}},
             {"bytes=0-9,2-3", {{0, 10}}},
             {"bytes=2-3,0-9", {{0, 10}}},
             {"bytes=0-0,0-0,0-0", {{0, 1}}},
             {"bytes=50-59,0-9,5-14", {{50, 10}, {0, 15}}},
             {"bytes=0-9,50-59,5-14", {{0, 15}, {50, 10}}},
             {"bytes=0-9,20-29,5-24", {{0, 30}}},
             {"bytes=20-29,0-9,5-24", {{0, 30}}},
             {"bytes=20-29,90-99,0-9,40-49,10-19", {{0, 30}, {90, 10}, {40, 10}}},
             {"bytes=20-29,90-99,0-9,40-49,9-40", {{0, 50}, {90, 10}}},
             {"bytes=0-,-1", {{0, 100}}},
             {"bytes=0-1,10-11,20-21,30-31,0-", {{0, 100}}},
         })) {
        expect_set(test, 100);
    }
}

/// "bytes=0-0,2-2,4-4" and so on.
std::string set_of(std::size_t count) {
    std::string value = "bytes=";
    for (std::size_t i = 0; i < count; ++i) {
        const std::string position = std::to_string(2 * i);
        value += (i > 0 ? "," : "") + position + "-" + position;
    }
    return value;
}

TEST(Range, SelectsAsManyAsTheLimit) {
    RangeSet set;
    EXPECT_EQ(select_ranges(set_of(limits::ranges_max), 1000, set), RangeOutcome::satisfiable);
    ASSERT_EQ(set.count, limits::ranges_max);
    for (std::uint64_t i = 0; i < set.count; ++i) {
        EXPECT_EQ(set.ranges()[i], (ByteRange{.first = 2 * i, .length = 1}));
    }
}

// Only those that come in another order are looked at again.
TEST(Range, JoinsThoseThatComeInAnyOrderAmongAsManyAsTheLimit) {
    std::string value = "bytes=";
    for (std::size_t i = limits::ranges_max - 1; i > 0; --i) {
        value += std::to_string(2 * i) + "-" + std::to_string(2 * i) + ",";
    }
    expect_set({value + "1-600", {{1, 600}}}, 1000);
    expect_set({"bytes=0-0,10-19,4-5,30-39,6-9,20-24", {{0, 1}, {4, 21}, {30, 10}}}, 100);
}

// However few are left when those that can't be satisfied are left out and the others joined.
TEST(Range, IgnoresMoreThanTheLimit) {
    std::string equal = "bytes=0-0";
    for (std::size_t i = 0; i < limits::ranges_max; ++i) {
        equal += ",0-0";
    }
    expect_none({.value = equal, .size = 10}, RangeOutcome::ignore);
    const std::string different = set_of(limits::ranges_max + 1);
    expect_none({.value = different, .size = 1000}, RangeOutcome::ignore);
    expect_none({.value = different, .size = 0}, RangeOutcome::ignore);
}

TEST(Range, DoesNotOverflowAtTheLargestSize) {
    for (const SetCase& test : std::to_array<SetCase>({
             {"bytes=18446744073709551614-,0-0", {{max - 1, 1}, {0, 1}}},
             {"bytes=1-18446744073709551615,0-0", {{0, max}}},
             {"bytes=-18446744073709551615,-1", {{0, max}}},
             {"bytes=5-5,18446744073709551613-18446744073709551613,-1", {{5, 1}, {max - 2, 2}}},
         })) {
        expect_set(test, max);
    }
}

// Its last bytes are none, which no Content-Range can say.
TEST(Range, IgnoresASuffixOfAnEmptyFile) {
    expect_none({.value = "bytes=-5", .size = 0}, RangeOutcome::ignore);
    expect_none({.value = "bytes=0-0,-5", .size = 0}, RangeOutcome::ignore);
}

TEST(Range, StaysWithinTheFileForAllSmallNumbers) {
    for (std::uint64_t size = 0; size < 12; ++size) {
        for (std::uint64_t first = 0; first < 14; ++first) {
            for (std::uint64_t last = 0; last < 14; ++last) {
                const std::string value =
                    "bytes=" + std::to_string(first) + "-" + std::to_string(last);
                if (first > last) {
                    expect_none({.value = value, .size = size}, RangeOutcome::ignore);
                } else if (first >= size) {
                    expect_none({.value = value, .size = size}, RangeOutcome::unsatisfiable);
                } else {
                    expect_set({value, {{first, std::min(last, size - 1) - first + 1}}}, size);
                }
            }
        }
    }
}

}  // namespace
}  // namespace torc::http
