#include <torc/worker/connection.hpp>

#include "worker/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <string>

namespace torc::worker {
namespace {

using site::test::error_answer;
using site::test::memory_asset;
using test::ActionKind;
using test::ok;
using test::request;
using Actions = std::vector<ActionKind>;

class ConnectionLoadTest : public test::ConnectionTest {
protected:
    void SetUp() override {
        harness_.put_on_disk("slow", memory_asset("slow"));
        harness_.put_on_disk("two words", memory_asset("words"));
        harness_.put_on_disk("slow-large", site::test::disk_asset(large_bytes(), "page.html"));
    }
};

TEST_F(ConnectionLoadTest, AsksForAnAssetThatIsNotThere) {
    EXPECT_EQ(harness_.receive(request("GET /slow")), ActionKind::load);
    EXPECT_EQ(harness_.connection().state(), State::loading);
    EXPECT_EQ(harness_.perform_one(), ActionKind::send);
    EXPECT_EQ(harness_.perform_one(), ActionKind::receive);
    EXPECT_EQ(harness_.output(), ok("slow"));
}

TEST_F(ConnectionLoadTest, AsksForTheDecodedPath) {
    (void)harness_.receive(request("GET /./two%20words?query"));
    EXPECT_EQ(harness_.load_path(), "two words");
    harness_.perform();
    EXPECT_EQ(harness_.output(), ok("words"));
}

TEST_F(ConnectionLoadTest, AsksAgainWhenTheAssetIsNoLongerFresh) {
    harness_.site().cache().insert("slow", memory_asset("stale"), harness_.services().now);
    EXPECT_EQ(harness_.exchange(request("GET /slow")), ok("slow"));
}

TEST_F(ConnectionLoadTest, AnswersWithAnErrorThatWasLoaded) {
    EXPECT_EQ(harness_.exchange(request("GET /absent")),
              error_answer("404 Not Found", "Vary: Accept\r\n"));
    EXPECT_EQ(harness_.last(), ActionKind::receive);
}

TEST_F(ConnectionLoadTest, AsksForEachOfTwoMissingAssetsInTurn) {
    EXPECT_EQ(harness_.exchange(request("GET /absent") + request("GET /absent")),
              error_answer("404 Not Found", "Vary: Accept\r\n") +
                  error_answer("404 Not Found", "Vary: Accept\r\n"));
    EXPECT_EQ(harness_.actions(),
              (Actions{ActionKind::receive, ActionKind::load, ActionKind::send, ActionKind::load,
                       ActionKind::send, ActionKind::receive}));
}

TEST_F(ConnectionLoadTest, SendsEarlierAnswersBeforeItWaits) {
    EXPECT_EQ(harness_.receive(request("GET /a") + request("GET /slow") + request("GET /b")),
              ActionKind::send);
    EXPECT_EQ(harness_.perform_one(), ActionKind::load);
    EXPECT_EQ(harness_.output(), ok("12345"));
    EXPECT_EQ(harness_.load_path(), "slow");
    harness_.perform();
    EXPECT_EQ(harness_.output(), ok("12345") + ok("slow") + ok("b"));
    EXPECT_EQ(harness_.actions(), (Actions{ActionKind::receive, ActionKind::send, ActionKind::load,
                                           ActionKind::send, ActionKind::receive}));
}

TEST_F(ConnectionLoadTest, DoesNotAskForWhatWasLoadedMeanwhile) {
    (void)harness_.receive(request("GET /a") + request("GET /slow"));
    harness_.put("slow", memory_asset("meanwhile"));
    harness_.perform();
    EXPECT_EQ(harness_.output(), ok("12345") + ok("meanwhile"));
}

TEST_F(ConnectionLoadTest, AnswersARequestThatCameInPieces) {
    EXPECT_EQ(harness_.exchange(request("GET /slow"), 1), ok("slow"));
}

TEST_F(ConnectionLoadTest, KeepsThePartialRequestBehindTheOneThatWaits) {
    const std::string next = request("GET /b");
    (void)harness_.exchange(request("GET /slow") + next.substr(0, 5));
    EXPECT_EQ(harness_.connection().state(), State::receiving);
    (void)harness_.exchange(next.substr(5));
    EXPECT_EQ(harness_.output(), ok("slow") + ok("b"));
}

TEST_F(ConnectionLoadTest, SendsALargeFileThatWasLoaded) {
    const std::string answer = harness_.exchange(request("GET /slow-large") + request("GET /a"));
    EXPECT_TRUE(answer.ends_with(large_bytes() + ok("12345")));
}

TEST_F(ConnectionLoadTest, ClosesAfterALoadedAnswerThatIsTheLast) {
    EXPECT_EQ(harness_.exchange(request("GET /slow", "Connection: close\r\n")),
              ok("slow", "Connection: close\r\n"));
    EXPECT_EQ(harness_.last(), ActionKind::close);
}

TEST_F(ConnectionLoadTest, UsesALoadedAssetThatTheCacheDidNotKeep) {
    (void)harness_.receive(request("GET /slow"));
    const site::AssetRef asset = memory_asset("not cached");
    EXPECT_EQ(harness_.complete_load(*asset), ActionKind::send);
    (void)harness_.take_message();
    EXPECT_EQ(harness_.output(), ok("not cached"));
}

using ConnectionLoadDeathTest = ConnectionLoadTest;

TEST_F(ConnectionLoadDeathTest, RefusesAnAssetThatItDidNotAskFor) {
    const site::AssetRef asset = memory_asset("1");
    EXPECT_DEATH((void)harness_.connection().on_loaded(*asset), "state_");
}

}  // namespace
}  // namespace torc::worker
