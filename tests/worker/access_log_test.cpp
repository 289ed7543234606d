#include <torc/base/limits.hpp>
#include <torc/worker/access_log.hpp>

#include "support/allocation_counter.hpp"
#include "support/environment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;

constexpr WallTime wall{std::chrono::seconds(1'700'000'000)};
constexpr MonotonicTime noon{std::chrono::hours(12)};
const AccessEntry plain{.remote_address = "192.0.2.1",
                        .request_line = "GET / HTTP/1.1",
                        .status = http::Status::ok,
                        .referer = "http://example.com/",
                        .user_agent = "curl/7.88.1"};

class AccessLogTest : public ::testing::Test {
protected:
    void SetUp() override { log_.set_time(wall); }

    /// All that was pushed and was not taken.
    std::string pushed() {
        std::string lines;
        std::string batch;
        while (queue_.take(batch) == LogQueue::Next::lines) {
            lines += batch;
        }
        return lines;
    }
    std::string push() {
        log_.push();
        return pushed();
    }
    std::string line_of(const AccessEntry& entry) {
        log_.append(entry, 1234, noon);
        return push();
    }
    torc::test::ScopedTimeZone utc_{"UTC0"};
    LogQueue queue_{limits::access_log_queue_bytes_max};
    AccessLog log_{queue_, LogPace::batches};
};

TEST_F(AccessLogTest, WritesTheCombinedFormat) {
    EXPECT_EQ(line_of(plain),
              "192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 1234 "
              "\"http://example.com/\" \"curl/7.88.1\"\n");
}

TEST_F(AccessLogTest, WritesADashForAFieldThatIsNotThere) {
    AccessEntry entry = plain;
    entry.request_line = {};
    entry.referer = {};
    entry.user_agent = {};
    EXPECT_EQ(line_of(entry),
              "192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] \"-\" 200 1234 \"-\" \"-\"\n");
}

TEST_F(AccessLogTest, EscapesWhatCouldForgeLinesOrCommandATerminal) {
    AccessEntry entry = plain;
    entry.request_line = "GET /\"\\ HTTP/1.1";
    entry.referer = "\x1b[31m\n";
    entry.user_agent = "\xC3\xA4\x7f";
    EXPECT_EQ(line_of(entry),
              "192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] \"GET /\\x22\\x5C HTTP/1.1\" 200 1234 "
              "\"\\x1B[31m\\x0A\" \"\\xC3\\xA4\\x7F\"\n");
}

TEST_F(AccessLogTest, LogsARequestHoweverLongAndOddItIs) {
    const std::string odd(limits::request_head_bytes_default, '\x01');
    AccessEntry entry = plain;
    entry.request_line = std::string_view(odd).substr(0, limits::request_line_bytes_default);
    entry.referer = odd;
    entry.user_agent = odd;
    const std::string line = line_of(entry);
    EXPECT_TRUE(line.starts_with("192.0.2.1 - - ["));
    EXPECT_TRUE(line.ends_with("\"\n"));
}

TEST_F(AccessLogTest, TellsTheTimeOfTheLocalZone) {
    const auto time_in = [this](const char* zone) {
        const torc::test::ScopedTimeZone elsewhere(zone);
        log_.set_time(wall - 1s);
        log_.set_time(wall);
        const std::string line = line_of(plain);
        return line.substr(line.find('['), line.find(']') - line.find('[') + 1);
    };
    EXPECT_EQ(time_in("CET-1"), "[14/Nov/2023:23:13:20 +0100]");
    EXPECT_EQ(time_in("NST3:30"), "[14/Nov/2023:18:43:20 -0330]");
    EXPECT_EQ(time_in("XXX0:30"), "[14/Nov/2023:21:43:20 -0030]");
    EXPECT_EQ(time_in("NPT-5:45"), "[15/Nov/2023:03:58:20 +0545]");
}

TEST_F(AccessLogTest, TellsTheTimeToTheSecond) {
    log_.set_time(wall + 999ms);
    EXPECT_NE(line_of(plain).find(":22:13:20 "), std::string::npos);
    log_.set_time(wall + 1s);
    EXPECT_NE(line_of(plain).find(":22:13:21 "), std::string::npos);
}

TEST_F(AccessLogTest, NamesTheUser) {
    AccessEntry entry = plain;
    entry.user = "alice";
    EXPECT_TRUE(line_of(entry).starts_with("192.0.2.1 - alice ["));
    entry.user = "a b\"\xC3\xA4 ";
    EXPECT_TRUE(line_of(entry).starts_with("192.0.2.1 - a\\x20b\\x22\\xC3\\xA4\\x20 ["));
}

TEST_F(AccessLogTest, CompletesALineWhoseBytesWereNotKnown) {
    const OpenLine line = log_.open_line(config::LogFormat::combined, plain);
    EXPECT_EQ(push(), "");
    log_.set_time(wall + 1h);
    log_.append(line, 5'000'000'000, {}, noon);
    EXPECT_EQ(push(),
              "192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 5000000000 "
              "\"http://example.com/\" \"curl/7.88.1\"\n");
}

TEST_F(AccessLogTest, IsNeverDueWhenItIsEmpty) {
    EXPECT_EQ(log_.due_at(), never);
    log_.push_if_due(noon);
    EXPECT_EQ(pushed(), "");
}

TEST_F(AccessLogTest, IsDueWhenItsOldestLineIsOldEnough) {
    log_.append(plain, 1, noon);
    log_.append(plain, 2, noon + 500ms);
    EXPECT_EQ(log_.due_at(), noon + AccessLog::delay_max);
    log_.push_if_due(noon + AccessLog::delay_max - 1ns);
    EXPECT_EQ(pushed(), "");
    log_.push_if_due(noon + AccessLog::delay_max);
    EXPECT_EQ(std::ranges::count(pushed(), '\n'), 2);
    EXPECT_EQ(log_.due_at(), never);
    log_.append(plain, 3, noon + 1700ms);
    EXPECT_EQ(log_.due_at(), noon + 1700ms + AccessLog::delay_max);
}

TEST_F(AccessLogTest, IsDueAtOnceWhenItIsHalfFull) {
    std::size_t bytes = 0;
    const std::size_t line_bytes = line_of(plain).size();
    while (bytes < limits::access_log_buffer_bytes / 2) {
        EXPECT_NE(log_.due_at(), MonotonicTime::min());
        log_.append(plain, 1234, noon);
        bytes += line_bytes;
    }
    EXPECT_EQ(log_.due_at(), MonotonicTime::min());
}

TEST_F(AccessLogTest, IsDueAtOnceWhereSomebodyLooksOn) {
    AccessLog log(queue_, LogPace::at_once);
    EXPECT_EQ(log.due_at(), never);
    log.append(plain, 1, noon);
    EXPECT_EQ(log.due_at(), MonotonicTime::min());
    log.push_if_due(noon);
    EXPECT_EQ(std::ranges::count(pushed(), '\n'), 1);
}

TEST_F(AccessLogTest, KeepsEveryLineOfABurstThatNoBufferHolds) {
    // As pipelined requests make them in one iteration.
    constexpr std::uint64_t lines = 10'000;
    for (std::uint64_t line = 0; line < lines; ++line) {
        log_.append(plain, line, noon);
    }
    const std::string all = push();
    EXPECT_EQ(count_lines(all), lines);
    EXPECT_GT(all.size(), 10 * limits::access_log_buffer_bytes);
    std::size_t position = 0;
    for (std::uint64_t line = 0; line < lines; ++line) {
        position = all.find(" 200 " + std::to_string(line) + " ", position);
        ASSERT_NE(position, std::string::npos) << line;
    }
    EXPECT_EQ(queue_.take_dropped_lines(), 0U);
}

TEST_F(AccessLogTest, PushesItsLinesInFrontOfACut) {
    log_.append(plain, 1, noon);
    queue_.ask_for_cut();
    log_.push_if_due(noon);
    log_.append(plain, 2, noon);
    log_.push_if_due(noon);
    std::string batch;
    ASSERT_EQ(queue_.take(batch), LogQueue::Next::lines);
    EXPECT_NE(batch.find(" 200 1 "), std::string::npos);
    EXPECT_EQ(queue_.take(batch), LogQueue::Next::cut);
    EXPECT_EQ(queue_.take(batch), LogQueue::Next::nothing);
    EXPECT_NE(push().find(" 200 2 "), std::string::npos);
}

TEST_F(AccessLogTest, PushesWhatIsLeftAtItsEnd) {
    {
        AccessLog log(queue_, LogPace::batches);
        log.append(plain, 1, noon);
    }
    EXPECT_EQ(std::ranges::count(pushed(), '\n'), 1);
}

TEST_F(AccessLogTest, AppendsWithoutAllocatingOnceItIsWarm) {
    // Three times as many lines as a buffer holds.
    const auto run = [this] {
        for (int line = 0; line < 2000; ++line) {
            log_.append(plain, 1234, noon);
            log_.push_if_due(noon);
        }
    };
    std::string batch;
    batch.reserve(limits::access_log_buffer_bytes);
    const auto take_all = [&] {
        while (queue_.take(batch) == LogQueue::Next::lines) {
        }
    };
    run();
    take_all();
    const auto before = torc::test::allocations_of_this_thread();
    run();
    take_all();
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

}  // namespace
}  // namespace torc::worker
