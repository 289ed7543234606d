#include "blocking_pool.hpp"

#include <torc/base/limits.hpp>
#include <torc/base/unique_fd.hpp>

#include "held_job.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

namespace torc::io {
namespace {

using test::HeldJob;

/// Notes how many CPUs its thread may run on.
class CpuCountingJob final : public BlockingJob {
public:
    std::int32_t run() noexcept override {
        cpu_set_t cpus;
        return ::sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : -errno;
    }
};

class BlockingPoolTest : public ::testing::Test {
protected:
    void run(BlockingJob& job, Lane lane) {
        pool_.submit({.kind = BlockingCall::Kind::run, .lane = lane, .job = &job});
    }
    /// Waits for so many results.
    std::vector<std::int32_t> finish(std::size_t count) {
        std::vector<std::int32_t> results;
        std::vector<BlockingPool::Done> done;
        while (results.size() < count) {
            pollfd event{.fd = notify_.descriptor(), .events = POLLIN, .revents = 0};
            EXPECT_EQ(::poll(&event, 1, 20'000), 1);
            std::uint64_t notified = 0;
            EXPECT_EQ(::read(notify_.descriptor(), &notified, sizeof notified), sizeof notified);
            pool_.take_done(done);
            for (const BlockingPool::Done& one : done) {
                results.push_back(one.result);
            }
            done.clear();
        }
        return results;
    }

    EventFd notify_ = EventFd::create(EventFd::EmptyRead::waits).value();
    BlockingPool pool_{notify_};
};

TEST_F(BlockingPoolTest, RunsOnAllCpusThoughItsOwnerHasOne) {
    CpuCountingJob job;
    const int all = job.run();
    std::thread([&] {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<unsigned>(::sched_getcpu()), &one);
        ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
        run(job, Lane::local_threads);
        EXPECT_EQ(finish(1), std::vector<std::int32_t>{all});
    }).join();
}

TEST_F(BlockingPoolTest, DoesNotMakeACallWhoseResultNobodyWants) {
    std::deque<HeldJob> held(limits::device_threads_max);
    const Lane lane = device_lane(0, 1);
    for (HeldJob& job : held) {
        run(job, lane);
    }
    const UniqueFd file(::memfd_create("file", MFD_CLOEXEC));
    ASSERT_EQ(::write(file.get(), "x", 1), 1);
    auto wanted = std::make_shared<FileChunk>();
    auto abandoned = std::make_shared<FileChunk>();
    for (const auto& chunk : {wanted, abandoned}) {
        pool_.submit({.kind = BlockingCall::Kind::read_chunk,
                      .lane = lane,
                      .fd = file.get(),
                      .length = 1,
                      .shared_chunk = chunk});
    }
    abandoned.reset();
    for (HeldJob& job : held) {
        job.let_go();
    }
    std::vector<std::int32_t> results = finish(held.size() + 2);
    EXPECT_EQ(std::ranges::count(results, 1), 1);
    EXPECT_EQ(std::ranges::count(results, -ECANCELED), 1);
}

TEST_F(BlockingPoolTest, MakesNoMoreThreadsThanItMay) {
    // More lanes than there may be threads for, all of them hung.
    std::deque<HeldJob> held;
    for (std::uint32_t device = 0; device < 2 * limits::blocking_threads_max; ++device) {
        run(held.emplace_back(), device_lane(1, device));
    }
    for (HeldJob& job : held) {
        job.let_go();
    }
    EXPECT_EQ(finish(held.size()).size(), held.size());
}

TEST(BlockingPool, ClosesWhatItWasToCloseWhenItEnds) {
    const EventFd notify = EventFd::create().value();
    std::vector<int> files;
    {
        BlockingPool pool(notify);
        for (int count = 0; count < 100; ++count) {
            files.push_back(::memfd_create("file", MFD_CLOEXEC));
            pool.submit(
                {.kind = BlockingCall::Kind::close, .lane = device_lane(0, 1), .fd = files.back()});
        }
    }
    for (const int fd : files) {
        EXPECT_LT(::fcntl(fd, F_GETFD), 0);
    }
}

}  // namespace
}  // namespace torc::io
