#include <torc/http/range.hpp>

#include "characters.hpp"
#include "list.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>

namespace torc::http {
namespace {

/// 1*DIGIT of any length; what is too large for the type becomes its maximum, which is beyond any
/// file.
std::optional<std::uint64_t> parse_position(std::string_view digits) noexcept {
    constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
    if (digits.empty() || !std::ranges::all_of(digits, is_digit)) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char character : digits) {
        const auto digit = static_cast<std::uint64_t>(character - '0');
        value = value > (max - digit) / 10 ? max : value * 10 + digit;
    }
    return value;
}

/// "-500": the last 500 bytes.
RangeOutcome select_suffix(std::string_view length_text, std::uint64_t size,
                           ByteRange& range) noexcept {
    const auto length = parse_position(length_text);
    if (!length) {
        return RangeOutcome::ignore;
    }
    if (*length == 0) {
        return RangeOutcome::unsatisfiable;
    }
    if (size == 0) {
        // Satisfiable (RFC 9110 §14.1.2), but no Content-Range can say which bytes these are.
        return RangeOutcome::ignore;
    }
    const std::uint64_t selected = std::min(*length, size);
    range = {.first = size - selected, .length = selected};
    return RangeOutcome::satisfiable;
}

/// "500-999", or "500-": from there to the end.
RangeOutcome select_interval(std::string_view first_text, std::string_view last_text,
                             std::uint64_t size, ByteRange& range) noexcept {
    const auto first = parse_position(first_text);
    const auto last =
        last_text.empty() ? std::numeric_limits<std::uint64_t>::max() : parse_position(last_text);
    // RFC 9110 §14.1.1: a last position before the first makes the set invalid.
    if (!first || !last || *last < *first) {
        return RangeOutcome::ignore;
    }
    if (*first >= size) {
        return RangeOutcome::unsatisfiable;
    }
    range = {.first = *first, .length = std::min(*last, size - 1) - *first + 1};
    return RangeOutcome::satisfiable;
}

/// One range-spec; `ignore` says that the whole field is to be ignored.
RangeOutcome select_one(std::string_view text, std::uint64_t size, ByteRange& range) noexcept {
    const std::size_t hyphen = text.find('-');
    if (hyphen == std::string_view::npos) {
        return RangeOutcome::ignore;
    }
    const std::string_view after = text.substr(hyphen + 1);
    return hyphen == 0 ? select_suffix(after, size, range)
                       : select_interval(text.substr(0, hyphen), after, size, range);
}

bool overlap_or_adjoin(const ByteRange& left, const ByteRange& right) noexcept {
    return left.first <= right.first + right.length && right.first <= left.first + left.length;
}

ByteRange joined(const ByteRange& left, const ByteRange& right) noexcept {
    const std::uint64_t first = std::min(left.first, right.first);
    const std::uint64_t end = std::max(left.first + left.length, right.first + right.length);
    return {.first = first, .length = end - first};
}

/// Collects the ranges of a set, joining those that overlap or adjoin.
class Collector {
public:
    explicit Collector(RangeSet& set) noexcept : set_(set) {}

    void add(const ByteRange& range) noexcept {
        // Nearly every client lists them in ascending order, and then none is looked at again.
        if (set_.count > 0 && range.first <= highest_end_) {
            join(range);
        } else {
            set_.storage[set_.count++] = range;
        }
        highest_end_ = std::max(highest_end_, range.first + range.length);
    }

private:
    /// Those in the set are apart from each other, so what joins with the sum joins with the range:
    /// one pass is enough.
    void join(const ByteRange& range) noexcept {
        std::uint32_t kept = 0;
        ByteRange* sum = nullptr;
        for (const ByteRange& present : set_.ranges()) {
            if (!overlap_or_adjoin(present, range)) {
                set_.storage[kept++] = present;
            } else if (sum != nullptr) {
                *sum = joined(*sum, present);
            } else {
                sum = &set_.storage[kept++];
                *sum = joined(present, range);
            }
        }
        if (sum == nullptr) {
            set_.storage[kept++] = range;
        }
        set_.count = kept;
    }

    RangeSet& set_;
    /// Where the last byte of all is, plus 1.
    std::uint64_t highest_end_ = 0;
};

/// 1#range-spec
RangeOutcome select_set(std::string_view text, std::uint64_t size, RangeSet& set) noexcept {
    const std::string_view trimmed = trim_blanks(text);
    // RFC 9110 §5.6.1: white space belongs to a comma.
    if (trimmed.empty() || (is_blank(text.front()) && trimmed.front() != ',') ||
        (is_blank(text.back()) && trimmed.back() != ',')) {
        return RangeOutcome::ignore;
    }
    ListMembers members(text);
    Collector collector(set);
    std::size_t count = 0;
    for (auto member = members.next(); !member.empty(); member = members.next()) {
        ByteRange range;
        const RangeOutcome outcome = select_one(member, size, range);
        ++count;
        if (outcome == RangeOutcome::ignore || count > limits::ranges_max) {
            return RangeOutcome::ignore;
        }
        if (outcome == RangeOutcome::satisfiable) {
            collector.add(range);
        }
    }
    return set.count > 0 ? RangeOutcome::satisfiable
           : count > 0   ? RangeOutcome::unsatisfiable
                         : RangeOutcome::ignore;
}

}  // namespace

RangeOutcome select_ranges(std::string_view value, std::uint64_t size, RangeSet& set) noexcept {
    constexpr std::string_view unit = "bytes=";
    set.count = 0;
    if (!equals_ignoring_case(value.substr(0, unit.size()), unit)) {
        return RangeOutcome::ignore;
    }
    const RangeOutcome outcome = select_set(value.substr(unit.size()), size, set);
    if (outcome != RangeOutcome::satisfiable) {
        set.count = 0;
    }
    return outcome;
}

}  // namespace torc::http
