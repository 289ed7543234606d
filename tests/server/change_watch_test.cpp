#include <torc/io/backend.hpp>
#include <torc/server/change_watch.hpp>
#include <torc/server/operation.hpp>

#include "site/assets.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace torc::server {
namespace {

using site::test::memory_asset;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A watch on a real proactor and a real directory.
class ChangeWatchTest : public ::testing::TestWithParam<io::Backend> {
protected:
    void SetUp() override {
        if (GetParam() == io::Backend::uring && io::find_uring_obstacle()) {
            GTEST_SKIP() << "io_uring is not to be had here";
        }
        directory_.write("page", "1");
        directory_.write("a/b/page", "1");
        directory_.write("c/page", "1");
        proactor_ = *io::make_proactor(GetParam(), {.connections_max = 16});
        root_ = std::make_shared<const file::Root>(*file::Root::open(directory_.path().string()));
        if (!root_->reports_changes()) {
            GTEST_SKIP() << "the temporary directory is on a file system that is not watched";
        }
        watch_ = std::make_unique<ChangeWatch>(*proactor_, site_);
    }
    void TearDown() override {
        if (watch_) {
            EXPECT_TRUE(turn_until([this] { return !watch_->is_opening(); }));
        }
    }

    bool turn_until(const std::function<bool()>& holds,
                    milliseconds patience = std::chrono::seconds(10)) {
        const MonotonicTime give_up = steady_clock::now() + patience;
        while (!holds()) {
            if (steady_clock::now() > give_up) {
                return false;
            }
            for (const io::Completion& completion :
                 proactor_->wait(std::min(give_up, steady_clock::now() + milliseconds(10)))) {
                watch_->completed(completion);
            }
        }
        return true;
    }
    bool comes_to_cover(std::string_view directory) {
        return turn_until([&] {
            watch_->want(directory, root_);  // As each load there does.
            return watch_->covers(directory);
        });
    }
    void cache(std::string_view path) { site_.cache().insert(path, memory_asset("1"), never); }
    [[nodiscard]] bool has(std::string_view path) { return site_.cache().find(path) != nullptr; }
    bool drops(std::string_view path) {
        return turn_until([&] { return !has(path); });
    }
    [[nodiscard]] std::filesystem::path path(std::string_view name) const {
        return directory_.path() / name;
    }

    torc::test::TemporaryDirectory directory_;
    site::Site site_{{}, {}};
    std::unique_ptr<io::Proactor> proactor_;
    SharedRoot root_;
    std::unique_ptr<ChangeWatch> watch_;
};

INSTANTIATE_TEST_SUITE_P(Every, ChangeWatchTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         [](const ::testing::TestParamInfo<io::Backend>& information) {
                             return information.param == io::Backend::uring ? "Uring" : "Epoll";
                         });

TEST_P(ChangeWatchTest, CoversADirectoryWithThoseAboveIt) {
    EXPECT_FALSE(watch_->covers(""));
    EXPECT_TRUE(comes_to_cover("a/b/"));
    EXPECT_TRUE(watch_->covers("a/"));
    EXPECT_TRUE(watch_->covers(""));
    EXPECT_FALSE(watch_->covers("c/"));
}

TEST_P(ChangeWatchTest, CoversARootWithoutAnyOtherDirectory) {
    EXPECT_TRUE(comes_to_cover(""));
    cache("page");
    directory_.write("page", "2");
    EXPECT_TRUE(drops("page"));
}

TEST_P(ChangeWatchTest, DropsWhatChanges) {
    ASSERT_TRUE(comes_to_cover("a/b/"));
    cache("a/b/page");
    cache("page");
    directory_.write("a/b/page", "2");
    EXPECT_TRUE(drops("a/b/page"));
    EXPECT_TRUE(has("page"));
    directory_.write("page", "2");
    EXPECT_TRUE(drops("page"));
}

TEST_P(ChangeWatchTest, DropsAndForgetsWhatIsBeneathADirectoryThatMoves) {
    ASSERT_TRUE(comes_to_cover("a/b/"));
    cache("a/b/page");
    cache("a");
    std::filesystem::rename(path("a"), path("z"));
    EXPECT_TRUE(drops("a/b/page"));
    EXPECT_FALSE(has("a"));
    EXPECT_FALSE(watch_->covers("a/"));
    EXPECT_FALSE(watch_->covers("a/b/"));
    EXPECT_TRUE(watch_->covers(""));
    // What comes in its place can be watched like any other.
    std::filesystem::rename(path("z"), path("a"));
    ASSERT_TRUE(comes_to_cover("a/b/"));
    cache("a/b/page");
    directory_.write("a/b/page", "2");
    EXPECT_TRUE(drops("a/b/page"));
}

TEST_P(ChangeWatchTest, ForgetsADirectoryThatIsDeleted) {
    ASSERT_TRUE(comes_to_cover("c/"));
    std::filesystem::remove_all(path("c"));
    EXPECT_TRUE(turn_until([this] { return !watch_->covers("c/"); }));
}

TEST_P(ChangeWatchTest, DoesNotWatchThroughASymbolicLink) {
    std::filesystem::create_directory_symlink("a", path("link"));
    watch_->want("link/b/", root_);
    EXPECT_TRUE(turn_until([this] { return !watch_->is_opening() && watch_->covers(""); }));
    EXPECT_TRUE(turn_until([this] { return !watch_->is_opening(); }));
    EXPECT_FALSE(watch_->covers("link/"));
    EXPECT_FALSE(watch_->covers("link/b/"));
    watch_->want("link/b/", root_);
    EXPECT_FALSE(watch_->is_opening()) << "it is not tried again and again";
}

TEST_P(ChangeWatchTest, WatchesADirectoryThatTookThePlaceOfASymbolicLink) {
    std::filesystem::create_directory_symlink("a", path("link"));
    watch_->want("link/", root_);
    EXPECT_TRUE(turn_until([this] { return !watch_->is_opening() && watch_->covers(""); }));
    EXPECT_TRUE(turn_until([this] { return !watch_->is_opening(); }));
    std::filesystem::remove(path("link"));
    std::filesystem::create_directory(path("link"));
    EXPECT_TRUE(turn_until([this] {
        watch_->want("link/", root_);
        return watch_->covers("link/");
    }));
}

TEST_P(ChangeWatchTest, WatchesSeveralDirectoriesAtOnce) {
    for (const char* directory : {"a/b/", "c/", "a/"}) {
        watch_->want(directory, root_);
    }
    EXPECT_TRUE(turn_until(
        [this] { return watch_->covers("a/b/") && watch_->covers("c/") && watch_->covers("a/"); }));
}

TEST_P(ChangeWatchTest, ForgetsEverythingWhenTheRootIsAnother) {
    ASSERT_TRUE(comes_to_cover("a/b/"));
    watch_->reset();
    EXPECT_FALSE(watch_->covers(""));
    EXPECT_FALSE(watch_->covers("a/b/"));
    EXPECT_TRUE(comes_to_cover("a/b/"));
}

TEST_P(ChangeWatchTest, DoesNotWatchARootOnAFileSystemThatTellsNothing) {
    const auto remote = std::make_shared<const file::Root>(*file::Root::open("/proc"));
    watch_->want("", remote);
    EXPECT_FALSE(watch_->is_opening());
}

}  // namespace
}  // namespace torc::server
