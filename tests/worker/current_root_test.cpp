#include <torc/worker/current_root.hpp>

#include "support/temporary_directory.hpp"
#include "worker/reports.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr MonotonicTime noon{std::chrono::hours(12)};

class CurrentRootTest : public ::testing::Test {
protected:
    CurrentRootTest() {
        for (const char* const name : {"one", "two", "three"}) {
            std::filesystem::create_directory(directory_.path() / name);
        }
        root_.emplace("path", open("one"), noon, reports_.sink);
    }
    [[nodiscard]] SharedRoot open(std::string_view name) const {
        return std::make_shared<const file::Root>(
            *file::Root::open((directory_.path() / name).string()));
    }
    [[nodiscard]] CurrentRoot::Look look(MonotonicTime began_at = noon) const {
        return {.began_at = began_at, .generation = root_->generation()};
    }
    /// Whether the directory is the one that is served from now on.
    bool find(const CurrentRoot::Look& look, std::string_view name) {
        UniqueFd directory(::open((directory_.path() / name).c_str(), O_PATH | O_CLOEXEC));
        return !root_->found(look, std::move(directory), mounts_, look.began_at);
    }
    [[nodiscard]] std::string served() const {
        return std::filesystem::path(root_->version().root->path()).filename().string();
    }

    torc::test::TemporaryDirectory directory_;
    file::MountTable mounts_;
    test::Reports reports_;
    std::optional<CurrentRoot> root_;
};

TEST_F(CurrentRootTest, IsAnotherGenerationWithEachOtherDirectory) {
    const auto first = root_->generation();
    EXPECT_FALSE(find(look(), "one"));
    EXPECT_EQ(root_->generation(), first);
    EXPECT_TRUE(find(look(), "two"));
    EXPECT_EQ(root_->generation(), first + 1);
    EXPECT_EQ(root_->version().generation, first + 1);
    EXPECT_EQ(served(), "two");
    EXPECT_TRUE(find(look(), "one"));
    EXPECT_EQ(root_->generation(), first + 2);
}

TEST_F(CurrentRootTest, TellsFollowersOfTheDirectoryThatWasReplacedAndWhen) {
    struct Notes final : CurrentRoot::Follower {
        void replaced(const SharedRoot& root, MonotonicTime now) override {
            roots.push_back(root);
            times.push_back(now);
        }
        std::vector<SharedRoot> roots;
        std::vector<MonotonicTime> times;
    };
    const auto notes = std::make_shared<Notes>();
    root_->add_follower(notes);
    root_->add_follower(std::make_shared<Notes>());  // Nobody has this one any more.
    const SharedRoot first = root_->version().root;
    (void)find(look(), "one");
    EXPECT_TRUE(notes->roots.empty()) << "it is the same directory";
    (void)find(look(noon + milliseconds(1)), "two");
    EXPECT_EQ(notes->roots, std::vector{first});
    EXPECT_EQ(notes->times, std::vector{noon + milliseconds(1)});
}

TEST_F(CurrentRootTest, ALookThatBeganBeforeTheLastChangeWasFoundDoesNotTurnItBack) {
    const CurrentRoot::Look before = look();
    EXPECT_TRUE(find(look(), "two"));
    EXPECT_FALSE(find(before, "one"));
    EXPECT_FALSE(find(before, "three"));
    EXPECT_EQ(served(), "two");
}

TEST_F(CurrentRootTest, IsVerifiedFromTheBeginningOfALook) {
    EXPECT_EQ(root_->verified_until(), noon + CurrentRoot::verified_for);
    (void)find(look(noon + milliseconds(700)), "one");
    EXPECT_EQ(root_->verified_until(), noon + milliseconds(700) + CurrentRoot::verified_for);
    // One that began earlier and took longer.
    (void)find(look(noon + milliseconds(300)), "one");
    EXPECT_EQ(root_->verified_until(), noon + milliseconds(700) + CurrentRoot::verified_for);
    root_->found_nothing(look(noon + milliseconds(800)), Errno(ENOENT));
    EXPECT_EQ(root_->verified_until(), noon + milliseconds(800) + CurrentRoot::verified_for);
}

TEST_F(CurrentRootTest, ReportsThatThePathLeadsNowhereAndThatItIsBack) {
    for (int times = 1; times <= 5; ++times) {
        EXPECT_EQ(reports_.texts().size(), times > 3 ? 1U : 0U) << times;
        root_->found_nothing(look(noon + times * CurrentRoot::checked_after), Errno(ENOENT));
    }
    EXPECT_TRUE(reports_.texts().front().starts_with("path can't be opened any more: "));
    (void)find(look(noon + 6 * CurrentRoot::checked_after), "one");
    EXPECT_EQ(reports_.texts().back(), "path is back and is served");
}

TEST_F(CurrentRootTest, OneOfAllWorkersLooksWhenItIsTime) {
    const MonotonicTime due = noon + CurrentRoot::checked_after;
    EXPECT_FALSE(root_->claim_look(due - nanoseconds(1)));
    EXPECT_TRUE(root_->claim_look(due));
    EXPECT_FALSE(root_->claim_look(due));
    (void)find(look(due), "one");
    EXPECT_FALSE(root_->claim_look(due + CurrentRoot::checked_after - nanoseconds(1)));
    EXPECT_TRUE(root_->claim_look(due + CurrentRoot::checked_after));
}

TEST_F(CurrentRootTest, AnotherWorkerLooksWhenOneThatWasToHangs) {
    const MonotonicTime due = noon + CurrentRoot::checked_after;
    EXPECT_TRUE(root_->claim_look(due));
    EXPECT_FALSE(root_->claim_look(due + CurrentRoot::checked_after - nanoseconds(1)));
    EXPECT_TRUE(root_->claim_look(due + CurrentRoot::checked_after));
}

}  // namespace
}  // namespace torc::worker
