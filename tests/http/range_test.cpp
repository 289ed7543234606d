#include <torc/http/range.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

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
        const RangeResult result = select_range(test.value, test.size);
        EXPECT_EQ(result.outcome, RangeOutcome::satisfiable);
        EXPECT_EQ(result.range, test.range);
    }
}

struct OtherCase {
    std::string_view value;
    std::uint64_t size;
};

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
    });
    for (const OtherCase& test : cases) {
        EXPECT_EQ(select_range(test.value, test.size).outcome, RangeOutcome::unsatisfiable)
            << test.value;
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
        {"bytes =1-2", 10},
        {"bytes 1-2", 10},
        {" bytes=1-2", 10},
        {"byte=1-2", 10},
        {"items=1-2", 10},
        {"bytesx=1-2", 10},
    });
    for (const OtherCase& test : cases) {
        EXPECT_EQ(select_range(test.value, test.size).outcome, RangeOutcome::ignore) << test.value;
    }
}

// RFC 9110 §14.2: a server may ignore Range; torc does for all that would need
// multipart/byteranges.
TEST(Range, IgnoresSetsOfRanges) {
    constexpr auto values = std::to_array<std::string_view>({
        "bytes=0-0,2-2",
        "bytes=0-0, 2-2",
        "bytes=-1,0-0",
        "bytes=0-,-1",
        "bytes=0-1,",
        "bytes=,0-1",
    });
    for (const std::string_view value : values) {
        EXPECT_EQ(select_range(value, 10).outcome, RangeOutcome::ignore) << value;
    }
}

// Its last bytes are none, which no Content-Range can say.
TEST(Range, IgnoresASuffixOfAnEmptyFile) {
    EXPECT_EQ(select_range("bytes=-5", 0).outcome, RangeOutcome::ignore);
}

TEST(Range, StaysWithinTheFileForAllSmallNumbers) {
    for (std::uint64_t size = 0; size < 12; ++size) {
        for (std::uint64_t first = 0; first < 14; ++first) {
            for (std::uint64_t last = 0; last < 14; ++last) {
                const std::string value =
                    "bytes=" + std::to_string(first) + "-" + std::to_string(last);
                const RangeResult result = select_range(value, size);
                if (first > last) {
                    EXPECT_EQ(result.outcome, RangeOutcome::ignore);
                } else if (first >= size) {
                    EXPECT_EQ(result.outcome, RangeOutcome::unsatisfiable);
                } else {
                    EXPECT_EQ(result.outcome, RangeOutcome::satisfiable);
                    EXPECT_EQ(result.range.first, first);
                    EXPECT_EQ(result.range.length, std::min(last, size - 1) - first + 1);
                }
            }
        }
    }
}

}  // namespace
}  // namespace torc::http
