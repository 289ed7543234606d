#include "held_job.hpp"
#include "proactor_fixture.hpp"

#include <array>
#include <cerrno>
#include <thread>
#include <vector>

namespace torc::io::test {
namespace {

class ProactorJob : public ProactorTest {};

/// Notes the thread it ran on.
class NotingJob final : public BlockingJob {
public:
    explicit NotingJob(std::int32_t result) noexcept : result_(result) {}

    std::int32_t run() noexcept override {
        thread_ = std::this_thread::get_id();
        return result_;
    }
    [[nodiscard]] std::thread::id thread() const noexcept { return thread_; }

private:
    std::int32_t result_;
    std::thread::id thread_;
};

TEST_P(ProactorJob, RunsOnAnotherThread) {
    NotingJob job(7);
    EXPECT_EQ(finish(run(job)).result, 7);
    EXPECT_NE(job.thread(), std::thread::id());
    EXPECT_NE(job.thread(), std::this_thread::get_id());
}

TEST_P(ProactorJob, FailsWithWhatTheJobGives) {
    NotingJob job(-ENOTDIR);
    EXPECT_EQ(finish(run(job)).result, -ENOTDIR);
}

TEST_P(ProactorJob, LetsOtherOperationsGoOnMeanwhile) {
    HeldJob held;
    const Token waiting = run(held);
    NotingJob quick(1);
    EXPECT_EQ(finish(run(quick)).result, 1);
    held.let_go();
    EXPECT_EQ(finish(waiting).result, 0);
}

TEST_P(ProactorJob, RunsMoreJobsThanThereAreThreads) {
    std::array<HeldJob, limits::local_threads_max * 3> jobs;
    std::vector<Token> tokens;
    for (HeldJob& job : jobs) {
        tokens.push_back(run(job));
    }
    for (HeldJob& job : jobs) {
        job.let_go();
    }
    for (const Token token : tokens) {
        EXPECT_EQ(finish(token).result, 0);
    }
}

INSTANTIATE_TEST_SUITE_P(Every, ProactorJob, every_backend(), backend_name);

}  // namespace
}  // namespace torc::io::test
