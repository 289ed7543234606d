#include <torc/site/cache/directory_tree.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {
namespace {

struct Thing : DirectoryTree::Member {
    explicit Thing(std::string_view text) : name(text) {}
    std::string name;
};

class DirectoryTreeTest : public ::testing::Test {
protected:
    void TearDown() override {
        for (Thing& thing : things_) {
            if (!is_removed(thing)) {
                tree_.remove(thing);
            }
        }
        EXPECT_EQ(tree_.size(), 0U);
        EXPECT_EQ(tree_.memory_bytes(), 0U);
        EXPECT_FALSE(tree_.has_outdated());
    }

    Thing& add(std::string_view directory, std::string_view name) {
        Thing& thing = things_.emplace_back(name);
        tree_.add(thing, directory);
        return thing;
    }
    [[nodiscard]] bool is_removed(const Thing& thing) const {
        return std::ranges::find(removed_, thing.name) != removed_.end();
    }
    /// Removes all that was given up, and gives how many steps that took.
    std::size_t remove_outdated() {
        std::size_t steps = 1'000'000;
        while (DirectoryTree::Member* const member = tree_.next_outdated(steps)) {
            tree_.remove(*member);
            removed_.push_back(static_cast<Thing*>(member)->name);
        }
        return 1'000'000 - steps;
    }

    DirectoryTree tree_;
    std::deque<Thing> things_;
    std::vector<std::string> removed_;
};

using Names = std::vector<std::string>;

TEST_F(DirectoryTreeTest, HasTheDirectoriesOfItsMembersAndThoseAboveThem) {
    EXPECT_EQ(tree_.size(), 0U);
    Thing& deep = add("a/b/", "deep");
    EXPECT_EQ(tree_.size(), 3U);
    add("a/", "shallow");
    EXPECT_EQ(tree_.size(), 3U);
    tree_.remove(deep);
    removed_.emplace_back("deep");
    EXPECT_EQ(tree_.size(), 2U);
}

TEST_F(DirectoryTreeTest, OutdatesWhatIsInADirectoryAndBeneathIt) {
    const Thing& above = add("", "above");
    const Thing& inside = add("a/", "inside");
    const Thing& beneath = add("a/b/c/", "beneath");
    const Thing& beside = add("ab/", "beside");
    tree_.outdate("a/");
    EXPECT_FALSE(tree_.is_outdated(above));
    EXPECT_TRUE(tree_.is_outdated(inside));
    EXPECT_TRUE(tree_.is_outdated(beneath));
    EXPECT_FALSE(tree_.is_outdated(beside));
    remove_outdated();
    EXPECT_EQ(removed_, (Names{"inside", "beneath"}));
    EXPECT_FALSE(tree_.is_outdated(above));
}

TEST_F(DirectoryTreeTest, DoesNothingForADirectoryWithoutMembers) {
    add("a/b/", "thing");
    tree_.outdate("c/");
    tree_.outdate("a/b/c/");
    EXPECT_FALSE(tree_.has_outdated());
}

std::string directories(std::size_t count) {
    std::string path;
    while (count-- > 0) {
        path += "a/";
    }
    return path;
}

// Any client can ask for a path of thousands.
TEST_F(DirectoryTreeTest, HasABoundedNumberOfDirectoriesForAPath) {
    Thing& deep = add(directories(2000), "deep");
    EXPECT_EQ(tree_.size(), DirectoryTree::depth_max + 1);
    tree_.remove(deep);
    removed_.emplace_back("deep");
    EXPECT_EQ(tree_.size(), 0U);
}

TEST_F(DirectoryTreeTest, OutdatesWhatIsDeeperThanItsDirectories) {
    const Thing& beside = add(directories(DirectoryTree::depth_max - 1), "beside");
    add(directories(DirectoryTree::depth_max + 1), "inside");
    add(directories(2000), "beneath");
    tree_.outdate(directories(DirectoryTree::depth_max + 1));
    EXPECT_FALSE(tree_.is_outdated(beside));
    remove_outdated();
    EXPECT_EQ(removed_, (Names{"inside", "beneath"}));
}

TEST_F(DirectoryTreeTest, KeepsWhatComesLater) {
    add("a/b/", "old");
    Thing& renewed = add("a/b/", "renewed");
    tree_.outdate("a/");
    tree_.renew(renewed);
    const Thing& later = add("a/b/", "later");
    const Thing& elsewhere = add("a/c/", "elsewhere");
    for (const Thing* const kept :
         std::initializer_list<const Thing*>{&renewed, &later, &elsewhere}) {
        EXPECT_FALSE(tree_.is_outdated(*kept)) << kept->name;
    }
    remove_outdated();
    EXPECT_EQ(removed_, (Names{"old"}));
}

TEST_F(DirectoryTreeTest, FindsWhatWasGivenUpMoreThanOnce) {
    add("a/b/", "first");
    tree_.outdate("a/");
    add("a/b/", "second");
    tree_.outdate("a/b/");
    add("a/b/c/", "third");
    tree_.outdate("");
    add("a/b/c/", "fourth");
    remove_outdated();
    EXPECT_EQ(removed_, (Names{"first", "second", "third"}));
}

TEST_F(DirectoryTreeTest, FindsWhatWasGivenUpWhileItIsSearched) {
    for (const char* directory : {"a/", "b/", "c/", "d/"}) {
        add(directory, std::string("old in ") + directory);
    }
    tree_.outdate("");
    std::size_t steps = 3;  // The root, and the first two of those in it.
    EXPECT_EQ(tree_.next_outdated(steps), nullptr);
    const Thing& late = add("a/", "new in a/");
    tree_.outdate("");
    EXPECT_TRUE(tree_.is_outdated(late));
    remove_outdated();
    EXPECT_EQ(removed_.size(), 5U);
}

TEST_F(DirectoryTreeTest, TakesAsManyStepsAsWereGivenUp) {
    constexpr std::size_t count = 1000;
    for (std::size_t i = 0; i < count; ++i) {
        add("many/" + std::to_string(i % 10) + "/", "kept " + std::to_string(i));
    }
    add("few/", "1");
    add("few/", "2");
    tree_.outdate("few/");
    EXPECT_LE(remove_outdated(), 4U);
    // To say it again is to do nothing.
    tree_.outdate("many/");
    EXPECT_LE(remove_outdated(), count + 2U * 11U);
    tree_.outdate("many/");
    EXPECT_EQ(remove_outdated(), 0U);
}

TEST_F(DirectoryTreeTest, TakesAFewStepsForADirectoryOfWhichNothingWasGivenUpSince) {
    for (int i = 0; i < 1000; ++i) {
        tree_.outdate("a/");
        add("a/", std::to_string(i));
        if (i == 0) {
            continue;
        }
        EXPECT_LE(remove_outdated(), 3U);
    }
}

TEST_F(DirectoryTreeTest, LooksAtNoMoreThanItMay) {
    for (int i = 0; i < 100; ++i) {
        add(std::to_string(i) + "/", std::to_string(i));
    }
    tree_.outdate("");
    std::size_t steps = 7;
    EXPECT_EQ(tree_.next_outdated(steps), nullptr) << "first it looks at directories";
    EXPECT_EQ(steps, 0U);
    EXPECT_TRUE(tree_.has_outdated());
    remove_outdated();
    EXPECT_EQ(removed_.size(), 100U);
}

}  // namespace
}  // namespace torc::site
