#include <torc/base/limits.hpp>
#include <torc/io/backend.hpp>
#include <torc/worker/change_watch.hpp>
#include <torc/worker/operation.hpp>

#include "reports.hpp"
#include "scripted_proactor.hpp"
#include "site/assets.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace torc::worker {
namespace {

using site::test::cache_file_at;
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
        notices_ = std::make_unique<ChangeNotices>(*proactor_, test::print_reports);
        watch_ = std::make_unique<ChangeWatch>(*proactor_, site_, *notices_, test::print_reports);
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
                complete(completion);
            }
        }
        return true;
    }
    void complete(const io::Completion& completion) {
        if (operation_of(completion.token) == Operation::watch_changes) {
            notices_->completed();
        } else {
            watch_->completed(completion);
        }
    }
    bool comes_to_cover(std::string_view directory) {
        return turn_until([&] {
            watch_->want(directory, root_);  // As each load there does.
            return watch_->covers(directory);
        });
    }
    void cache(std::string_view path) { cache_file_at(site_.cache(), path); }
    [[nodiscard]] bool has(std::string_view path) { return site_.cache().find(path) != nullptr; }
    bool drops(std::string_view path) {
        return turn_until([&] { return !has(path); });
    }
    [[nodiscard]] std::filesystem::path path(std::string_view name) const {
        return directory_.path() / name;
    }

    torc::test::TemporaryDirectory directory_;
    site::CacheBudgets budgets_{site::CacheLimits{}};
    site::Site site_{{}, budgets_};
    std::unique_ptr<io::Proactor> proactor_;
    SharedRoot root_;
    std::unique_ptr<ChangeNotices> notices_;
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

