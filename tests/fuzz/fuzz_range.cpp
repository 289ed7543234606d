#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/http/range.hpp>

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

// The input's first byte says how large the file is, the rest is a Range field. What holds for
// each:
// - ranges are within the file, not empty, apart from each other, and not more than the limit;
// - for a small file they are the runs of a bitmap in which every listed byte was set, in the order
//   in which a byte of them is first listed.

namespace {

using torc::http::ByteRange;
using torc::http::RangeOutcome;
using torc::http::RangeSet;
using torc::http::select_ranges;

/// Of the small files.
constexpr std::size_t bits = 256;
using Bitmap = std::bitset<bits>;

struct Expectation {
    RangeOutcome outcome = RangeOutcome::ignore;
    std::vector<ByteRange> ranges;
};

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == text.npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    return begin == text.npos ? std::string_view()
                              : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The ranges that are listed, without empty members; nothing when white space is where it must not
/// be.
std::optional<std::vector<std::string_view>> list_members(std::string_view set) {
    std::vector<std::string_view> members;
    const auto parts = split(set, ',');
    for (const std::string_view& part : parts) {
        const std::string_view member = trim(part);
        if (member.empty()) {
            continue;
        }
        const bool is_blank_before = member.data() != part.data();
        const bool is_blank_after = member.end() != part.end();
        if ((is_blank_before && &part == &parts.front()) ||
            (is_blank_after && &part == &parts.back())) {
            return std::nullopt;
        }
        members.push_back(member);
    }
    return members;
}

/// Digits, as a number; one beyond the type counts as its maximum.
std::optional<std::uint64_t> number(std::string_view digits) {
    if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    const auto [place, error] = std::from_chars(digits.begin(), digits.end(), value);
    return error == std::errc() ? value : std::numeric_limits<std::uint64_t>::max();
}

/// The bytes that one member names; nothing when that makes the whole field void.
std::optional<Bitmap> bytes_of(std::string_view member, std::size_t size) {
    const std::size_t hyphen = member.find('-');
    if (hyphen == member.npos) {
        return std::nullopt;
    }
    const std::string_view before = member.substr(0, hyphen);
    const std::string_view after = member.substr(hyphen + 1);
    const auto first = number(before);
    const auto last = number(after);
    const bool is_suffix = before.empty() && last;
    const bool is_interval = first && (after.empty() || (last && *last >= *first));
    if ((!is_suffix && !is_interval) || (is_suffix && *last > 0 && size == 0)) {
        return std::nullopt;
    }
    Bitmap bytes;
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = is_suffix ? size - i <= *last : i >= *first && (after.empty() || i <= *last);
    }
    return bytes;
}

/// Runs of `all` in the order in which `members` first touch them.
std::vector<ByteRange> runs(const Bitmap& all, const std::vector<Bitmap>& members) {
    std::vector<ByteRange> result;
    Bitmap done;
    for (const Bitmap& member : members) {
        for (std::size_t i = 0; i < bits; ++i) {
            if (!member[i] || done[i]) {
                continue;
            }
            std::size_t first = i;
            while (first > 0 && all[first - 1]) {
                --first;
            }
            std::size_t end = first;
            while (end < bits && all[end]) {
                done.set(end++);
            }
            result.push_back({.first = first, .length = end - first});
        }
    }
    return result;
}

Expectation expect(std::string_view value, std::size_t size) {
    constexpr std::string_view unit = "bytes=";
    const bool is_unit = value.size() >= unit.size() &&
                         std::equal(unit.begin(), unit.end(), value.begin(), [](char a, char b) {
                             return a == b || (a >= 'a' && a <= 'z' && a - 'a' + 'A' == b);
                         });
    if (!is_unit) {
        return {};
    }
    const auto listed = list_members(value.substr(unit.size()));
    if (!listed || listed->empty() || listed->size() > torc::limits::ranges_max) {
        return {};
    }
    Bitmap all;
    std::vector<Bitmap> members;
    for (const std::string_view member : *listed) {
        const auto bytes = bytes_of(member, size);
        if (!bytes) {
            return {};
        }
        all |= *bytes;
        members.push_back(*bytes);
    }
    return {.outcome = all.any() ? RangeOutcome::satisfiable : RangeOutcome::unsatisfiable,
            .ranges = runs(all, members)};
}

void check_bounds(RangeOutcome outcome, const RangeSet& set, std::uint64_t size) {
    TORC_ASSERT(set.count <= torc::limits::ranges_max);
    TORC_ASSERT((set.count > 0) == (outcome == RangeOutcome::satisfiable));
    std::vector<ByteRange> sorted(set.ranges().begin(), set.ranges().end());
    std::ranges::sort(sorted, {}, &ByteRange::first);
    std::uint64_t end = 0;
    for (const ByteRange& range : sorted) {
        TORC_ASSERT(range.length > 0);
        TORC_ASSERT(range.first < size);
        TORC_ASSERT(range.length <= size - range.first);
        // Those that adjoin are joined.
        TORC_ASSERT(&range == sorted.data() || range.first > end);
        end = range.first + range.length;
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t small = data[0];
    const std::string_view value(reinterpret_cast<const char*>(data) + 1, size - 1);
    RangeSet set;
    const RangeOutcome outcome = select_ranges(value, small, set);
    check_bounds(outcome, set, small);
    const Expectation expected = expect(value, small);
    TORC_ASSERT(outcome == expected.outcome);
    TORC_ASSERT(std::ranges::equal(set.ranges(), expected.ranges));

    constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
    for (const std::uint64_t large : {max, max - small, max / 2, std::uint64_t{1} << 32U}) {
        check_bounds(select_ranges(value, large, set), set, large);
    }
    return 0;
}
