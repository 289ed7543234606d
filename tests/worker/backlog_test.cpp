#include <torc/worker/backlog.hpp>

#include <gtest/gtest.h>

namespace torc::worker {
namespace {

TEST(BacklogTest, KeepsTheLastBytesAndAddsWhatComes) {
    Backlog backlog;
    backlog.assign("served rest");
    backlog.keep_last(4);
    EXPECT_EQ(backlog.view(), "rest");
    backlog.append(" and more");
    EXPECT_EQ(backlog.view(), "rest and more");
    backlog.keep_last(4);
    EXPECT_EQ(backlog.view(), "more");
}

TEST(BacklogTest, IsAssignedAPartOfItself) {
    Backlog backlog;
    backlog.assign("head body");
    backlog.assign(backlog.view().substr(0, 4));
    EXPECT_EQ(backlog.view(), "head");
}

TEST(BacklogTest, TellsOnceHowMuchOfItWasScannedInVain) {
    Backlog backlog;
    backlog.assign("GET /a HT");
    EXPECT_EQ(backlog.take_scanned_bytes(), 0U);
    backlog.note_scanned();
    backlog.append("TP/1.1");
    EXPECT_EQ(backlog.take_scanned_bytes(), 9U);
    EXPECT_EQ(backlog.take_scanned_bytes(), 0U);
}

TEST(BacklogTest, AwaitsABodyUntilItEndsOrIsTooLong) {
    Backlog backlog;
    EXPECT_FALSE(backlog.awaits_body(5));
    backlog.body.emplace();
    EXPECT_TRUE(backlog.awaits_body(5));
    (void)backlog.body->feed("5\r\nhello\r\n");
    EXPECT_TRUE(backlog.awaits_body(5));
    EXPECT_FALSE(backlog.awaits_body(4));
    (void)backlog.body->feed("0\r\n\r\n");
    EXPECT_FALSE(backlog.awaits_body(5));
}

}  // namespace
}  // namespace torc::worker
