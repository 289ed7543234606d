#include <torc/base/limits.hpp>
#include <torc/server/access_log.hpp>

#include "server/environment.hpp"
#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

namespace torc::server {
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

    /// The next batch.
    std::string begin_write() {
        const std::span<const std::byte> batch = log_.begin_write();
        return {reinterpret_cast<const char*>(batch.data()), batch.size()};
    }
    std::string write() {
        std::string batch = begin_write();
        if (!batch.empty()) {
            log_.finish_write(batch.size());
        }
        return batch;
    }
    std::string line_of(const AccessEntry& entry) {
        log_.append(entry, 1234, noon);
        return write();
    }
    /// Appends until lines are dropped; gives how many fitted.
    std::size_t fill() {
        std::size_t lines = 0;
        for (const auto dropped = log_.dropped_lines(); log_.dropped_lines() == dropped; ++lines) {
            log_.append(plain, lines, noon);
        }
        return lines - 1;
    }

    test::ScopedTimeZone utc_{"UTC0"};
    AccessLog log_{limits::access_log_buffer_bytes};
};

TEST_F(AccessLogTest, WritesTheCombinedFormat) {
    EXPECT_EQ(line_of(plain),
              "192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 1234 "
              "\"http://example.com/\" \"curl/7.88.1\"\n");
}

TEST_F(AccessLogTest, WritesADashForAFieldThatIsNotThere) {
    AccessEntry entry = plain;
    entry.referer = {};
    entry.user_agent = {};
    EXPECT_EQ(line_of(entry),
              "192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 1234 \"-\" "
              "\"-\"\n");
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
    EXPECT_EQ(log_.dropped_lines(), 0U);
}

