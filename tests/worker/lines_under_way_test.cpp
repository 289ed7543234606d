#include <torc/worker/lines_under_way.hpp>

#include "worker/test_log.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace torc::worker {
namespace {

using config::LogFormat;
using namespace std::chrono_literals;

constexpr MonotonicTime noon{std::chrono::hours(12)};

class LinesUnderWayTest : public ::testing::Test {
protected:
    LinesUnderWayTest() { logs_.set_server_log(log_, LogFormat::combined_plus); }

    LinesUnderWay::Line line(std::uint64_t content_bytes, std::size_t end_in_batch) {
        const AccessEntry entry{.remote_address = "192.0.2.1",
                                .request_line = "GET / HTTP/1.1",
                                .referer = {},
                                .user_agent = {}};
        return {.log = WorkerLogRef(logs_.server_log().log),
                .text = logs_.open_line(logs_.server_log(), entry),
                .content_bytes = content_bytes,
                .end_in_batch = end_in_batch,
                .began_at = noon};
    }
    /// What was logged since the last call.
    std::string logged() {
        logs_.push();
        return test::take_lines(log_);
    }

    SharedLog log_ = test::make_log();
    AccessLogs logs_;
    LinesUnderWay lines_;
};

TEST_F(LinesUnderWayTest, TellOfASendThatFoundRoomAtOnce) {
    lines_.add(line(5, 100));
    lines_.on_send_begun(noon + 1ms, 7);
    lines_.on_send_ended(noon + 3ms, 8, {});
    lines_.finish(logs_, noon + 4ms);
    EXPECT_TRUE(logged().ends_with(
        " 200 5 \"-\" \"-\" \"-\" 0.004000 disk=0.000000 send=0.002000 client=0.000000\n"));
}

TEST_F(LinesUnderWayTest, TellOfAClientThatDoesNotRead) {
    lines_.add(line(5, 100));
    lines_.on_send_begun(noon, 7);
    lines_.on_send_ended(noon + 2s, 9, {});
    lines_.finish(logs_, noon + 2s);
    EXPECT_TRUE(logged().ends_with(" 2.000000 disk=0.000000 send=0.000000 client=2.000000\n"));
}

TEST_F(LinesUnderWayTest, TellOfADiskThatIsSlow) {
    LinesUnderWay::Line waited = line(5, 100);
    waited.disk = 100ms;
    lines_.add(std::move(waited));
    lines_.on_send_begun(noon + 100ms, 7);
    lines_.on_send_ended(noon + 1100ms, 9, 300ms);
    lines_.finish(logs_, noon + 1100ms);
    EXPECT_TRUE(logged().ends_with(" 1.100000 disk=0.400000 send=0.000000 client=0.700000\n"));
}

TEST_F(LinesUnderWayTest, AreWrittenAsTheirResponsesLeave) {
    lines_.add(line(1, 100));
    lines_.add(line(2, 200));
    lines_.finish_all_but_last(logs_, noon);
    const std::string first = logged();
    EXPECT_TRUE(first.contains("\" 200 1 "));
    EXPECT_FALSE(first.contains("\" 200 2 "));
    lines_.finish(logs_, noon);
    EXPECT_TRUE(logged().contains("\" 200 2 "));
}

TEST_F(LinesUnderWayTest, CountWhatHadLeftWhenTheConnectionEnded) {
    lines_.add(line(50, 100));
    lines_.add(line(50, 200));
    lines_.add(line(50, 300));
    LinesUnderWay::Line file = line(1000, 400);
    file.is_in_batch = false;
    lines_.add(std::move(file));
    lines_.on_file_sent(17);
    lines_.cut_off(logs_, 170, noon);
    const std::string lines = logged();
    std::size_t position = 0;
    for (const char* const bytes : {" 200 50 ", " 200 20 ", " 200 0 ", " 200 17 "}) {
        position = lines.find(bytes, position);
        ASSERT_NE(position, std::string::npos) << bytes << "\n" << lines;
    }
}

}  // namespace
}  // namespace torc::worker
