#include <torc/base/limits.hpp>
#include <torc/worker/connection.hpp>

#include "support/environment.hpp"
#include "worker/connection_harness.hpp"
#include "worker/test_log.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;
using site::test::page;
using test::ConnectionHarness;
using test::request;

class ConnectionLogTest : public ::testing::Test {
protected:
    void SetUp() override {
        logs_.set_server_log(log_, config::LogFormat::combined);
        logs_.set_time(site::test::now);
        harness_.put("a", site::test::memory_asset("12345"));
        harness_.put("large", site::test::disk_asset(std::string(100'000, 'x')));
    }

    /// What was logged since the last call.
    std::string logged() {
        logs_.push();
        return test::take_lines(log_);
    }
    /// A line for a request without Referer and User-Agent.
    static std::string line(std::string_view request_line, int status, std::size_t bytes) {
        return "192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] \"" + std::string(request_line) + "\" " +
               std::to_string(status) + " " + std::to_string(bytes) + " \"-\" \"-\"\n";
    }

    torc::test::ScopedTimeZone utc_{"UTC0"};
    SharedLog log_ = test::make_log();
    AccessLogs logs_;
    ConnectionHarness harness_{&logs_};
};

TEST_F(ConnectionLogTest, WritesALineForAnAnswer) {
    (void)harness_.exchange(
        request("GET /a", "User-Agent: curl/7.88.1\r\nReferer: http://example.com/\r\n"));
    EXPECT_EQ(logged(),
              "192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] \"GET /a HTTP/1.1\" 200 5 "
              "\"http://example.com/\" \"curl/7.88.1\"\n");
}

TEST_F(ConnectionLogTest, CountsTheBytesOfContent) {
    (void)harness_.exchange(request("HEAD /a"));
    EXPECT_EQ(logged(), line("HEAD /a HTTP/1.1", 200, 0));
    (void)harness_.exchange(request("GET /a", "Range: bytes=1-3\r\n"));
    EXPECT_EQ(logged(), line("GET /a HTTP/1.1", 206, 3));
    (void)harness_.exchange(request("GET /a", "If-None-Match: *\r\n"));
    EXPECT_EQ(logged(), line("GET /a HTTP/1.1", 304, 0));
    (void)harness_.exchange(request("GET /absent"));
    EXPECT_EQ(logged(), line("GET /absent HTTP/1.1", 404, page("404 Not Found").size()));
    (void)harness_.exchange(request("PUT /a"));
    EXPECT_EQ(logged(), line("PUT /a HTTP/1.1", 405, page("405 Method Not Allowed").size()));
}

TEST_F(ConnectionLogTest, WritesALineForEveryRequestOfAPipeline) {
    (void)harness_.exchange(request("GET /a") + request("HEAD /a") + request("GET /a"));
    EXPECT_EQ(logged(), line("GET /a HTTP/1.1", 200, 5) + line("HEAD /a HTTP/1.1", 200, 0) +
                            line("GET /a HTTP/1.1", 200, 5));
}

TEST_F(ConnectionLogTest, TellsWhatCameInPlaceOfARequest) {
    (void)harness_.exchange(request("GET /a", "User-Agent: earlier\r\n"));
    (void)logged();
    const std::size_t page_bytes = page("400 Bad Request").size();
    struct Case {
        std::string_view input;
        std::string_view logged;
    };
    using namespace std::string_view_literals;
    for (const Case& one :
         {Case{"broken\r\nmore"sv, "broken"}, Case{"GET / HTTP/1.1\nX: y\r\n"sv, "GET / HTTP/1.1"},
          Case{"\x16\x03\x01\x02\x00\x01\"\\"sv, "\\x16\\x03\\x01\\x02\\x00\\x01\\x22\\x5C"},
          Case{"GET /a HTTP/1.1\r\nno colon\r\n\r\n"sv, "GET /a HTTP/1.1"}, Case{"\n"sv, "-"}}) {
        harness_.connect();
        (void)harness_.exchange(one.input);
        EXPECT_EQ(logged(), line(one.logged, 400, page_bytes));
    }
}

TEST_F(ConnectionLogTest, TellsTheBeginningOfARequestLineThatIsTooLong) {
    const std::string target(limits::request_line_bytes_default + 100, 'x');
    (void)harness_.exchange("GET /" + target);
    EXPECT_EQ(logged(), line(("GET /" + target).substr(0, limits::request_line_bytes_default), 414,
                             page("414 URI Too Long").size()));
}

TEST_F(ConnectionLogTest, TellsTheRequestLineOfAHeadThatIsTooLong) {
    (void)harness_.exchange("GET /a HTTP/1.1\r\nX: " +
                            std::string(limits::request_head_bytes_default, 'x'));
    EXPECT_EQ(logged(),
              line("GET /a HTTP/1.1", 431, page("431 Request Header Fields Too Large").size()));
}

TEST_F(ConnectionLogTest, TellsWhatCameOfARequestThatTookTooLong) {
    const std::size_t page_bytes = page("408 Request Timeout").size();
    for (const std::string_view came : {"GET /a HT", "GET /a HTTP/1.1\r\nHost: a\r\n"}) {
        harness_.connect();
        (void)harness_.exchange(came);
        harness_.connection().on_time_out();
        (void)harness_.end_of_input();
        EXPECT_EQ(logged(), line(came.substr(0, came.find('\r')), 408, page_bytes));
    }
}

TEST_F(ConnectionLogTest, NamesNobodyElsesUserOrSiteWhereARequestTookTooLong) {
    (void)harness_.exchange("GET /a HT");
    // As another connection's request leaves them.
    HostedSite other(harness_.site(), {}, SecretKey{});
    harness_.services().scratch.site = &other;
    harness_.services().scratch.user = "alice";
    harness_.connection().on_time_out();
    (void)harness_.end_of_input();
    EXPECT_EQ(logged(), line("GET /a HT", 408, page("408 Request Timeout").size()));
    EXPECT_EQ(harness_.services().scratch.site, nullptr);
}

TEST_F(ConnectionLogTest, NamesTheRequestWhoseFieldsAreWrong) {
    (void)harness_.exchange("GET /a HTTP/1.1\r\n\r\n");
    EXPECT_EQ(logged(), line("GET /a HTTP/1.1", 400, page("400 Bad Request").size()));
}

TEST_F(ConnectionLogTest, WritesTheLineOfAFileWhenItHasGoneOut) {
    (void)harness_.receive(request("GET /large"));
    (void)harness_.perform_one();
    (void)harness_.complete_send_file(60'000);
    EXPECT_EQ(logged(), "");
    harness_.perform();
    EXPECT_EQ(logged(), line("GET /large HTTP/1.1", 200, 100'000));
}

TEST_F(ConnectionLogTest, CountsWhatWentOutOfAFileThatWasCutOff) {
    (void)harness_.receive(request("GET /large"));
    (void)harness_.perform_one();
    (void)harness_.complete_send_file(60'000);
    harness_.disconnect();
    EXPECT_EQ(logged(), line("GET /large HTTP/1.1", 200, 60'000));
}

TEST_F(ConnectionLogTest, CountsNothingOfAFileWhoseHeadWasCutOff) {
    (void)harness_.receive(request("GET /large"));
    harness_.disconnect();
    EXPECT_EQ(logged(), line("GET /large HTTP/1.1", 200, 0));
}

TEST_F(ConnectionLogTest, CountsEveryFileForItself) {
    (void)harness_.exchange(request("GET /large") + request("GET /large", "Range: bytes=0-9\r\n"));
    EXPECT_EQ(logged(),
              line("GET /large HTTP/1.1", 200, 100'000) + line("GET /large HTTP/1.1", 206, 10));
}

TEST_F(ConnectionLogTest, WritesALineWithTimesWhenTheResponseHasLeft) {
    logs_.set_server_log(log_, config::LogFormat::combined_plus);
    (void)harness_.receive(request("GET /a"));
    EXPECT_EQ(logged(), "");
    harness_.services().now += 3ms;
    harness_.perform();
    EXPECT_TRUE(logged().ends_with(
        " 200 5 \"-\" \"-\" \"a\" 0.003000 disk=0.000000 send=0.003000 client=0.000000\n"));
}

TEST_F(ConnectionLogTest, TellsHowLongARequestHasWaitedForTheDisk) {
    logs_.set_server_log(log_, config::LogFormat::combined_plus);
    harness_.put_on_disk("cold", site::test::memory_asset("12345"));
    (void)harness_.receive(request("GET /cold") + request("GET /a"));
    harness_.services().now += 70ms;
    harness_.perform();
    const std::string lines = logged();
    EXPECT_TRUE(lines.contains(" 0.070000 disk=0.070000 ")) << lines;
    // The one behind it had not been begun.
    EXPECT_TRUE(lines.contains(" 0.000000 disk=0.000000 ")) << lines;
}

TEST_F(ConnectionLogTest, WritesLinesWithTimesInTheOrderOfTheirRequests) {
    logs_.set_server_log(log_, config::LogFormat::json);
    (void)harness_.exchange(request("GET /a") + request("GET /large") + request("HEAD /a"));
    const std::string lines = logged();
    std::size_t position = 0;
    for (const char* const part : {R"("uri":"/a")", R"("size":5,)", R"("uri":"/large")",
                                   R"("size":100000,)", R"("method":"HEAD")", R"("size":0,)"}) {
        position = lines.find(part, position);
        ASSERT_NE(position, std::string::npos) << part << "\n" << lines;
    }
}

TEST_F(ConnectionLogTest, CountsWhatWentOutOfABatchThatWasCutOff) {
    logs_.set_server_log(log_, config::LogFormat::json);
    (void)harness_.receive(request("GET /a") + request("GET /a"));
    const std::size_t sent = harness_.take_message() - 2;
    (void)harness_.complete_send(sent);
    harness_.disconnect();
    const std::string lines = logged();
    EXPECT_TRUE(lines.contains(R"("size":5,)"));
    EXPECT_TRUE(lines.contains(R"("size":3,)"));
}

TEST_F(ConnectionLogTest, TellsADiskFromAClientThatIsSlow) {
    logs_.set_server_log(log_, config::LogFormat::combined_plus);
    (void)harness_.receive(request("GET /large"));
    (void)harness_.complete_send(harness_.take_message());
    harness_.services().now += 5s;
    harness_.services().iteration += 9;
    (void)harness_.complete_send_file(100'000, 3s);
    EXPECT_TRUE(logged().ends_with(" 5.000000 disk=3.000000 send=0.000000 client=2.000000\n"));
}

TEST_F(ConnectionLogTest, WritesNothingForAConnectionThatAsksForNothing) {
    (void)harness_.end_of_input();
    harness_.connect();
    (void)harness_.exchange("GET /a HT");
    (void)harness_.end_of_input();
    EXPECT_EQ(logged(), "");
}

}  // namespace
}  // namespace torc::worker
