#include <torc/worker/access_logs.hpp>

#include "worker/test_log.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace torc::worker {
namespace {

using config::LogFormat;
using test::make_log;
using test::take_lines;
using namespace std::chrono_literals;

constexpr MonotonicTime noon{std::chrono::hours(12)};
const AccessEntry entry{.remote_address = "192.0.2.1",
                        .request_line = "GET / HTTP/1.1",
                        .referer = {},
                        .user_agent = {}};

class AccessLogsTest : public ::testing::Test {
protected:
    AccessLogsTest() { logs_.set_time(WallTime(1'700'000'000s)); }

    /// Whether a cut waits for nobody.
    static bool is_free(const SharedLog& log) {
        log->queue->ask_for_cut();
        std::string batch;
        const bool is_cut = log->queue->take(batch) == LogQueue::Next::cut;
        log->queue->cut_now();
        return is_cut;
    }

    AccessLogs logs_;
};

TEST_F(AccessLogsTest, HaveNoServerLogAtFirst) {
    EXPECT_EQ(logs_.server_log().log, nullptr);
    EXPECT_EQ(logs_.due_at(), never);
}

TEST_F(AccessLogsTest, GiveTheSameViewOfALogToAllWhoShareIt) {
    const SharedLog log = make_log();
    logs_.set_server_log(log, LogFormat::json);
    EXPECT_EQ(logs_.find(log).get(), logs_.server_log().log);
    EXPECT_EQ(logs_.server_log().format, LogFormat::json);
    EXPECT_NE(logs_.find(make_log()).get(), logs_.server_log().log);
}

TEST_F(AccessLogsTest, KeepLinesOfDifferentLogsApart) {
    const SharedLog one = make_log();
    const SharedLog other = make_log();
    logs_.append(*logs_.find(one), entry, 1, noon);
    logs_.append(*logs_.find(other), entry, 2, noon);
    logs_.push();
    EXPECT_TRUE(take_lines(one).contains("\" 200 1 "));
    EXPECT_TRUE(take_lines(other).contains("\" 200 2 "));
}

TEST_F(AccessLogsTest, AreDueWhenTheFirstOfThemIs) {
    const SharedLog one = make_log();
    const SharedLog other = make_log();
    logs_.append(*logs_.find(one), entry, 1, noon);
    logs_.append(*logs_.find(other), entry, 2, noon + 500ms);
    EXPECT_EQ(logs_.due_at(), noon + AccessLog::delay_max);
    logs_.push_if_due(noon + AccessLog::delay_max);
    EXPECT_EQ(logs_.due_at(), noon + 500ms + AccessLog::delay_max);
    EXPECT_NE(take_lines(one), "");
    EXPECT_EQ(take_lines(other), "");
}

TEST_F(AccessLogsTest, CostNobodyAWaitWhereNothingIsLogged) {
    const SharedLog log = make_log();
    logs_.set_server_log(log, LogFormat::combined);
    EXPECT_TRUE(is_free(log));
    logs_.append(*logs_.server_log().log, entry, 1, noon);
    EXPECT_FALSE(is_free(log));
}

TEST_F(AccessLogsTest, GiveABufferBackWhenNoLineHasComeForAWhile) {
    const SharedLog log = make_log();
    logs_.set_server_log(log, LogFormat::combined);
    WorkerLog& view = *logs_.server_log().log;
    logs_.append(view, entry, 1, noon);
    logs_.push_if_due(noon + 1s);
    EXPECT_TRUE(view.lines);
    logs_.push_if_due(noon + 3s);
    EXPECT_FALSE(view.lines);
    EXPECT_EQ(logs_.due_at(), never);
    logs_.append(view, entry, 2, noon + 4s);
    logs_.push();
    EXPECT_TRUE(take_lines(log).contains("\" 200 2 "));
}

TEST_F(AccessLogsTest, LetGoOfALogThatIsNobodysWithItsLastLines) {
    const SharedLog log = make_log();
    logs_.set_server_log(log, LogFormat::combined);
    logs_.append(*logs_.server_log().log, entry, 1, noon);
    logs_.set_server_log(nullptr, LogFormat::combined);
    EXPECT_GT(log.use_count(), 1);
    logs_.forget_unused();
    EXPECT_EQ(log.use_count(), 1);
    EXPECT_TRUE(take_lines(log).contains("\" 200 1 "));
}

TEST_F(AccessLogsTest, KeepALogThatAResponseUnderWayHas) {
    const SharedLog log = make_log();
    logs_.set_server_log(log, LogFormat::combined);
    WorkerLogRef under_way(logs_.server_log().log);
    logs_.set_server_log(nullptr, LogFormat::combined);
    logs_.forget_unused();
    logs_.append(*under_way, entry, 1, noon);
    under_way = WorkerLogRef();
    logs_.push_if_due(noon + 1s);
    logs_.push_if_due(noon + 3s);
    EXPECT_EQ(log.use_count(), 1);
    EXPECT_TRUE(take_lines(log).contains("\" 200 1 "));
}

}  // namespace
}  // namespace torc::worker
