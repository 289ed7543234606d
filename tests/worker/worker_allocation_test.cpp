#include <torc/base/limits.hpp>
#include <torc/worker/worker.hpp>

#include "support/allocation_counter.hpp"
#include "worker/test_log.hpp"
#include "worker/worker_harness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <thread>

namespace torc::worker {
namespace {

using test::Client;

/// How often a worker on this thread allocates from its start to its end, in which another thread
/// asks it for the same file `requests` times.
std::uint64_t allocations_of(io::Backend backend, int requests, const SharedLog& access_log) {
    test::WorkerSurroundings around;
    around.access_log = access_log;
    around.directory.write("file", "hello");
    const std::unique_ptr<io::Proactor> proactor =
        *io::make_proactor(backend, {.connections_max = around.connections_max});
    Worker worker(*proactor, around.options());
    std::thread client_thread([&, endpoint = around.endpoint()] {
        Client client(endpoint);
        EXPECT_TRUE(client.connect());
        for (int done = 0; done < requests; ++done) {
            EXPECT_TRUE(client.get("/file", 5).ends_with("hello"));
        }
        around.mailbox->order(Stop::drain);
    });
    const auto before = torc::test::allocations_of_this_thread();
    EXPECT_TRUE(worker.run());
    const auto after = torc::test::allocations_of_this_thread();
    client_thread.join();
    std::string batch;
    batch.reserve(limits::access_log_buffer_bytes);
    while (access_log != nullptr && access_log->queue->take(batch) != LogQueue::Next::nothing) {
    }
    return after - before;
}

/// Compares the least of some runs: one that takes longer than a second looks at the file once
/// more, which does allocate. Where much else runs few are that short, and more are made.
void expect_as_many_allocations(io::Backend backend, int few_requests, int many_requests,
                                const SharedLog& access_log = nullptr) {
    constexpr int runs_min = 5;
    constexpr int runs_max = 50;
    std::uint64_t least_of_few = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t least_of_many = least_of_few;
    for (int run = 0; run < runs_min || (run < runs_max && least_of_many != least_of_few); ++run) {
        least_of_many = std::min(least_of_many, allocations_of(backend, many_requests, access_log));
        least_of_few = std::min(least_of_few, allocations_of(backend, few_requests, access_log));
    }
    EXPECT_EQ(least_of_many, least_of_few);
}

class WorkerAllocationTest : public ::testing::TestWithParam<io::Backend> {
protected:
    void SetUp() override {
        if (GetParam() == io::Backend::uring && io::find_uring_obstacle()) {
            GTEST_SKIP() << "io_uring is not to be had here";
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Backends, WorkerAllocationTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         test::backend_name);

TEST_P(WorkerAllocationTest, ARequestAllocatesNothing) {
    expect_as_many_allocations(GetParam(), 100, 400);
}

TEST_P(WorkerAllocationTest, ALoggedRequestAllocatesNothing) {
    // Many enough that a batch is pushed; the queue's buffers are made by the first run.
    expect_as_many_allocations(GetParam(), 100, 600, test::make_log());
}

}  // namespace
}  // namespace torc::worker