// Clients may ask for any number of them.
TEST_P(ChangeWatchTest, WatchesWhereADirectoryThatIsNotThereWouldBe) {
    ASSERT_TRUE(comes_to_cover("a/"));
    for (const std::string_view missing : {"a/new/deep/", "a/new/", "page/below/"}) {
        watch_->want(missing, root_);
        ASSERT_TRUE(turn_until([this] { return !watch_->is_opening(); }));
        EXPECT_FALSE(watch_->covers(missing));
    }
    cache("a/new/page");
    std::filesystem::create_directory(path("a/new"));
    EXPECT_TRUE(drops("a/new/page"));
    EXPECT_TRUE(comes_to_cover("a/new/"));
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

TEST_P(ChangeWatchTest, WatchesADirectoryThatMovedWhereItIsNow) {
    ASSERT_TRUE(comes_to_cover("a/b/"));
    std::filesystem::rename(path("a"), path("z"));
    ASSERT_TRUE(turn_until([this] { return !watch_->covers("a/b/"); }));
    // Before the kernel was told that nobody watches it any more, and it still has its watch.
    ASSERT_TRUE(comes_to_cover("z/b/"));
    EXPECT_FALSE(watch_->reclaim());
    cache("z/b/page");
    directory_.write("z/b/page", "2");
    EXPECT_TRUE(drops("z/b/page"));
}

TEST_P(ChangeWatchTest, WatchesADirectoryThatMovedThoughTheMoveIsReadLate) {
    ASSERT_TRUE(comes_to_cover("a/b/"));
    std::filesystem::rename(path("a"), path("c/z"));
    std::vector<io::Completion> unread;
    for (int iterations = 0; !watch_->covers("c/z/b/") && iterations < 1000; ++iterations) {
        watch_->want("c/z/b/", root_);
        for (const io::Completion& completion :
             proactor_->wait(steady_clock::now() + milliseconds(10))) {
            if (operation_of(completion.token) == Operation::watch_changes) {
                unread.push_back(completion);
            } else {
                complete(completion);
            }
        }
    }
    ASSERT_TRUE(watch_->covers("c/z/b/"));
    EXPECT_FALSE(watch_->covers("a/b/")) << "its watch is that of the new place";
    ASSERT_EQ(unread.size(), 1U);
    complete(unread.front());
    EXPECT_FALSE(watch_->reclaim());
    ASSERT_TRUE(comes_to_cover("c/z/b/"));
    cache("c/z/b/page");
    directory_.write("c/z/b/page", "2");
    EXPECT_TRUE(drops("c/z/b/page"));
}

TEST_P(ChangeWatchTest, DropsWhatIsBeneathADirectoryWithOtherPermissionsAndKeepsWatchingIt) {
    ASSERT_TRUE(comes_to_cover("a/b/"));
    cache("a/b/page");
    cache("a");
    cache("page");
    std::filesystem::permissions(path("a"), std::filesystem::perms::owner_all);
    EXPECT_TRUE(drops("a/b/page"));
    EXPECT_FALSE(has("a"));
    EXPECT_TRUE(has("page"));
    EXPECT_TRUE(watch_->covers("a/b/"));
    cache("a/b/page");
    directory_.write("a/b/page", "2");
    EXPECT_TRUE(drops("a/b/page"));
}

TEST_P(ChangeWatchTest, DropsNothingForADirectoryThatIsMade) {
    ASSERT_TRUE(comes_to_cover("a/b/"));
    for (const char* const name : {"", "page", "a/", "a/b/page", "new", "last"}) {
        cache(name);
    }
    std::filesystem::create_directory(path("new"));
    std::filesystem::create_directory(path("a/b/new"));
    directory_.write("last", "");
    EXPECT_TRUE(drops("last"));
    EXPECT_FALSE(has("new"));
    for (const char* const name : {"", "page", "a/", "a/b/page"}) {
        EXPECT_TRUE(has(name)) << name;
    }
    EXPECT_TRUE(watch_->covers("a/b/"));
}

TEST_P(ChangeWatchTest, TriesADirectoryAgainOnceThePermissionsAboveItChanged) {
    std::filesystem::create_directory_symlink("b", path("a/link"));
    watch_->want("a/link/", root_);
    EXPECT_TRUE(turn_until([this] { return !watch_->is_opening() && watch_->covers("a/"); }));
    watch_->want("a/link/", root_);
    EXPECT_FALSE(watch_->is_opening());
    std::filesystem::permissions(path("a"), std::filesystem::perms::owner_all);
    EXPECT_TRUE(turn_until([this] {
        watch_->want("a/link/", root_);
        return watch_->is_opening();
    }));
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

// What clients make up must not use up what may be watched, nor memory.
TEST_P(ChangeWatchTest, RemembersNothingOfPathsBeneathWhatCanNotBeWatched) {
    std::filesystem::create_directory_symlink("a", path("link"));
    for (std::size_t i = 0; i < limits::watched_directories_max; ++i) {
        watch_->want("link/" + std::to_string(i) + "/", root_);
        ASSERT_TRUE(turn_until([this] { return !watch_->is_opening(); }));
    }
    EXPECT_TRUE(comes_to_cover("c/"));
}

TEST_P(ChangeWatchTest, RemembersNothingOfNamesThatAreTooLong) {
    const std::string long_name(256, 'n');
    for (std::size_t i = 0; i < limits::watched_directories_max; ++i) {
        watch_->want(long_name + std::to_string(i) + "/", root_);
        ASSERT_TRUE(turn_until([this] { return !watch_->is_opening(); }));
    }
    EXPECT_TRUE(comes_to_cover("c/"));
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

TEST_P(ChangeWatchTest, LetsGoOfForgottenDirectoriesAFewAtATime) {
    constexpr int count = 600;
    for (int i = 0; i < count; ++i) {
        const std::string name = "many/" + std::to_string(i) + "/";
        std::filesystem::create_directories(path(name));
        ASSERT_TRUE(comes_to_cover(name));
    }
    watch_->reset();
    int times = 1;
    while (watch_->reclaim()) {
        ++times;
    }
    EXPECT_GE(times, 3);
    EXPECT_FALSE(watch_->reclaim());
}

/// How many watches the inotify instances of this process have (proc_pid_fdinfo(5)).
int kernel_watches() {
    int watches = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
        std::ifstream information(entry.path());
        for (std::string line; std::getline(information, line);) {
            watches += line.starts_with("inotify wd:") ? 1 : 0;
        }
    }
    return watches;
}

TEST_P(ChangeWatchTest, EndsTheKernelsWatchesOfForgottenDirectories) {
    ASSERT_TRUE(comes_to_cover("a/b/"));
    ASSERT_TRUE(comes_to_cover("c/"));
    EXPECT_EQ(kernel_watches(), 4);
    watch_->reset();
    ASSERT_TRUE(comes_to_cover("c/"));
    while (watch_->reclaim()) {
    }
    EXPECT_EQ(kernel_watches(), 2) << "those that were asked for again are kept";
}

TEST_P(ChangeWatchTest, DropsAndForgetsWhatAMountWasLaidOver) {
    ASSERT_TRUE(comes_to_cover("a/b/"));
    cache("a/b/page");
    cache("a");
    cache("page");
    watch_->remounted((directory_.path() / "a").string(), directory_.path().string());
    EXPECT_FALSE(has("a/b/page"));
    EXPECT_FALSE(has("a")) << "it may lead to the directory no more";
    EXPECT_TRUE(has("page"));
    EXPECT_FALSE(watch_->covers("a/"));
    EXPECT_TRUE(watch_->covers(""));
}

TEST_P(ChangeWatchTest, DropsAFileThatAMountWasLaidOver) {
    cache("a/b/page");
    cache("page");
    watch_->remounted("/page", "/");
    EXPECT_FALSE(has("page"));
    watch_->remounted("/srv/www/a/b/page", "/srv/www");
    EXPECT_FALSE(has("a/b/page"));
}

TEST_P(ChangeWatchTest, DropsNothingForAMountElsewhere) {
    cache("a/b/page");
    cache("page");
    for (const char* const place : {"/", "/srv", "/srv/www", "/srv/www2/a", "/srv/ww", "/a"}) {
        watch_->remounted(place, "/srv/www");
    }
    EXPECT_TRUE(has("a/b/page"));
    EXPECT_TRUE(has("page"));
}

TEST_P(ChangeWatchTest, DoesNotWatchARootOnAFileSystemThatTellsNothing) {
    const auto remote = std::make_shared<const file::Root>(*file::Root::open("/proc"));
    watch_->want("", remote);
    EXPECT_FALSE(watch_->is_opening());
}

TEST(ChangeWatch, TriesADirectoryAgainThatThereWasNoMemoryFor) {
    const torc::test::TemporaryDirectory directory;
    const auto root =
        std::make_shared<const file::Root>(*file::Root::open(directory.path().string()));
    if (!root->reports_changes()) {
        GTEST_SKIP() << "the temporary directory is on a file system that is not watched";
    }
    test::ScriptedProactor proactor;
    proactor.expect_root(root->descriptor());
    site::CacheBudgets budgets(site::CacheLimits{});
    site::Site site({}, budgets);
    ChangeNotices notices(proactor, test::print_reports);
    ChangeWatch watch(proactor, site, notices, test::print_reports);
    for (int time = 0; time < 10; ++time) {
        proactor.run_short_of_memory();
        EXPECT_THROW(watch.want("", root), std::bad_alloc);
        EXPECT_FALSE(watch.is_opening()) << "nothing is under way";
    }
    watch.want("", root);
    EXPECT_TRUE(watch.is_opening());
    EXPECT_EQ(proactor.started(), 1);
}

/// More changes than are read at once.
class ChangeStormTest : public ChangeWatchTest {
protected:
    /// No two changes in a row are the same, since the kernel would take them for one.
    void change_files(int count) {
        for (int i = 0; i < count; ++i) {
            ASSERT_EQ(::truncate(path(i % 2 == 0 ? "c/page" : "c/other").c_str(), 0), 0);
        }
    }
    void SetUp() override {
        ChangeWatchTest::SetUp();
        directory_.write("c/other", "");
    }
    /// One iteration of a loop.
    void turn() {
        for (const io::Completion& completion :
             proactor_->wait(steady_clock::now() + milliseconds(10))) {
            complete(completion);
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Every, ChangeStormTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         [](const ::testing::TestParamInfo<io::Backend>& information) {
                             return information.param == io::Backend::uring ? "Uring" : "Epoll";
                         });

TEST_P(ChangeStormTest, IsTakenInABoundedNumberOfChangesAnIteration) {
    constexpr int count = 3000;
    // What one read of the least events can give on top of the limit.
    constexpr std::size_t at_once_max = 256 + 1024;
    const auto name_of = [](int i) { return "c/" + std::to_string(i); };
    ASSERT_TRUE(comes_to_cover("c/"));
    for (int i = 0; i < count; ++i) {
        cache(name_of(i));
        directory_.write(name_of(i), "");
    }
    std::size_t left = site_.cache().size();
    ASSERT_EQ(left, static_cast<std::size_t>(count));
    int iterations = 0;
    while (left > 0) {
        turn();
        ASSERT_LE(left - site_.cache().size(), at_once_max);
        left = site_.cache().size();
        ASSERT_LT(++iterations, 10'000);
    }
    EXPECT_GE(iterations, 3);
    EXPECT_TRUE(watch_->covers("c/")) << "nothing was lost";
}

TEST_P(ChangeStormTest, CountsAsAChangeOfEverythingWhenTheQueueRanOver) {
    int queued_max = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queued_max;
    if (queued_max > 200'000) {
        GTEST_SKIP() << "the queue of inotify holds too many events";
    }
    ASSERT_TRUE(comes_to_cover("a/b/"));
    ASSERT_TRUE(comes_to_cover("c/"));
    cache("a/b/page");
    change_files(queued_max + 10);
    EXPECT_TRUE(drops("a/b/page"));
    EXPECT_FALSE(watch_->covers("a/b/"));
    // And goes on as at first.
    ASSERT_TRUE(comes_to_cover("a/b/"));
    cache("a/b/page");
    directory_.write("a/b/page", "2");
    EXPECT_TRUE(drops("a/b/page"));
}

TEST_P(ChangeStormTest, CountsAsAChangeOfEverythingWhenItIsNotReadToItsEndForLong) {
    ASSERT_TRUE(comes_to_cover("a/b/"));
    ASSERT_TRUE(comes_to_cover("c/"));
    cache("a/b/page");
    change_files(3000);
    const auto began = steady_clock::now();
    // As many new ones as are read: there is never an end, and the queue never runs over.
    while (has("a/b/page") && steady_clock::now() < began + std::chrono::seconds(10)) {
        turn();
        change_files(512);
    }
    EXPECT_FALSE(has("a/b/page"));
    EXPECT_FALSE(watch_->covers("a/b/"));
    EXPECT_GE(steady_clock::now() - began, milliseconds(400)) << "it was for another reason";
}

}  // namespace
}  // namespace torc::worker
