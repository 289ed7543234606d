#include <torc/http/date.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <iomanip>
#include <sstream>
#include <string>
#include <string_view>

namespace torc::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;

/// The example of RFC 9110 §5.6.7.
constexpr DateSeconds example = sys_days(year(1994) / 11 / 6) + 8h + 49min + 37s;
constexpr DateSeconds now = sys_days(year(2026) / 6 / 15) + 12h;

std::string text_of(DateSeconds time) {
    const DateText text = format_date(time);
    return {text.begin(), text.end()};
}

/// As the C library writes it: a second opinion.
std::string formatted(DateSeconds time, const char* format) {
    const std::time_t seconds_since_epoch = time.time_since_epoch().count();
    std::tm calendar{};
    EXPECT_NE(::gmtime_r(&seconds_since_epoch, &calendar), nullptr);
    std::ostringstream text;
    text << std::put_time(&calendar, format);
    return text.str();
}

TEST(Date, FormatsAnImfFixdate) {
    EXPECT_EQ(text_of(example), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(text_of(DateSeconds()), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(text_of(DateSeconds(-1s)), "Wed, 31 Dec 1969 23:59:59 GMT");
    EXPECT_EQ(text_of(sys_days(year(2024) / 2 / 29)), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(Date, ClampsYearsThatFourDigitsCannotSay) {
    EXPECT_EQ(text_of(sys_days(year(10'000) / 1 / 1)), "Fri, 31 Dec 9999 23:59:59 GMT");
    EXPECT_EQ(text_of(DateSeconds::max()), "Fri, 31 Dec 9999 23:59:59 GMT");
    EXPECT_EQ(text_of(sys_days(year(-1) / 12 / 31)), "Sat, 01 Jan 0000 00:00:00 GMT");
    EXPECT_EQ(text_of(DateSeconds::min()), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(Date, ParsesAllThreeFormats) {
    EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", now), example);
    EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
    EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", now), example);
    EXPECT_EQ(parse_date("Sun Nov 13 08:49:37 1994", now), example + 7 * 24h);
}

// A prime number of seconds, so that every part of the date takes all its values.
TEST(Date, ComesBackFromEveryFormatOverAllYears) {
    constexpr seconds step(3'600'017 * 4);
    const DateSeconds end = sys_days(year(9999) / 12 / 31);
    for (DateSeconds time = sys_days(year(1000) / 1 / 1); time < end; time += step) {
        const std::string text = text_of(time);
        ASSERT_EQ(text, formatted(time, "%a, %d %b %Y %H:%M:%S GMT"));
        ASSERT_EQ(parse_date(text, now), time) << text;
        const std::string asctime = formatted(time, "%a %b %e %H:%M:%S %Y");
        ASSERT_EQ(parse_date(asctime, now), time) << asctime;
    }
}

TEST(Date, ComesBackFromRfc850WithinFiftyYears) {
    constexpr seconds step(3'600'017);
    for (DateSeconds time = now - 49 * 365 * 24h; time < now + 49 * 365 * 24h; time += step) {
        const std::string text = formatted(time, "%A, %d-%b-%y %H:%M:%S GMT");
        ASSERT_EQ(parse_date(text, now), time) << text;
    }
}

// RFC 9110 §5.6.7: more than 50 years in the future is the most recent such year in the past.
TEST(Date, PutsTwoDigitYearsIntoTheRightCentury) {
    struct Case {
        std::string_view text;
        DateSeconds time;
    };
    constexpr auto cases = std::to_array<Case>({
        {"Monday, 01-Jan-00 00:00:00 GMT", sys_days(year(2000) / 1 / 1)},
        {"Monday, 01-Jan-26 00:00:00 GMT", sys_days(year(2026) / 1 / 1)},
        {"Monday, 01-Jan-75 00:00:00 GMT", sys_days(year(2075) / 1 / 1)},
        {"Monday, 01-Jan-76 00:00:00 GMT", sys_days(year(2076) / 1 / 1)},
        {"Monday, 31-Dec-76 00:00:00 GMT", sys_days(year(1976) / 12 / 31)},
        {"Monday, 01-Jan-77 00:00:00 GMT", sys_days(year(1977) / 1 / 1)},
        {"Monday, 01-Jan-99 00:00:00 GMT", sys_days(year(1999) / 1 / 1)},
    });
    for (const Case& test : cases) {
        EXPECT_EQ(parse_date(test.text, now), test.time) << test.text;
    }
    // Late in a century the years to come are in the next.
    const DateSeconds late = sys_days(year(2090) / 1 / 1);
    EXPECT_EQ(parse_date("Monday, 01-Jan-05 00:00:00 GMT", late),
              DateSeconds(sys_days(year(2105) / 1 / 1)));
}

TEST(Date, KnowsLeapYears) {
    EXPECT_TRUE(parse_date("Thu, 29 Feb 2024 00:00:00 GMT", now));
    EXPECT_TRUE(parse_date("Tue, 29 Feb 2000 00:00:00 GMT", now));
    EXPECT_FALSE(parse_date("Wed, 29 Feb 2023 00:00:00 GMT", now));
    EXPECT_FALSE(parse_date("Thu, 29 Feb 1900 00:00:00 GMT", now));
    EXPECT_FALSE(parse_date("Wednesday, 29-Feb-23 00:00:00 GMT", now));
    EXPECT_FALSE(parse_date("Wed Feb 29 00:00:00 2023", now));
}

TEST(Date, TakesALeapSecondForTheNextOne) {
    EXPECT_EQ(parse_date("Sat, 31 Dec 2016 23:59:60 GMT", now),
              DateSeconds(sys_days(year(2017) / 1 / 1)));
}

TEST(Date, RefusesWhatIsNoHttpDate) {
    constexpr auto texts = std::to_array<std::string_view>({
        "",
        "0",
        "Sun",
        "Sun,",
        "1994-11-06T08:49:37Z",
        "784111777",
        // RFC 9110 §5.6.7: case-sensitive, in GMT, one space, two digits.
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun,06 Nov 1994 08:49:37 GMT",
        "Sun, 06  Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 19941 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMTx",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08.49.37 GMT",
        // Values out of range.
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 32 Oct 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        // RFC 850.
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday 06-Nov-94 08:49:37 GMT",
        "Sunday, 6-Nov-94 08:49:37 GMT",
        // asctime.
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov 06 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov  6 08:49:37 1994\n",
        "Sun Nov   6 08:49:37 1994",
    });
    for (const std::string_view text : texts) {
        EXPECT_FALSE(parse_date(text, now)) << text;
    }
}

TEST(Date, RefusesEveryProperPrefix) {
    constexpr auto texts = std::to_array<std::string_view>({"Sun, 06 Nov 1994 08:49:37 GMT",
                                                            "Sunday, 06-Nov-94 08:49:37 GMT",
                                                            "Sun Nov  6 08:49:37 1994"});
    for (const std::string_view text : texts) {
        for (std::size_t bytes = 0; bytes < text.size(); ++bytes) {
            EXPECT_FALSE(parse_date(text.substr(0, bytes), now)) << text.substr(0, bytes);
        }
    }
}

}  // namespace
}  // namespace torc::http
