#include <torc/base/limits.hpp>
#include <torc/worker/outbox.hpp>

#include "site/assets.hpp"
#include "support/allocation_counter.hpp"
#include "support/resident_pages.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace torc::worker {
namespace {

using site::RepresentationRef;
using site::test::memory_file;
using torc::test::patterned_bytes;

void append_head(Outbox& outbox, std::string_view text) {
    http::HeadWriter writer = outbox.writer();
    writer.append(text);
    outbox.append_head(writer);
}

std::vector<std::string> pieces_of(Outbox& outbox) {
    const msghdr& message = outbox.message();
    std::vector<std::string> pieces;
    for (std::size_t index = 0; index < message.msg_iovlen; ++index) {
        pieces.emplace_back(static_cast<const char*>(message.msg_iov[index].iov_base),
                            message.msg_iov[index].iov_len);
    }
    return pieces;
}

const std::string small_body = patterned_bytes(limits::outbox_copied_body_bytes_max);
const std::string large_body = patterned_bytes(limits::outbox_copied_body_bytes_max + 1);

class OutboxTest : public ::testing::Test {
protected:
    std::unique_ptr<Outbox> storage_ = std::make_unique<Outbox>();
    Outbox& outbox_ = *storage_;
};

TEST_F(OutboxTest, IsEmptyAtFirst) {
    EXPECT_TRUE(outbox_.empty());
    EXPECT_EQ(outbox_.total_bytes(), 0U);
    EXPECT_EQ(outbox_.message().msg_iovlen, 0U);
    EXPECT_TRUE(outbox_.has_room(limits::outbox_bytes));
    EXPECT_FALSE(outbox_.has_room(limits::outbox_bytes + 1));
}

TEST_F(OutboxTest, TellsHowMuchOfItWasSent) {
    append_head(outbox_, "12345");
    EXPECT_FALSE(outbox_.is_sent());
    outbox_.note_sent(0);
    outbox_.note_sent(2);
    EXPECT_EQ(outbox_.sent_bytes(), 2U);
    EXPECT_FALSE(outbox_.is_sent());
    outbox_.note_sent(3);
    EXPECT_TRUE(outbox_.is_sent());
    outbox_.clear();
    EXPECT_EQ(outbox_.sent_bytes(), 0U);
}

TEST_F(OutboxTest, CopiesASmallBodyBehindItsHead) {
    const RepresentationRef file = memory_file(small_body);
    append_head(outbox_, "head");
    outbox_.append_body(file->contents(), *file);
    EXPECT_EQ(pieces_of(outbox_), std::vector{"head" + small_body});
    EXPECT_EQ(outbox_.total_bytes(), 4 + small_body.size());
}

TEST_F(OutboxTest, RefersToALargeBody) {
    const RepresentationRef file = memory_file(large_body);
    append_head(outbox_, "head");
    outbox_.append_body(file->contents(), *file);
    EXPECT_EQ(pieces_of(outbox_), (std::vector<std::string>{"head", large_body}));
    EXPECT_EQ(outbox_.message().msg_iov[1].iov_base, file->contents().data());
    EXPECT_EQ(outbox_.total_bytes(), 4 + large_body.size());
}

TEST_F(OutboxTest, RefersToASmallBodyThatDoesNotFit) {
    const RepresentationRef file = memory_file(small_body);
    append_head(outbox_, std::string(limits::outbox_bytes - small_body.size() + 1, 'h'));
    outbox_.append_body(file->contents(), *file);
    ASSERT_EQ(pieces_of(outbox_).size(), 2U);
    EXPECT_EQ(pieces_of(outbox_)[1], small_body);
}

TEST_F(OutboxTest, MergesWhatLiesSideBySide) {
    const RepresentationRef file = memory_file("body");
    append_head(outbox_, "1");
    outbox_.append_body(file->contents(), *file);
    append_head(outbox_, "2");
    append_head(outbox_, "3");
    EXPECT_EQ(pieces_of(outbox_), std::vector<std::string>{"1body23"});
}

TEST_F(OutboxTest, KeepsTheOrderAroundALargeBody) {
    const RepresentationRef file = memory_file(large_body);
    append_head(outbox_, "1");
    outbox_.append_body(file->contents(), *file);
    append_head(outbox_, "2");
    append_head(outbox_, "3");
    outbox_.append_body(file->contents().substr(0, large_body.size()), *file);
    EXPECT_EQ(pieces_of(outbox_), (std::vector<std::string>{"1", large_body, "23", large_body}));
    EXPECT_EQ(outbox_.total_bytes(), 3 + 2 * large_body.size());
}

TEST_F(OutboxTest, HasNoRoomForAHeadThatMightNotFit) {
    append_head(outbox_, std::string(limits::outbox_bytes - 100, 'h'));
    EXPECT_TRUE(outbox_.has_room(100));
    EXPECT_FALSE(outbox_.has_room(101));
}

TEST_F(OutboxTest, HasRoomUntilItsPiecesAreUsedUp) {
    const RepresentationRef file = memory_file(large_body);
    std::size_t answers = 0;
    while (outbox_.has_room(1)) {
        append_head(outbox_, "h");
        outbox_.append_body(file->contents(), *file);
        ++answers;
    }
    EXPECT_EQ(answers, limits::outbox_pieces_max / 2);
    EXPECT_EQ(outbox_.message().msg_iovlen, limits::outbox_pieces_max);
}

TEST_F(OutboxTest, KeepsAnAssetAliveUntilItIsCleared) {
    RepresentationRef file = memory_file(large_body);
    outbox_.append_body(file->contents(), *file);
    file = RepresentationRef();
    EXPECT_EQ(pieces_of(outbox_), std::vector{large_body});  // ASan watches.
    outbox_.clear();
    EXPECT_TRUE(outbox_.empty());
}

TEST_F(OutboxTest, IsAsNewWhenItIsCleared) {
    const RepresentationRef file = memory_file(large_body);
    append_head(outbox_, "1");
    outbox_.append_body(file->contents(), *file);
    outbox_.clear();
    EXPECT_EQ(outbox_.message().msg_iovlen, 0U);
    EXPECT_TRUE(outbox_.has_room(limits::outbox_bytes));
    append_head(outbox_, "2");
    EXPECT_EQ(pieces_of(outbox_), std::vector<std::string>{"2"});
}

TEST_F(OutboxTest, HasMemoryForAHeadThatIsLargerThanAllOfIt) {
    const std::string long_head = patterned_bytes(limits::outbox_bytes + 1);
    http::HeadWriter writer = outbox_.long_head_writer(long_head.size());
    writer.append(long_head);
    outbox_.append_head(writer);
    append_head(outbox_, "next head");
    EXPECT_EQ(pieces_of(outbox_), (std::vector<std::string>{long_head, "next head"}));
    EXPECT_EQ(outbox_.total_bytes(), long_head.size() + 9);
    outbox_.clear();
    EXPECT_TRUE(outbox_.empty());
    append_head(outbox_, "head");
    EXPECT_EQ(pieces_of(outbox_), std::vector<std::string>{"head"});
}

TEST_F(OutboxTest, ForgetsAHeadThatWasBegunAndNotAppended) {
    http::HeadWriter writer = outbox_.writer();
    writer.append("forgotten");
    append_head(outbox_, "kept");
    EXPECT_EQ(pieces_of(outbox_), std::vector<std::string>{"kept"});
}

using OutboxDeathTest = OutboxTest;

TEST_F(OutboxDeathTest, RefusesAHeadThatItDidNotGive) {
    EXPECT_DEATH(
        {
            http::HeadWriter stale = outbox_.writer();
            append_head(outbox_, "newer");
            outbox_.append_head(stale);
        },
        "storage_");
}

TEST(OutboxPool, GivesTheMostRecentlyReturnedFirst) {
    OutboxPool pool;
    Outbox& first = pool.acquire();
    Outbox& second = pool.acquire();
    EXPECT_NE(&first, &second);
    pool.release(second);
    pool.release(first);
    EXPECT_EQ(&pool.acquire(), &first);
    EXPECT_EQ(&pool.acquire(), &second);
}

TEST(OutboxPool, ClearsWhatIsReturned) {
    OutboxPool pool;
    Outbox& outbox = pool.acquire();
    append_head(outbox, "secret");
    pool.release(outbox);
    EXPECT_TRUE(pool.acquire().empty());
}

TEST(OutboxPool, AllocatesOnlyForMoreAtOnceThanEverBefore) {
    OutboxPool pool;
    std::vector<Outbox*> taken(100);
    const auto take_and_return_all = [&] {
        for (Outbox*& outbox : taken) {
            outbox = &pool.acquire();
        }
        for (Outbox* outbox : taken) {
            pool.release(*outbox);
        }
    };
    take_and_return_all();
    const auto before = torc::test::allocations_of_this_thread();
    take_and_return_all();
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

TEST(OutboxPool, TakesOnePageOfMemoryForASmallAnswer) {
    OutboxPool pool;
    for (std::size_t taken = 0; taken < 2 * limits::outboxes_at_once; ++taken) {
        Outbox& outbox = pool.acquire();
        append_head(outbox, patterned_bytes(limits::page_bytes / 2));
        EXPECT_EQ(torc::test::resident_pages(reinterpret_cast<std::byte*>(&outbox), sizeof outbox),
                  1U);
    }
}

constexpr MonotonicTime noon{std::chrono::hours(12)};

/// Takes so many outboxes and returns them, each with a head of `head_bytes`.
void use_at_once(OutboxPool& pool, std::size_t count, std::size_t head_bytes) {
    std::vector<Outbox*> taken;
    for (std::size_t index = 0; index < count; ++index) {
        taken.push_back(&pool.acquire());
        append_head(*taken.back(), std::string(head_bytes, 'h'));
    }
    for (Outbox* const outbox : taken) {
        pool.release(*outbox);
    }
}

/// Calls `give_back_unused` when it is due, as often as given.
MonotonicTime give_back(OutboxPool& pool, MonotonicTime now, int times) {
    for (int count = 0; count < times && pool.due_at() != never; ++count) {
        now = std::max(now, pool.due_at());
        pool.give_back_unused(now);
    }
    return now;
}

TEST(OutboxPool, CountsThePagesThatItsOutboxesTouch) {
    OutboxPool pool;
    EXPECT_EQ(pool.resident_bytes(), 0U);
    Outbox& outbox = pool.acquire();
    EXPECT_EQ(pool.resident_bytes(), limits::outboxes_at_once * limits::page_bytes);
    append_head(outbox, std::string(3 * limits::page_bytes, 'h'));
    EXPECT_EQ(pool.resident_bytes(), (limits::outboxes_at_once + 3) * limits::page_bytes);
    pool.release(outbox);
    EXPECT_EQ(pool.resident_bytes(), (limits::outboxes_at_once + 3) * limits::page_bytes);
}

TEST(OutboxPool, GivesBackTheMemoryThatABurstTook) {
    OutboxPool pool;
    use_at_once(pool, 500, limits::outbox_bytes);
    EXPECT_GT(pool.resident_bytes(), 500 * limits::outbox_bytes);
    give_back(pool, noon, 100);
    EXPECT_EQ(pool.due_at(), never);
    EXPECT_LE(pool.resident_bytes(), limits::outboxes_at_once * 2 * limits::outbox_bytes);
}

TEST(OutboxPool, TakesNoPageOfWhatItGaveBack) {
    OutboxPool pool;
    std::vector<Outbox*> taken;
    for (std::size_t index = 0; index < 2 * limits::outboxes_at_once; ++index) {
        taken.push_back(&pool.acquire());
        append_head(*taken.back(), std::string(limits::outbox_bytes, 'h'));
    }
    for (Outbox* const outbox : taken) {
        pool.release(*outbox);
    }
    give_back(pool, noon, 100);
    std::size_t pages = 0;
    for (Outbox* const outbox : taken) {
        pages += torc::test::resident_pages(reinterpret_cast<std::byte*>(outbox), sizeof *outbox);
    }
    EXPECT_EQ(pages * limits::page_bytes, pool.resident_bytes());
}

TEST(OutboxPool, KeepsWhatIsWantedAgainAndAgain) {
    OutboxPool pool;
    MonotonicTime now = noon;
    for (int second = 0; second < 5; ++second) {
        use_at_once(pool, 200, 1);
        now = give_back(pool, now, 1) + std::chrono::milliseconds(1);
    }
    EXPECT_GE(pool.resident_bytes(), 200 * limits::page_bytes);
}

TEST(OutboxPool, GivesOutAgainWhatItGaveBack) {
    OutboxPool pool;
    use_at_once(pool, 300, limits::outbox_bytes);
    give_back(pool, noon, 100);
    std::vector<Outbox*> taken;
    for (int count = 0; count < 300; ++count) {
        taken.push_back(&pool.acquire());
        EXPECT_TRUE(taken.back()->empty());
        append_head(*taken.back(), "head");
        EXPECT_EQ(pieces_of(*taken.back()), std::vector<std::string>{"head"});
    }
    for (Outbox* const outbox : taken) {
        pool.release(*outbox);
    }
}

TEST(OutboxPool, GivesBackNothingBeforeItIsDue) {
    OutboxPool pool;
    use_at_once(pool, 300, 1);
    pool.give_back_unused(noon);
    const std::size_t before = pool.resident_bytes();
    pool.give_back_unused(noon + std::chrono::milliseconds(500));
    EXPECT_EQ(pool.resident_bytes(), before);
    pool.give_back_unused(noon + std::chrono::seconds(1));
    EXPECT_LT(pool.resident_bytes(), before);
}

}  // namespace
}  // namespace torc::worker
