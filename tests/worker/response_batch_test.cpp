#include <torc/base/limits.hpp>
#include <torc/worker/response_batch.hpp>

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

void append_head(ResponseBatch& batch, std::string_view text) {
    http::HeadWriter writer = batch.writer(text.size());
    writer.append(text);
    batch.append_head(writer);
}

std::vector<std::string> pieces_of(ResponseBatch& batch) {
    const msghdr& message = batch.message();
    std::vector<std::string> pieces;
    for (std::size_t index = 0; index < message.msg_iovlen; ++index) {
        pieces.emplace_back(static_cast<const char*>(message.msg_iov[index].iov_base),
                            message.msg_iov[index].iov_len);
    }
    return pieces;
}

const std::string small_body = patterned_bytes(limits::response_batch_copied_body_bytes_max);
const std::string large_body = patterned_bytes(limits::response_batch_copied_body_bytes_max + 1);

class ResponseBatchTest : public ::testing::Test {
protected:
    std::unique_ptr<ResponseBatch> storage_ = std::make_unique<ResponseBatch>();
    ResponseBatch& batch_ = *storage_;
};

TEST_F(ResponseBatchTest, IsEmptyAtFirst) {
    EXPECT_TRUE(batch_.is_empty());
    EXPECT_EQ(batch_.total_bytes(), 0U);
    EXPECT_EQ(batch_.message().msg_iovlen, 0U);
    EXPECT_TRUE(batch_.has_room(limits::response_batch_bytes));
    EXPECT_FALSE(batch_.has_room(limits::response_batch_bytes + 1));
}

TEST_F(ResponseBatchTest, TellsHowMuchOfItWasSent) {
    append_head(batch_, "12345");
    EXPECT_FALSE(batch_.is_sent());
    batch_.note_sent(0);
    batch_.note_sent(2);
    EXPECT_EQ(batch_.sent_bytes(), 2U);
    EXPECT_FALSE(batch_.is_sent());
    batch_.note_sent(3);
    EXPECT_TRUE(batch_.is_sent());
    batch_.clear();
    EXPECT_EQ(batch_.sent_bytes(), 0U);
}

TEST_F(ResponseBatchTest, CopiesASmallBodyBehindItsHead) {
    const RepresentationRef file = memory_file(small_body);
    append_head(batch_, "head");
    batch_.append_body(file->contents(), *file);
    EXPECT_EQ(pieces_of(batch_), std::vector{"head" + small_body});
    EXPECT_EQ(batch_.total_bytes(), 4 + small_body.size());
}

TEST_F(ResponseBatchTest, RefersToALargeBody) {
    const RepresentationRef file = memory_file(large_body);
    append_head(batch_, "head");
    batch_.append_body(file->contents(), *file);
    EXPECT_EQ(pieces_of(batch_), (std::vector<std::string>{"head", large_body}));
    EXPECT_EQ(batch_.message().msg_iov[1].iov_base, file->contents().data());
    EXPECT_EQ(batch_.total_bytes(), 4 + large_body.size());
}

TEST_F(ResponseBatchTest, RefersToASmallBodyThatDoesNotFit) {
    const RepresentationRef file = memory_file(small_body);
    append_head(batch_, std::string(limits::response_batch_bytes - small_body.size() + 1, 'h'));
    batch_.append_body(file->contents(), *file);
    ASSERT_EQ(pieces_of(batch_).size(), 2U);
    EXPECT_EQ(pieces_of(batch_)[1], small_body);
}

TEST_F(ResponseBatchTest, MergesWhatLiesSideBySide) {
    const RepresentationRef file = memory_file("body");
    append_head(batch_, "1");
    batch_.append_body(file->contents(), *file);
    append_head(batch_, "2");
    append_head(batch_, "3");
    EXPECT_EQ(pieces_of(batch_), std::vector<std::string>{"1body23"});
}

TEST_F(ResponseBatchTest, KeepsTheOrderAroundALargeBody) {
    const RepresentationRef file = memory_file(large_body);
    append_head(batch_, "1");
    batch_.append_body(file->contents(), *file);
    append_head(batch_, "2");
    append_head(batch_, "3");
    batch_.append_body(file->contents().substr(0, large_body.size()), *file);
    EXPECT_EQ(pieces_of(batch_), (std::vector<std::string>{"1", large_body, "23", large_body}));
    EXPECT_EQ(batch_.total_bytes(), 3 + 2 * large_body.size());
}

