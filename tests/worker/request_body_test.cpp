#include <torc/worker/request_body.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace torc::worker {
namespace {

using Verdict = BodyPlan::Verdict;
using http::BodyKind;
using http::Framing;

constexpr std::uint64_t bytes_max = 10;

class RequestBodyTest : public ::testing::Test {
protected:
    BodyPlan plan(const Framing& framing, std::string_view after_head = "") {
        return plan_body(framing, after_head, bytes_max, chunked_);
    }

    std::optional<ChunkedBody> chunked_;
};

TEST_F(RequestBodyTest, MayNotBeThere) {
    const BodyPlan none = plan({}, "GET");
    EXPECT_EQ(none.verdict, Verdict::respond);
    EXPECT_EQ(none.bytes, 0U);
    EXPECT_EQ(none.remaining_bytes, 0U);
}

TEST_F(RequestBodyTest, OfAKnownLengthIsDroppedBehindTheAnswer) {
    const BodyPlan body = plan({.body = BodyKind::content_length, .content_length = 10}, "12345");
    EXPECT_EQ(body.verdict, Verdict::respond);
    EXPECT_EQ(body.bytes, 0U);
    EXPECT_EQ(body.remaining_bytes, 10U);
}

TEST_F(RequestBodyTest, BeyondTheLimitEndsTheConnection) {
    EXPECT_EQ(plan({.body = BodyKind::content_length, .content_length = 11}).verdict,
              Verdict::respond_and_close);
    for (const std::string_view end : {"", "\r\n0\r\n\r\n", "malformed"}) {
        EXPECT_EQ(plan({.body = BodyKind::chunked}, "b\r\n12345678901" + std::string(end)).verdict,
                  Verdict::respond_and_close);
    }
}

TEST_F(RequestBodyTest, ThatIsHeldBackEndsTheConnection) {
    EXPECT_EQ(
        plan({.body = BodyKind::content_length, .content_length = 1, .expects_continue = true})
            .verdict,
        Verdict::respond_and_close);
    EXPECT_EQ(plan({.body = BodyKind::chunked, .expects_continue = true}).verdict,
              Verdict::respond_and_close);
}

TEST_F(RequestBodyTest, InChunksIsDoneWithWhenItIsWhole) {
    const BodyPlan body = plan({.body = BodyKind::chunked}, "1\r\nx\r\n0\r\n\r\nGET");
    EXPECT_EQ(body.verdict, Verdict::respond);
    EXPECT_EQ(body.bytes, 11U);
    EXPECT_FALSE(chunked_);
}

TEST_F(RequestBodyTest, InChunksIsWaitedFor) {
    EXPECT_EQ(plan({.body = BodyKind::chunked}, "1\r\nx").verdict, Verdict::wait);
    ASSERT_TRUE(chunked_);
    EXPECT_EQ(chunked_->feed("\r\n0\r\n\r\nGET"), 7U);
    const BodyPlan body = plan({.body = BodyKind::chunked}, "GET");
    EXPECT_EQ(body.verdict, Verdict::respond);
    EXPECT_EQ(body.bytes, 0U);
}

TEST_F(RequestBodyTest, InChunksIsRefusedWhenItIsMalformed) {
    EXPECT_EQ(plan({.body = BodyKind::chunked}, "x").verdict, Verdict::refuse);
    EXPECT_EQ(plan({.body = BodyKind::chunked}, "1\r\n").verdict, Verdict::wait);
    (void)chunked_->feed("xx");
    EXPECT_EQ(plan({.body = BodyKind::chunked}).verdict, Verdict::refuse);
}

}  // namespace
}  // namespace torc::worker
