#include <torc/base/limits.hpp>
#include <torc/worker/log_queue.hpp>

#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <poll.h>

#include <string>
#include <thread>
#include <vector>

namespace torc::worker {
namespace {

class LogQueueTest : public ::testing::Test {
protected:
    void push(std::string lines) { queue_.push(lines); }
    /// All that waits, with a | for each cut.
    std::string take_all() {
        std::string all;
        std::string batch;
        while (true) {
            switch (queue_.take(batch)) {
                case LogQueue::Next::lines:
                    all += batch;
                    break;
                case LogQueue::Next::cut:
                    all += '|';
                    break;
                case LogQueue::Next::nothing:
                    return all;
            }
        }
    }
    [[nodiscard]] bool is_signalled() const {
        pollfd event{.fd = queue_.signal_descriptor(), .events = POLLIN, .revents = 0};
        return ::poll(&event, 1, 0) == 1;
    }

    static constexpr std::size_t bytes_max = 100;
    LogQueue queue_{bytes_max};
};

TEST_F(LogQueueTest, GivesLinesInTheOrderInWhichTheyWerePushed) {
    push("a\n");
    queue_.push_copy("b\n");
    push("c\n");
    EXPECT_EQ(queue_.waiting_lines(), 3U);
    EXPECT_EQ(take_all(), "a\nb\nc\n");
    EXPECT_EQ(queue_.waiting_lines(), 0U);
}

TEST_F(LogQueueTest, LeavesRoomForAsManyLinesAgain) {
    std::string lines;
    lines.reserve(limits::access_log_buffer_bytes);
    lines = "a\n";
    queue_.push(lines);
    EXPECT_TRUE(lines.empty());
    EXPECT_GE(lines.capacity(), limits::access_log_buffer_bytes);
}

TEST_F(LogQueueTest, JoinsSmallBatches) {
    push("a\n");
    push("b\n");
    std::string batch;
    EXPECT_EQ(queue_.take(batch), LogQueue::Next::lines);
    push("c\n");
    // The first one's buffer is as small as the string that it came in.
    EXPECT_EQ(batch + take_all(), "a\nb\nc\n");
    queue_.push_copy("d\n");
    queue_.push_copy("e\n");
    EXPECT_EQ(queue_.take(batch), LogQueue::Next::lines);
    EXPECT_EQ(batch, "d\ne\n");
}

TEST_F(LogQueueTest, DropsAndCountsWhatDoesNotFit) {
    push(std::string(bytes_max - 1, 'x') + '\n');
    push("a\nb\n");
    queue_.push_copy("c\n");
    EXPECT_FALSE(queue_.try_push_copy("d\n"));
    EXPECT_EQ(queue_.take_dropped_lines(), 3U);
    EXPECT_EQ(queue_.take_dropped_lines(), 0U);
    EXPECT_EQ(take_all().size(), bytes_max);
    EXPECT_TRUE(queue_.try_push_copy("e\n"));
    EXPECT_EQ(take_all(), "e\n");
}

TEST_F(LogQueueTest, SignalsWhatIsPushedAndWhatIsDropped) {
    EXPECT_FALSE(is_signalled());
    push("a\n");
    EXPECT_TRUE(is_signalled());
    queue_.clear_signal();
    EXPECT_FALSE(is_signalled());
    push(std::string(bytes_max, '\n'));
    EXPECT_TRUE(is_signalled());
    queue_.clear_signal();
    push("");
    EXPECT_FALSE(is_signalled());
}

TEST_F(LogQueueTest, CutsAtOnceWhenNobodyHoldsLinesBack) {
    push("a\n");
    queue_.ask_for_cut();
    push("b\n");
    EXPECT_EQ(take_all(), "a\n|b\n");
}

TEST_F(LogQueueTest, CutsBehindTheLinesOfEveryProducer) {
    std::uint64_t first = queue_.join();
    std::uint64_t second = queue_.join();
    EXPECT_FALSE(queue_.wants_cut(first));
    queue_.ask_for_cut();
    EXPECT_TRUE(queue_.wants_cut(first));
    std::string lines = "a\n";
    first = queue_.push_before_cut(lines);
    EXPECT_FALSE(queue_.wants_cut(first));
    EXPECT_EQ(take_all(), "a\n");
    lines = "b\n";
    second = queue_.push_before_cut(lines);
    push("c\n");
    EXPECT_EQ(take_all(), "b\n|c\n");
    EXPECT_EQ(first, second);
}

TEST_F(LogQueueTest, CutsWhenAProducerLeavesInsteadOfPushing) {
    const std::uint64_t cuts = queue_.join();
    queue_.ask_for_cut();
    EXPECT_EQ(take_all(), "");
    std::string lines = "a\n";
    queue_.leave(lines, cuts);
    EXPECT_EQ(take_all(), "a\n|");
    queue_.ask_for_cut();
    EXPECT_EQ(take_all(), "|");
}

TEST_F(LogQueueTest, MakesOneCutOfTwoThatWereAskedForAtOnce) {
    std::uint64_t cuts = queue_.join();
    queue_.ask_for_cut();
    queue_.ask_for_cut();
    std::string lines = "a\n";
    cuts = queue_.push_before_cut(lines);
    EXPECT_FALSE(queue_.wants_cut(cuts));
    EXPECT_EQ(take_all(), "a\n|");
}

TEST_F(LogQueueTest, GivesUpACutThatAProducerKeepsWaiting) {
    const std::uint64_t cuts = queue_.join();
    queue_.ask_for_cut();
    queue_.cut_now();
    std::string lines = "a\n";
    static_cast<void>(queue_.push_before_cut(lines));
    EXPECT_EQ(take_all(), "a\n");
    EXPECT_TRUE(queue_.wants_cut(cuts));
}

TEST_F(LogQueueTest, PassesBatchesWithoutAllocatingOnceItIsWarm) {
    LogQueue queue(limits::access_log_queue_bytes_max);
    std::string lines;
    lines.reserve(limits::access_log_buffer_bytes);
    std::string batch;
    batch.reserve(limits::access_log_buffer_bytes);
    const auto pass = [&] {
        for (int count = 0; count < 4; ++count) {
            lines.assign(limits::access_log_buffer_bytes, '\n');
            queue.push(lines);
        }
        while (queue.take(batch) == LogQueue::Next::lines) {
        }
    };
    pass();
    const auto before = torc::test::allocations_of_this_thread();
    pass();
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

TEST_F(LogQueueTest, LosesNothingOfManyThreads) {
    constexpr int threads = 4;
    constexpr int lines_each = 20'000;
    LogQueue queue(limits::access_log_queue_bytes_max);
    std::vector<std::thread> producers;
    for (int thread = 0; thread < threads; ++thread) {
        producers.emplace_back([&queue] {
            std::uint64_t cuts = queue.join();
            std::string lines;
            for (int line = 0; line < lines_each; ++line) {
                lines += "0123456789\n";
                if (queue.wants_cut(cuts)) {
                    cuts = queue.push_before_cut(lines);
                } else if (line % 10 == 0) {
                    queue.push(lines);
                }
            }
            queue.leave(lines, cuts);
        });
    }
    std::uint64_t lines = 0;
    std::string batch;
    const auto take = [&] {
        for (auto next = queue.take(batch); next != LogQueue::Next::nothing;
             next = queue.take(batch)) {
            lines += next == LogQueue::Next::lines ? count_lines(batch) : 0;
        }
    };
    while (lines < std::uint64_t{threads} * lines_each / 2) {
        take();
        queue.ask_for_cut();
    }
    for (std::thread& producer : producers) {
        producer.join();
    }
    take();
    EXPECT_EQ(lines, std::uint64_t{threads} * lines_each);
    EXPECT_EQ(queue.take_dropped_lines(), 0U);
}

}  // namespace
}  // namespace torc::worker
