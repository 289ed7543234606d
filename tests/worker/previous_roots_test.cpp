#include <torc/worker/previous_roots.hpp>

#include "scripted_proactor.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace torc::worker {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::noon;

class PreviousRootsTest : public ::testing::Test {
protected:
    [[nodiscard]] SharedRoot open(std::string_view name) const {
        std::filesystem::create_directory(directory_.path() / name);
        return std::make_shared<const file::Root>(
            *file::Root::open((directory_.path() / name).string()));
    }
    /// Names of those that are kept, as a load tries them one after the other.
    [[nodiscard]] std::string kept(MonotonicTime now, std::string_view current = "now") const {
        return kept(roots_, now, current);
    }
    [[nodiscard]] std::string kept(const PreviousRoots& roots, MonotonicTime now,
                                   std::string_view current = "now") const {
        const SharedRoot root = open(current);
        std::string names;
        std::uint64_t number = PreviousRoots::younger_than_all;
        while (const auto one = roots.next(*root, number, now)) {
            names += std::filesystem::path(one->root->path()).filename().string();
            number = one->number;
        }
        return names;
    }

    torc::test::TemporaryDirectory directory_;
    PreviousRoots roots_{minutes(10)};
};

TEST_F(PreviousRootsTest, GivesTheYoungestFirst) {
    roots_.replaced(open("a"), noon);
    roots_.replaced(open("b"), noon + minutes(1));
    roots_.replaced(open("c"), noon + minutes(2));
    EXPECT_EQ(kept(noon + minutes(3)), "cba");
}

TEST_F(PreviousRootsTest, KeepsEachForItsOwnTime) {
    roots_.replaced(open("a"), noon);
    roots_.replaced(open("b"), noon + minutes(5));
    EXPECT_EQ(roots_.next(*open("now"), PreviousRoots::younger_than_all, noon + minutes(5))->until,
              noon + minutes(15));
    EXPECT_EQ(kept(noon + minutes(10) - seconds(1)), "ba");
    EXPECT_EQ(kept(noon + minutes(10)), "b");
    EXPECT_EQ(kept(noon + minutes(15)), "");
}

TEST_F(PreviousRootsTest, KeepsFourOfManyDeploys) {
    for (const char* const name : {"a", "b", "c", "d", "e", "f"}) {
        roots_.replaced(open(name), noon);
    }
    EXPECT_EQ(kept(noon), "fedc");
}

TEST_F(PreviousRootsTest, LeavesOutTheRootOfNowAfterADeployWasTakenBack) {
    roots_.replaced(open("a"), noon);
    roots_.replaced(open("b"), noon + minutes(1));
    EXPECT_EQ(kept(noon + minutes(1), "a"), "b");
}

TEST_F(PreviousRootsTest, KeepsADirectoryOnceForTheTimeSinceItWasTheRootLast) {
    roots_.replaced(open("a"), noon);
    roots_.replaced(open("b"), noon + minutes(1));
    roots_.replaced(open("a"), noon + minutes(2));
    EXPECT_EQ(kept(noon + minutes(2)), "ab");
    EXPECT_EQ(kept(noon + minutes(11)), "a");
}

TEST_F(PreviousRootsTest, ClosesThoseWhoseTimeIsOverAlone) {
    SharedRoot first = open("a");
    SharedRoot second = open("b");
    const std::weak_ptr<const file::Root> older = first;
    const std::weak_ptr<const file::Root> younger = second;
    roots_.replaced(first, noon);
    roots_.replaced(second, noon + minutes(1));
    first.reset();
    second.reset();
    roots_.forget_expired(noon + minutes(10) - seconds(1));
    EXPECT_FALSE(older.expired());
    roots_.forget_expired(noon + minutes(10));
    EXPECT_TRUE(older.expired());
    EXPECT_FALSE(younger.expired());
}

TEST_F(PreviousRootsTest, TakesOverWhatAnotherKeepsForATimeOfItsOwn) {
    roots_.replaced(open("a"), noon);
    roots_.replaced(open("b"), noon + minutes(1));
    PreviousRoots longer(minutes(20));
    longer.take_over(roots_);
    longer.replaced(open("c"), noon + minutes(2));
    EXPECT_EQ(kept(longer, noon + minutes(20) - seconds(1)), "cba");
    EXPECT_EQ(kept(longer, noon + minutes(20)), "cb");
}

}  // namespace
}  // namespace torc::worker
