#include <torc/base/start_error.hpp>
#include <torc/server/reload_job.hpp>

#include <gtest/gtest.h>

#include <poll.h>

#include <future>
#include <memory>
#include <optional>

namespace torc::server {
namespace {

/// Waits as a loop does.
void await(const ReloadJob& job) {
    pollfd event{.fd = job.descriptor(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&event, 1, 20'000), 1);
    EXPECT_TRUE(job.is_over());
}

TEST(ReloadJob, GivesWhatWasOpened) {
    ReloadJob job([] {
        auto snapshot = std::make_shared<worker::Snapshot>();
        snapshot->generation = 7;
        return ReloadJob::Opened{.snapshot = snapshot, .warnings = {"a warning"}};
    });
    await(job);
    const ReloadJob::Opened opened = job.take();
    EXPECT_EQ(opened.snapshot->generation, 7U);
    EXPECT_EQ(opened.warnings.size(), 1U);
}

TEST(ReloadJob, ThrowsWhatOpeningThrew) {
    ReloadJob job([]() -> ReloadJob::Opened { throw StartError("no such directory"); });
    await(job);
    EXPECT_THROW((void)job.take(), StartError);
}

TEST(ReloadJob, MayBeLeftBehindByWhoBeganIt) {
    std::promise<void> released;
    std::promise<void> ended;
    const std::future<void> end = ended.get_future();
    std::optional<ReloadJob> job(std::in_place, [wait = released.get_future().share(), &ended] {
        wait.get();
        ended.set_value();
        return ReloadJob::Opened{};
    });
    EXPECT_FALSE(job->is_over());
    job.reset();
    released.set_value();
    end.wait();
}

}  // namespace
}  // namespace torc::server
