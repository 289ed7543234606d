#include <torc/worker/connection.hpp>

#include "worker/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace torc::worker {
namespace {

using test::ActionKind;
using test::ok;
using test::request;
using test::statuses;
using Actions = std::vector<ActionKind>;

class ConnectionFileTest : public test::ConnectionTest {
protected:
    static std::string large_answer() {
        const std::string& bytes = large_bytes();
        return "HTTP/1.1 200 OK\r\n" + site::test::common_fields() +
               std::string(site::test::disk_file(bytes)->fields()) + bytes;
    }
};

TEST_F(ConnectionFileTest, SendsTheHeadAndThenTheFile) {
    EXPECT_EQ(harness_.receive(request("GET /large")), ActionKind::send);
    EXPECT_TRUE(harness_.wanted<Send>().more_follows);
    EXPECT_EQ(harness_.perform_one(), ActionKind::send_file);
    EXPECT_EQ(harness_.connection().state(), State::sending_file);
    EXPECT_EQ(harness_.perform_one(), ActionKind::receive);
    EXPECT_EQ(harness_.output(), large_answer());
    EXPECT_EQ(harness_.connection().state(), State::idle);
}

TEST_F(ConnectionFileTest, SendsTheFileInAsManyChunksAsItTakes) {
    (void)harness_.receive(request("GET /large"));
    (void)harness_.perform_one();
    std::uint64_t offset = 0;
    while (harness_.last() == ActionKind::send_file) {
        const io::FileSlice slice = harness_.wanted<SendFile>().slice;
        EXPECT_EQ(slice.offset, offset);
        EXPECT_EQ(slice.length, large_bytes().size() - offset);
        EXPECT_EQ(slice.preceding_bytes, harness_.output().size()) << "with the head";
        const std::size_t chunk = 70'001;
        (void)harness_.complete_send_file(chunk);
        offset += chunk;
    }
    EXPECT_EQ(harness_.last(), ActionKind::receive);
    EXPECT_EQ(harness_.output(), large_answer());
}

TEST_F(ConnectionFileTest, TellsALongPartOfAFileByItsBeginning) {
    const std::string bytes = torc::test::patterned_bytes(2'300'000);
    harness_.put("long", site::test::disk_asset(bytes));
    (void)harness_.receive(request("GET /long"));
    (void)harness_.perform_one();
    EXPECT_TRUE(harness_.wanted<SendFile>().is_part_long());
    (void)harness_.complete_send_file(2'200'000);
    EXPECT_TRUE(harness_.wanted<SendFile>().is_part_long()) << "though little is left of it";
    harness_.perform();
    (void)harness_.receive(request("GET /long", "Range: bytes=0-299999\r\n"));
    (void)harness_.perform_one();
    EXPECT_FALSE(harness_.wanted<SendFile>().is_part_long());
}

TEST_F(ConnectionFileTest, SendsARangeOfTheFile) {
    const std::string answer =
        harness_.exchange(request("GET /large", "Range: bytes=100000-100099\r\n"));
    EXPECT_EQ(statuses(answer.substr(0, 20)), std::vector{206});
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + large_bytes().substr(100'000, 100)));
}

TEST_F(ConnectionFileTest, SendsNoFileForHead) {
    (void)harness_.exchange(request("HEAD /large"));
    EXPECT_EQ(harness_.actions(),
              (Actions{ActionKind::receive, ActionKind::send, ActionKind::receive}));
}

TEST_F(ConnectionFileTest, SendsWhatCameBeforeWithTheHead) {
    (void)harness_.exchange(request("GET /a") + request("GET /b") + request("GET /large"));
    EXPECT_EQ(harness_.actions(), (Actions{ActionKind::receive, ActionKind::send,
                                           ActionKind::send_file, ActionKind::receive}));
    EXPECT_EQ(harness_.output(), ok("12345") + ok("b") + large_answer());
}

TEST_F(ConnectionFileTest, GoesOnWithThePipelineBehindTheFile) {
    (void)harness_.exchange(request("GET /large") + request("GET /a") + request("GET /large") +
                            request("GET /b"));
    EXPECT_EQ(
        harness_.actions(),
        (Actions{ActionKind::receive, ActionKind::send, ActionKind::send_file, ActionKind::send,
                 ActionKind::send_file, ActionKind::send, ActionKind::receive}));
    EXPECT_EQ(harness_.output(), large_answer() + ok("12345") + large_answer() + ok("b"));
}

TEST_F(ConnectionFileTest, ClosesBehindTheFileWhenItIsTheLast) {
    (void)harness_.exchange(request("GET /large", "Connection: close\r\n"));
    EXPECT_EQ(harness_.last(), ActionKind::close);
    EXPECT_TRUE(harness_.output().ends_with(large_bytes()));
}

TEST_F(ConnectionFileTest, ClosesWhenTheFileWasTruncated) {
    (void)harness_.receive(request("GET /large") + request("GET /a"));
    (void)harness_.perform_one();
    (void)harness_.complete_send_file(1000);
    ASSERT_EQ(::ftruncate(harness_.wanted<SendFile>().slice.file, 1000), 0);
    EXPECT_EQ(harness_.perform_one(), ActionKind::close);
}

TEST_F(ConnectionFileTest, SendsNoFileBeforeAllOfItsHeadWentOut) {
    (void)harness_.receive(request("GET /large"));
    EXPECT_EQ(harness_.complete_send(harness_.take_message(1)), ActionKind::send);
    EXPECT_EQ(harness_.complete_send(harness_.take_message()), ActionKind::send_file);
    harness_.perform();
    EXPECT_EQ(harness_.output(), large_answer());
}

TEST_F(ConnectionFileTest, KeepsTheFileOpenThoughTheCacheLetsGoOfIt) {
    (void)harness_.receive(request("GET /large"));
    harness_.site().cache().forget_all();
    harness_.perform();
    EXPECT_EQ(harness_.output(), large_answer());
}

using ConnectionFileDeathTest = ConnectionFileTest;

TEST_F(ConnectionFileDeathTest, RefusesMoreThanItWantedSent) {
    (void)harness_.receive(request("GET /large"));
    (void)harness_.perform_one();
    EXPECT_DEATH((void)harness_.connection().on_file_sent(large_bytes().size() + 1),
                 "file_remaining_bytes_");
}

}  // namespace
}  // namespace torc::worker
