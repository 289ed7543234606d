// What a worker looks for in directories that were the root before.

#include "hosting_fixture.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace torc::worker {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::noon;

constexpr std::string_view script = "assets/index-BfX9a2_k.js";
using Ended = std::optional<site::Site::Loaded>;

class AssetLoaderPreviousTest : public test::HostingFixture {
protected:
    AssetLoaderPreviousTest() {
        config::SiteSettings settings = site("a.test", "a");
        settings.whole.load_rules.keep_previous = minutes(10);
        settings.whole.load_rules.codings = {};
        snapshot_ = compile({std::move(settings)});
        hosted_ = trees_.host(tree());
    }
    [[nodiscard]] const SharedTree& tree() const { return snapshot_->sites[0]->areas[0].tree; }
    [[nodiscard]] site::Site& served() { return hosted_->site(); }
    /// The time goes on, and what lies at the root's path is known to be there still.
    void advance_to(MonotonicTime now) {
        proactor_.set_now(now);
        tree()->root->found_nothing({.began_at = now, .generation = tree()->root->generation()},
                                    Errno(ENOENT));
        begin_iteration();
    }
    /// The path leads to another directory.
    void deploy(std::string_view directory) {
        file::MountTable mounts;
        EXPECT_FALSE(tree()->root->found(
            {.began_at = proactor_.now().monotonic, .generation = tree()->root->generation()},
            UniqueFd(::open(path(directory).c_str(), O_PATH | O_CLOEXEC)), mounts,
            proactor_.now().monotonic));
        begin_iteration();
    }
    /// Begins to load the file, beneath the root of now.
    void ask_for(std::string_view file) {
        trees_.use(*hosted_);
        proactor_.expect_root(tree()->root->version().root->descriptor());
        EXPECT_TRUE(trees_.join(*hosted_, file, 7));
    }
    /// It is not there; the next look, if there is one, is beneath `next`.
    Ended complete_missing(const SharedRoot& next = nullptr) {
        if (next) {
            proactor_.expect_root(next->descriptor());
        }
        return complete(-ENOENT);
    }
    /// A file of one byte is there.
    Ended complete_file() {
        EXPECT_FALSE(complete(site::test::anonymous_file("x").release()));
        proactor_.status() = {};
        proactor_.status().stx_mode = S_IFREG;
        proactor_.status().stx_size = 1;
        EXPECT_FALSE(complete(0));
        proactor_.buffer()[0] = std::byte{'x'};
        EXPECT_FALSE(complete(1));
        return complete(0);
    }
    Ended complete(int result) {
        trees_.completed(proactor_.completion(result));
        return services_.ended.take();
    }
    /// Loads the script from where it was before.
    void load_from(const SharedRoot& previous) {
        ask_for(script);
        EXPECT_FALSE(complete_missing(previous));
        const Ended ended = complete_file();
        ASSERT_TRUE(ended);
        EXPECT_EQ(ended->asset->kind(), site::Asset::Kind::file);
    }
    /// Asks for a file that no directory is looked in for but that of now.
    void expect_missing(std::string_view file) {
        ask_for(file);
        const Ended ended = complete_missing();
        ASSERT_TRUE(ended) << file;
        EXPECT_EQ(ended->asset->kind(), site::Asset::Kind::missing) << file;
    }

    SharedSnapshot snapshot_;
    HostedTreeRef hosted_;
};

TEST_F(AssetLoaderPreviousTest, FindsAFileThatTheRootBeforeHas) {
    const SharedRoot before = tree()->root->version().root;
    deploy("b");
    load_from(before);
    EXPECT_NE(served().find(script, noon), nullptr);
}

TEST_F(AssetLoaderPreviousTest, LooksInOneAfterTheOtherAndThenSaysThatNothingIsThere) {
    const SharedRoot first = tree()->root->version().root;
    deploy("b");
    const SharedRoot second = tree()->root->version().root;
    deploy("c");
    ask_for(script);
    EXPECT_FALSE(complete_missing(second));
    EXPECT_EQ(proactor_.path(), script);
    EXPECT_FALSE(complete_missing(first));
    const Ended ended = complete_missing();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->asset->kind(), site::Asset::Kind::missing);
}

TEST_F(AssetLoaderPreviousTest, DoesNotLookThereForOtherFiles) {
    deploy("b");
    expect_missing("page.html");
    expect_missing("assets/logo.svg");
}

TEST_F(AssetLoaderPreviousTest, DoesNotLookThereWhenItsTimeIsOver) {
    deploy("b");
    advance_to(noon + minutes(10));
    expect_missing(script);
}

TEST_F(AssetLoaderPreviousTest, DoesNotLookInTheRootOfNowTwiceAfterADeployWasTakenBack) {
    const SharedRoot first = tree()->root->version().root;
    deploy("b");
    const SharedRoot second = tree()->root->version().root;
    deploy("a");
    ask_for(script);
    EXPECT_FALSE(complete_missing(second));
    EXPECT_TRUE(complete_missing());
}

TEST_F(AssetLoaderPreviousTest, LooksAtWhatItFoundThereAgainAfterASecond) {
    const SharedRoot before = tree()->root->version().root;
    deploy("b");
    load_from(before);
    EXPECT_NE(served().find(script, noon + site::Site::fresh_for - std::chrono::nanoseconds(1)),
              nullptr);
    EXPECT_EQ(served().find(script, noon + site::Site::fresh_for), nullptr);
}

TEST_F(AssetLoaderPreviousTest, LetsGoOfWhatItFoundThereWhenItsTimeIsOver) {
    SharedRoot before = tree()->root->version().root;
    const std::weak_ptr<const file::Root> watched = before;
    deploy("b");
    advance_to(noon + minutes(10) - seconds(1));
    load_from(before);
    before.reset();
    iterate();
    EXPECT_EQ(served().cache().size(), 1U);
    EXPECT_FALSE(watched.expired());
    proactor_.set_now(noon + minutes(10));
    iterate();
    forget_expired_roots(*snapshot_, noon + minutes(10));
    EXPECT_EQ(served().cache().size(), 0U) << "though nobody asks for anything";
    EXPECT_TRUE(watched.expired());
}

TEST_F(AssetLoaderPreviousTest, IsNoWorkForEachIterationWhatItFoundThere) {
    const SharedRoot before = tree()->root->version().root;
    deploy("b");
    load_from(before);
    EXPECT_NE(served().previous_until(), never);
    EXPECT_FALSE(hosted_->loader().has_work()) << "or many sites of that kind slow each other down";
    EXPECT_EQ(trees_.next_deadline(), never);
}

TEST_F(AssetLoaderPreviousTest, ShowsAFileThatTheRootOfNowHasByThen) {
    const SharedRoot before = tree()->root->version().root;
    deploy("b");
    load_from(before);
    served().changed("assets/", "index-BfX9a2_k.js");
    EXPECT_EQ(served().find(script, noon), nullptr);
    ask_for(script);
    const Ended ended = complete_file();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->asset->kind(), site::Asset::Kind::file);
}

TEST_F(AssetLoaderPreviousTest, ForgetsWhatItFoundThereWithTheNextDeploy) {
    const SharedRoot before = tree()->root->version().root;
    deploy("b");
    load_from(before);
    deploy("c");
    EXPECT_EQ(served().find(script, noon), nullptr);
    EXPECT_EQ(served().previous_until(), never);
}

}  // namespace
}  // namespace torc::worker
