#include <torc/io/backend.hpp>
#include <torc/worker/change_notices.hpp>
#include <torc/worker/operation.hpp>

#include "reports.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace torc::worker {
namespace {

using std::chrono::steady_clock;

/// Writes down what it is told.
class Listener final : public ChangeNotices::Subscriber {
public:
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    [[nodiscard]] bool has(std::string_view name) const {
        return std::ranges::find(names_, name) != names_.end();
    }
    [[nodiscard]] int losses() const { return losses_; }

private:
    void on_change(const ChangeNotices::Change& change) override {
        names_.emplace_back(change.name);
    }
    void on_changes_lost() override { ++losses_; }

    std::vector<std::string> names_;
    int losses_ = 0;
};

class ChangeNoticesTest : public ::testing::Test {
protected:
    void SetUp() override {
        for (const char* const name : {"a", "b", "last"}) {
            std::filesystem::create_directory(directory_.path() / name);
        }
        ASSERT_TRUE(notices_.is_ready());
        notices_.subscribe(one_);
        notices_.subscribe(other_);
    }
    void TearDown() override {
        notices_.unsubscribe(one_);
        notices_.unsubscribe(other_);
    }

    ChangeNotices::Watch watch(Listener& listener, std::string_view name) {
        const UniqueFd directory(
            ::open((directory_.path() / name).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        return notices_.watch(listener, directory.get()).value();
    }
    void write(std::string_view name) { directory_.write(name, ""); }
    bool turn_until(const std::function<bool()>& holds) {
        const MonotonicTime give_up = steady_clock::now() + std::chrono::seconds(10);
        while (!holds()) {
            if (steady_clock::now() > give_up) {
                return false;
            }
            for (const io::Completion& completion : proactor_->wait(give_up)) {
                EXPECT_EQ(operation_of(completion.token), Operation::watch_changes);
                notices_.completed();
            }
        }
        return true;
    }
    /// Whether all that happened until now was told: what comes last was.
    bool take_all() {
        Listener last;
        notices_.subscribe(last);
        (void)watch(last, "last");
        const std::string name = "last" + std::to_string(++last_);
        write("last/" + name);
        const bool was_told = turn_until([&] { return last.has(name) || last.losses() > 0; });
        notices_.unsubscribe(last);
        return was_told;
    }

    torc::test::TemporaryDirectory directory_;
    std::unique_ptr<io::Proactor> proactor_ =
        *io::make_proactor(io::Backend::epoll, {.connections_max = 16});
    ChangeNotices notices_{*proactor_, test::print_reports};
    Listener one_;
    Listener other_;
    int last_ = 0;
};

TEST_F(ChangeNoticesTest, TellWhoWatchesADirectoryAndNobodyElse) {
    (void)watch(one_, "a");
    (void)watch(other_, "b");
    write("a/of_one");
    write("b/of_other");
    ASSERT_TRUE(take_all());
    EXPECT_TRUE(one_.has("of_one"));
    EXPECT_FALSE(one_.has("of_other"));
    EXPECT_TRUE(other_.has("of_other"));
    EXPECT_FALSE(other_.has("of_one"));
}

TEST_F(ChangeNoticesTest, TellAllWhoWatchADirectory) {
    EXPECT_EQ(watch(one_, "a"), watch(other_, "a"));
    write("a/file");
    ASSERT_TRUE(take_all());
    EXPECT_TRUE(one_.has("file"));
    EXPECT_TRUE(other_.has("file"));
}

TEST_F(ChangeNoticesTest, TellOnceWhoAskedTwice) {
    (void)watch(one_, "a");
    (void)watch(one_, "a");
    std::filesystem::create_directory(directory_.path() / "a/inner");
    ASSERT_TRUE(take_all());
    EXPECT_EQ(one_.names(), std::vector<std::string>{"inner"});
}

TEST_F(ChangeNoticesTest, TellNothingToWhoWatchesNoMore) {
    notices_.unwatch(one_, watch(one_, "a"));
    write("a/file");
    ASSERT_TRUE(take_all());
    EXPECT_TRUE(one_.names().empty());
}

TEST_F(ChangeNoticesTest, GoOnForOthersWhenOneWatchesNoMore) {
    (void)watch(other_, "a");
    notices_.unwatch(one_, watch(one_, "a"));
    write("a/file");
    ASSERT_TRUE(take_all());
    EXPECT_TRUE(one_.names().empty());
    EXPECT_TRUE(other_.has("file"));
}

TEST_F(ChangeNoticesTest, EndTheWatchesOfWhoUnsubscribes) {
    (void)watch(one_, "a");
    (void)watch(one_, "b");
    (void)watch(other_, "b");
    notices_.unsubscribe(one_);
    write("a/file");
    write("b/file");
    ASSERT_TRUE(take_all());
    EXPECT_TRUE(one_.names().empty());
    EXPECT_EQ(other_.names().size(),
              static_cast<std::size_t>(std::ranges::count(other_.names(), std::string("file"))));
    EXPECT_TRUE(other_.has("file"));
}

TEST_F(ChangeNoticesTest, TellAllThatChangesWereLostWhenTheQueueRanOver) {
    int queued_max = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queued_max;
    if (queued_max > 200'000) {
        GTEST_SKIP() << "the queue of inotify holds too many events";
    }
    (void)watch(one_, "a");
    write("a/x");
    write("a/y");
    for (int i = 0; i < queued_max + 10; ++i) {
        // No two changes in a row are the same, since the kernel would take them for one.
        std::filesystem::resize_file(directory_.path() / (i % 2 == 0 ? "a/x" : "a/y"), 0);
    }
    EXPECT_TRUE(turn_until([this] { return one_.losses() > 0 && other_.losses() > 0; }));
}

/// How many inotify instances this process has.
std::ptrdiff_t inotify_instances() {
    std::error_code error;
    return std::ranges::count_if(
        std::filesystem::directory_iterator("/proc/self/fd"), [&error](const auto& entry) {
            return std::filesystem::read_symlink(entry.path(), error) == "anon_inode:inotify";
        });
}

TEST_F(ChangeNoticesTest, NeedOneInstanceForAll) {
    const std::ptrdiff_t before = inotify_instances();
    (void)watch(one_, "a");
    (void)watch(other_, "b");
    EXPECT_TRUE(notices_.is_ready());
    EXPECT_EQ(inotify_instances(), before);
}

}  // namespace
}  // namespace torc::worker