TEST_F(ResponseBatchTest, HasNoRoomForAHeadThatMightNotFit) {
    append_head(batch_, std::string(limits::response_batch_bytes - 100, 'h'));
    EXPECT_TRUE(batch_.has_room(100));
    EXPECT_FALSE(batch_.has_room(101));
}

TEST_F(ResponseBatchTest, HasRoomUntilItsPiecesAreUsedUp) {
    const RepresentationRef file = memory_file(large_body);
    std::size_t answers = 0;
    while (batch_.has_room(1)) {
        append_head(batch_, "h");
        batch_.append_body(file->contents(), *file);
        ++answers;
    }
    EXPECT_EQ(answers, limits::response_batch_pieces_max / 2);
    EXPECT_EQ(batch_.message().msg_iovlen, limits::response_batch_pieces_max);
}

TEST_F(ResponseBatchTest, KeepsAnAssetAliveUntilItIsCleared) {
    RepresentationRef file = memory_file(large_body);
    batch_.append_body(file->contents(), *file);
    file = RepresentationRef();
    EXPECT_EQ(pieces_of(batch_), std::vector{large_body});  // ASan watches.
    batch_.clear();
    EXPECT_TRUE(batch_.is_empty());
}

TEST_F(ResponseBatchTest, IsAsNewWhenItIsCleared) {
    const RepresentationRef file = memory_file(large_body);
    append_head(batch_, "1");
    batch_.append_body(file->contents(), *file);
    batch_.clear();
    EXPECT_EQ(batch_.message().msg_iovlen, 0U);
    EXPECT_TRUE(batch_.has_room(limits::response_batch_bytes));
    append_head(batch_, "2");
    EXPECT_EQ(pieces_of(batch_), std::vector<std::string>{"2"});
}

TEST_F(ResponseBatchTest, HasMemoryForAHeadThatIsLargerThanAllOfIt) {
    const std::string long_head = patterned_bytes(limits::response_batch_bytes + 1);
    http::HeadWriter writer = batch_.writer(long_head.size());
    writer.append(long_head);
    batch_.append_head(writer);
    append_head(batch_, "next head");
    EXPECT_EQ(pieces_of(batch_), (std::vector<std::string>{long_head, "next head"}));
    EXPECT_EQ(batch_.total_bytes(), long_head.size() + 9);
    batch_.clear();
    EXPECT_TRUE(batch_.is_empty());
    append_head(batch_, "head");
    EXPECT_EQ(pieces_of(batch_), std::vector<std::string>{"head"});
}

TEST_F(ResponseBatchTest, ForgetsAHeadThatWasBegunAndNotAppended) {
    http::HeadWriter writer = batch_.writer(9);
    writer.append("forgotten");
    append_head(batch_, "kept");
    EXPECT_EQ(pieces_of(batch_), std::vector<std::string>{"kept"});
}

using ResponseBatchDeathTest = ResponseBatchTest;

TEST_F(ResponseBatchDeathTest, RefusesAHeadThatItDidNotGive) {
    EXPECT_DEATH(
        {
            http::HeadWriter stale = batch_.writer(9);
            append_head(batch_, "newer");
            batch_.append_head(stale);
        },
        "storage_");
}

TEST(ResponseBatchPool, GivesTheMostRecentlyReturnedFirst) {
    ResponseBatchPool pool;
    ResponseBatch& first = pool.acquire();
    ResponseBatch& second = pool.acquire();
    EXPECT_NE(&first, &second);
    pool.release(second);
    pool.release(first);
    EXPECT_EQ(&pool.acquire(), &first);
    EXPECT_EQ(&pool.acquire(), &second);
}

TEST(ResponseBatchPool, ClearsWhatIsReturned) {
    ResponseBatchPool pool;
    ResponseBatch& batch = pool.acquire();
    append_head(batch, "secret");
    pool.release(batch);
    EXPECT_TRUE(pool.acquire().is_empty());
}