TEST_F(AccessLogTest, TellsTheTimeOfTheLocalZone) {
    const auto time_in = [this](const char* zone) {
        const test::ScopedTimeZone elsewhere(zone);
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

TEST_F(AccessLogTest, CompletesALineWhoseBytesWereNotKnown) {
    const OpenLine line = log_.open_line(plain);
    EXPECT_EQ(write(), "");
    log_.set_time(wall + 1h);
    log_.append(line, 5'000'000'000, noon);
    EXPECT_EQ(write(),
              "192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 5000000000 "
              "\"http://example.com/\" \"curl/7.88.1\"\n");
}

TEST_F(AccessLogTest, IsNeverDueWhenItIsEmpty) {
    EXPECT_EQ(log_.due_at(), never);
    EXPECT_EQ(begin_write(), "");
    EXPECT_FALSE(log_.is_writing());
}

TEST_F(AccessLogTest, IsDueWhenItsOldestLineIsOldEnough) {
    log_.append(plain, 1, noon);
    log_.append(plain, 2, noon + 500ms);
    EXPECT_EQ(log_.due_at(), noon + AccessLog::delay_max);
    (void)write();
    EXPECT_EQ(log_.due_at(), never);
    log_.append(plain, 3, noon + 700ms);
    EXPECT_EQ(log_.due_at(), noon + 700ms + AccessLog::delay_max);
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

TEST_F(AccessLogTest, IsNotDueWhileItIsBeingWritten) {
    log_.append(plain, 1, noon);
    const std::string batch = begin_write();
    EXPECT_TRUE(log_.is_writing());
    log_.append(plain, 2, noon);
    EXPECT_EQ(log_.due_at(), never);
    log_.finish_write(batch.size());
    EXPECT_FALSE(log_.is_writing());
    EXPECT_EQ(log_.due_at(), noon + AccessLog::delay_max);
}

TEST_F(AccessLogTest, GoesOnBehindAShortWrite) {
    log_.append(plain, 1234, noon);
    const std::string batch = begin_write();
    log_.finish_write(10);
    EXPECT_EQ(log_.due_at(), MonotonicTime::min());
    EXPECT_EQ(write(), batch.substr(10));
    EXPECT_EQ(write(), "");
    EXPECT_EQ(log_.dropped_lines(), 0U);
}

TEST_F(AccessLogTest, KeepsTheOrderWhenAWriteWasShort) {
    log_.append(plain, 1, noon);
    const std::string first = begin_write();
    log_.append(plain, 2, noon);
    log_.finish_write(first.size() - 1);
    EXPECT_EQ(write(), "\n");
    EXPECT_NE(write().find(" 200 2 "), std::string::npos);
}

TEST_F(AccessLogTest, CutsBatchesAtTheEndOfALine) {
    const std::size_t line_bytes = line_of(plain).size();
    log_ = AccessLog(3 * line_bytes + line_bytes / 2);
    log_.set_time(wall);
    for (int line = 0; line < 7; ++line) {
        log_.append(plain, 1234, noon);
    }
    EXPECT_EQ(write().size(), 3 * line_bytes);
    EXPECT_EQ(log_.due_at(), MonotonicTime::min());
    EXPECT_EQ(write().size(), 3 * line_bytes);
    EXPECT_EQ(write().size(), line_bytes);
    EXPECT_EQ(write(), "");
}

TEST_F(AccessLogTest, TearsALineOnlyWhenItAloneIsTooLong) {
    log_ = AccessLog(20);
    log_.set_time(wall);
    log_.append(plain, 1234, noon);
    std::string whole;
    for (std::string batch = write(); !batch.empty(); batch = write()) {
        EXPECT_LE(batch.size(), 20U);
        whole += batch;
    }
    EXPECT_TRUE(whole.starts_with("192.0.2.1 "));
    EXPECT_TRUE(whole.ends_with("\"curl/7.88.1\"\n"));
}

TEST_F(AccessLogTest, DropsAndCountsWhatDoesNotFit) {
    const std::size_t lines = fill();
    EXPECT_EQ(log_.dropped_lines(), 1U);
    log_.append(plain, 1, noon);
    EXPECT_EQ(log_.dropped_lines(), 2U);
    const std::string batch = write();
    EXPECT_EQ(std::ranges::count(batch, '\n'), static_cast<std::ptrdiff_t>(lines));
}

TEST_F(AccessLogTest, CollectsWhileItIsBeingWritten) {
    (void)fill();
    const std::string batch = begin_write();
    const auto dropped = log_.dropped_lines();
    log_.append(plain, 1, noon);
    EXPECT_EQ(log_.dropped_lines(), dropped);
    log_.finish_write(batch.size());
}

TEST_F(AccessLogTest, CountsTheLinesOfAWriteThatFailed) {
    log_.append(plain, 1, noon);
    log_.append(plain, 2, noon);
    (void)begin_write();
    log_.fail_write();
    EXPECT_EQ(log_.dropped_lines(), 2U);
    EXPECT_FALSE(log_.is_writing());
    EXPECT_EQ(write(), "");
}

TEST_F(AccessLogTest, GoesOnAfterAWriteThatFailed) {
    log_.append(plain, 1, noon);
    (void)begin_write();
    log_.append(plain, 2, noon);
    log_.fail_write();
    EXPECT_NE(write().find(" 200 2 "), std::string::npos);
}

TEST_F(AccessLogTest, AppendsWithoutAllocatingOnceItIsWarm) {
    (void)line_of(plain);
    (void)line_of(plain);
    const auto before = torc::test::allocations_of_this_thread();
    for (int line = 0; line < 100; ++line) {
        log_.append(plain, 1234, noon);
    }
    log_.finish_write(log_.begin_write().size());
    log_.append(plain, 1234, noon);
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

using AccessLogDeathTest = AccessLogTest;

TEST_F(AccessLogDeathTest, HasOneWriteUnderWayAtMost) {
    log_.append(plain, 1, noon);
    (void)begin_write();
    EXPECT_DEATH((void)begin_write(), "is_writing_");
}

}  // namespace
}  // namespace torc::server
