#include <torc/io/backend.hpp>
#include <torc/worker/mount_watch.hpp>

#include "support/temporary_directory.hpp"
#include "support/temporary_mount.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace torc::worker {
namespace {

using std::chrono::steady_clock;
using torc::test::TemporaryMount;

/// A watch on a real proactor and the mounts of this machine.
class MountWatchTest : public ::testing::TestWithParam<io::Backend> {
protected:
    void SetUp() override {
        if (GetParam() == io::Backend::uring && io::find_uring_obstacle()) {
            GTEST_SKIP() << "io_uring is not to be had here";
        }
        if (!torc::test::may_mount()) {
            GTEST_SKIP() << "it takes root, or CAP_SYS_ADMIN, to mount";
        }
        proactor_ = *io::make_proactor(GetParam(), {.connections_max = 16});
        watch_ = std::make_unique<MountWatch>(*proactor_);
        std::filesystem::create_directory(place_);
    }
    void TearDown() override {
        const auto give_up = steady_clock::now() + std::chrono::seconds(10);
        while (watch_ && watch_->is_reading() && steady_clock::now() < give_up) {
            turn();
        }
    }

    void turn() {
        for (const io::Completion& completion :
             proactor_->wait(steady_clock::now() + std::chrono::milliseconds(10))) {
            const std::vector<std::string> places = watch_->completed(completion);
            told_.insert(told_.end(), places.begin(), places.end());
        }
    }
    /// Whether it tells of the test's own place; other processes may mount too.
    bool tells() {
        const auto give_up = steady_clock::now() + std::chrono::seconds(10);
        while (std::ranges::find(told_, place_.string()) == told_.end()) {
            if (steady_clock::now() > give_up) {
                return false;
            }
            turn();
        }
        told_.clear();
        return true;
    }

    torc::test::TemporaryDirectory directory_;
    const std::filesystem::path place_ = directory_.path() / "place";
    std::unique_ptr<io::Proactor> proactor_;
    std::unique_ptr<MountWatch> watch_;
    std::vector<std::string> told_;
};

INSTANTIATE_TEST_SUITE_P(Every, MountWatchTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         [](const ::testing::TestParamInfo<io::Backend>& information) {
                             return information.param == io::Backend::uring ? "Uring" : "Epoll";
                         });

TEST_P(MountWatchTest, TellsWhereSomethingIsMountedAndUnmounted) {
    ASSERT_TRUE(watch_->start());
    TemporaryMount mount = TemporaryMount::tmpfs(place_);
    EXPECT_TRUE(tells());
    mount.unmount();
    EXPECT_TRUE(tells());
}

TEST_P(MountWatchTest, TellsOfWhatWasMountedBeforeItBeganToWait) {
    const TemporaryMount mount = TemporaryMount::tmpfs(place_);
    ASSERT_TRUE(watch_->start());
    EXPECT_TRUE(tells());
}

TEST_P(MountWatchTest, TellsOfAMountOverAMount) {
    const TemporaryMount first = TemporaryMount::tmpfs(place_);
    watch_ = std::make_unique<MountWatch>(*proactor_);
    ASSERT_TRUE(watch_->start());
    TemporaryMount second = TemporaryMount::tmpfs(place_);
    EXPECT_TRUE(tells());
    second.unmount();
    EXPECT_TRUE(tells());
}

TEST(MountWatch, SaysThatItCannotWatchWhereProcIsNotMounted) {
    const auto proactor = *io::make_proactor(io::Backend::epoll, {.connections_max = 16});
    MountWatch watch(*proactor, "/nowhere");
    EXPECT_FALSE(watch.start());
    EXPECT_FALSE(watch.is_reading());
}

}  // namespace
}  // namespace torc::worker