TEST(ResponseBatchPool, AllocatesOnlyForMoreAtOnceThanEverBefore) {
    ResponseBatchPool pool;
    std::vector<ResponseBatch*> taken(100);
    const auto take_and_return_all = [&] {
        for (ResponseBatch*& batch : taken) {
            batch = &pool.acquire();
        }
        for (ResponseBatch* batch : taken) {
            pool.release(*batch);
        }
    };
    take_and_return_all();
    const auto before = torc::test::allocations_of_this_thread();
    take_and_return_all();
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

TEST(ResponseBatchPool, TakesOnePageOfMemoryForASmallAnswer) {
    ResponseBatchPool pool;
    for (std::size_t taken = 0; taken < 2 * limits::response_batches_at_once; ++taken) {
        ResponseBatch& batch = pool.acquire();
        append_head(batch, patterned_bytes(limits::page_bytes / 2));
        EXPECT_EQ(torc::test::resident_pages(reinterpret_cast<std::byte*>(&batch), sizeof batch),
                  1U);
    }
}

constexpr MonotonicTime noon{std::chrono::hours(12)};

/// Takes so many batches and returns them, each with a head of `head_bytes`.
void use_at_once(ResponseBatchPool& pool, std::size_t count, std::size_t head_bytes) {
    std::vector<ResponseBatch*> taken;
    for (std::size_t index = 0; index < count; ++index) {
        taken.push_back(&pool.acquire());
        append_head(*taken.back(), std::string(head_bytes, 'h'));
    }
    for (ResponseBatch* const batch : taken) {
        pool.release(*batch);
    }
}

/// Calls `give_back_unused` when it is due, as often as given.
MonotonicTime give_back(ResponseBatchPool& pool, MonotonicTime now, int times) {
    for (int count = 0; count < times && pool.due_at() != never; ++count) {
        now = std::max(now, pool.due_at());
        pool.give_back_unused(now);
    }
    return now;
}

TEST(ResponseBatchPool, CountsThePagesThatItsResponseBatchesTouch) {
    ResponseBatchPool pool;
    EXPECT_EQ(pool.resident_bytes(), 0U);
    ResponseBatch& batch = pool.acquire();
    EXPECT_EQ(pool.resident_bytes(), limits::response_batches_at_once * limits::page_bytes);
    append_head(batch, std::string(3 * limits::page_bytes, 'h'));
    EXPECT_EQ(pool.resident_bytes(), (limits::response_batches_at_once + 3) * limits::page_bytes);
    pool.release(batch);
    EXPECT_EQ(pool.resident_bytes(), (limits::response_batches_at_once + 3) * limits::page_bytes);
}

TEST(ResponseBatchPool, GivesBackTheMemoryThatABurstTook) {
    ResponseBatchPool pool;
    use_at_once(pool, 500, limits::response_batch_bytes);
    EXPECT_GT(pool.resident_bytes(), 500 * limits::response_batch_bytes);
    give_back(pool, noon, 100);
    EXPECT_EQ(pool.due_at(), never);
    EXPECT_LE(pool.resident_bytes(),
              limits::response_batches_at_once * 2 * limits::response_batch_bytes);
}

TEST(ResponseBatchPool, TakesNoPageOfWhatItGaveBack) {
    ResponseBatchPool pool;
    std::vector<ResponseBatch*> taken;
    for (std::size_t index = 0; index < 2 * limits::response_batches_at_once; ++index) {
        taken.push_back(&pool.acquire());
        append_head(*taken.back(), std::string(limits::response_batch_bytes, 'h'));
    }
    for (ResponseBatch* const batch : taken) {
        pool.release(*batch);
    }
    give_back(pool, noon, 100);
    std::size_t pages = 0;
    for (ResponseBatch* const batch : taken) {
        pages += torc::test::resident_pages(reinterpret_cast<std::byte*>(batch), sizeof *batch);
    }
    EXPECT_EQ(pages * limits::page_bytes, pool.resident_bytes());
}

TEST(ResponseBatchPool, KeepsWhatIsWantedAgainAndAgain) {
    ResponseBatchPool pool;
    MonotonicTime now = noon;
    for (int second = 0; second < 5; ++second) {
        use_at_once(pool, 200, 1);
        now = give_back(pool, now, 1) + std::chrono::milliseconds(1);
    }
    EXPECT_GE(pool.resident_bytes(), 200 * limits::page_bytes);
}

TEST(ResponseBatchPool, GivesOutAgainWhatItGaveBack) {
    ResponseBatchPool pool;
    use_at_once(pool, 300, limits::response_batch_bytes);
    give_back(pool, noon, 100);
    std::vector<ResponseBatch*> taken;
    for (int count = 0; count < 300; ++count) {
        taken.push_back(&pool.acquire());
        EXPECT_TRUE(taken.back()->is_empty());
        append_head(*taken.back(), "head");
        EXPECT_EQ(pieces_of(*taken.back()), std::vector<std::string>{"head"});
    }
    for (ResponseBatch* const batch : taken) {
        pool.release(*batch);
    }
}

TEST(ResponseBatchPool, GivesBackNothingBeforeItIsDue) {
    ResponseBatchPool pool;
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
