#include <torc/http/date.hpp>

#include "characters.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>

namespace torc::http {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::month;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 7> day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 7> day_abbreviations = {"Sun", "Mon", "Tue", "Wed",
                                                               "Thu", "Fri", "Sat"};

constexpr DateSeconds time_min = sys_days(year(0) / 1 / 1);
constexpr DateSeconds time_max = sys_days(year(9999) / 12 / 31) + days(1) - seconds(1);

char* write(char* cursor, std::string_view text) noexcept {
    return std::ranges::copy(text, cursor).out;
}

/// In decimal, with leading zeros.
char* write(char* cursor, unsigned number, std::size_t digits) noexcept {
    for (std::size_t i = digits; i > 0; --i) {
        cursor[i - 1] = static_cast<char>('0' + number % 10);
        number /= 10;
    }
    return cursor + digits;
}

/// Reads a date from its front to its back. What doesn't fit fails the whole; what is read after
/// that means nothing, so only the end has to ask.
class DateReader {
public:
    explicit DateReader(std::string_view text) noexcept : rest_(text) {}

    void literal(std::string_view text) noexcept {
        if (rest_.starts_with(text)) {
            rest_.remove_prefix(text.size());
        } else {
            valid_ = false;
        }
    }

    [[nodiscard]] bool next_is(char character) const noexcept {
        return rest_.starts_with(character);
    }

    unsigned number(std::size_t digits) noexcept {
        unsigned value = 0;
        const std::string_view text = rest_.substr(0, digits);
        if (text.size() != digits || !std::ranges::all_of(text, is_digit)) {
            valid_ = false;
            return 0;
        }
        std::from_chars(text.data(), text.data() + text.size(), value);
        rest_.remove_prefix(digits);
        return value;
    }

    /// One of `names`; gives its index.
    unsigned name(std::span<const std::string_view> names) noexcept {
        for (unsigned i = 0; i < names.size(); ++i) {
            if (rest_.starts_with(names[i])) {
                rest_.remove_prefix(names[i].size());
                return i;
            }
        }
        valid_ = false;
        return 0;
    }

    month month_name() noexcept { return month(name(month_abbreviations) + 1); }

    /// "08:49:37".
    seconds time_of_day() noexcept {
        const unsigned hour = number(2);
        literal(":");
        const unsigned minute = number(2);
        literal(":");
        const unsigned second = number(2);
        // 60 is a leap second (RFC 5322 §3.3), which POSIX time counts as the one after it.
        if (hour > 23 || minute > 59 || second > 60) {
            valid_ = false;
        }
        return hours(hour) + minutes(minute) + seconds(second);
    }

    [[nodiscard]] bool succeeded() const noexcept { return valid_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool valid_ = true;
};

std::optional<DateSeconds> combine(const DateReader& reader, year_month_day date,
                                   seconds time_of_day) noexcept {
    if (!reader.succeeded() || !date.ok()) {
        return std::nullopt;
    }
    return sys_days(date) + time_of_day;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<DateSeconds> parse_imf_fixdate(std::string_view text) noexcept {
    DateReader reader(text);
    reader.name(day_abbreviations);
    reader.literal(", ");
    const day day_of_month(reader.number(2));
    reader.literal(" ");
    const month month_of_year = reader.month_name();
    reader.literal(" ");
    const year full_year(static_cast<int>(reader.number(4)));
    reader.literal(" ");
    const seconds time_of_day = reader.time_of_day();
    reader.literal(" GMT");
    return combine(reader, full_year / month_of_year / day_of_month, time_of_day);
}

/// The latest year with those last two digits in which the date is not more than 50 years ahead of
/// `now`.
year complete_year(unsigned last_two_digits, month month_of_year, day day_of_month,
                   seconds time_of_day, DateSeconds now) noexcept {
    const int this_year = static_cast<int>(year_month_day(std::chrono::floor<days>(now)).year());
    year candidate(this_year - this_year % 100 + 100 + static_cast<int>(last_two_digits));
    // A day that its month doesn't have spills into the next one here, and is refused later.
    while (sys_days(candidate / month_of_year / day_of_month) + time_of_day >
           now + std::chrono::years(50)) {
        candidate -= std::chrono::years(100);
    }
    return candidate;
}

/// "Sunday, 06-Nov-94 08:49:37 GMT".
std::optional<DateSeconds> parse_rfc850_date(std::string_view text, DateSeconds now) noexcept {
    DateReader reader(text);
    reader.name(day_names);
    reader.literal(", ");
    const day day_of_month(reader.number(2));
    reader.literal("-");
    const month month_of_year = reader.month_name();
    reader.literal("-");
    const unsigned last_two_digits = reader.number(2);
    reader.literal(" ");
    const seconds time_of_day = reader.time_of_day();
    reader.literal(" GMT");
    const year full_year =
        complete_year(last_two_digits, month_of_year, day_of_month, time_of_day, now);
    return combine(reader, full_year / month_of_year / day_of_month, time_of_day);
}

/// "Sun Nov  6 08:49:37 1994".
std::optional<DateSeconds> parse_asctime_date(std::string_view text) noexcept {
    DateReader reader(text);
    reader.name(day_abbreviations);
    reader.literal(" ");
    const month month_of_year = reader.month_name();
    reader.literal(" ");
    const bool has_one_digit = reader.next_is(' ');
    reader.literal(has_one_digit ? " " : "");
    const day day_of_month(reader.number(has_one_digit ? 1 : 2));
    reader.literal(" ");
    const seconds time_of_day = reader.time_of_day();
    reader.literal(" ");
    const year full_year(static_cast<int>(reader.number(4)));
    return combine(reader, full_year / month_of_year / day_of_month, time_of_day);
}

}  // namespace

DateText format_date(DateSeconds time) noexcept {
    time = std::clamp(time, time_min, time_max);
    const sys_days date = std::chrono::floor<days>(time);
    const year_month_day calendar(date);
    const std::chrono::hh_mm_ss clock(time - date);

    DateText text;
    char* cursor = write(text.data(), day_abbreviations[std::chrono::weekday(date).c_encoding()]);
    cursor = write(cursor, ", ");
    cursor = write(cursor, static_cast<unsigned>(calendar.day()), 2);
    cursor = write(cursor, " ");
    cursor = write(cursor, month_abbreviations[static_cast<unsigned>(calendar.month()) - 1]);
    cursor = write(cursor, " ");
    cursor = write(cursor, static_cast<unsigned>(static_cast<int>(calendar.year())), 4);
    cursor = write(cursor, " ");
    cursor = write(cursor, static_cast<unsigned>(clock.hours().count()), 2);
    cursor = write(cursor, ":");
    cursor = write(cursor, static_cast<unsigned>(clock.minutes().count()), 2);
    cursor = write(cursor, ":");
    cursor = write(cursor, static_cast<unsigned>(clock.seconds().count()), 2);
    write(cursor, " GMT");
    return text;
}

std::optional<DateSeconds> parse_date(std::string_view text, DateSeconds now) noexcept {
    constexpr std::size_t abbreviation_bytes = 3;
    if (text.size() <= abbreviation_bytes) {
        return std::nullopt;
    }
    switch (text[abbreviation_bytes]) {
        case ',':
            return parse_imf_fixdate(text);
        case ' ':
            return parse_asctime_date(text);
        default:
            return parse_rfc850_date(text, now);
    }
}

}  // namespace torc::http
