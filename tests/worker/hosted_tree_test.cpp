#include <torc/worker/hosted_tree.hpp>

#include "hosting_fixture.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace torc::worker {
namespace {

class HostedTreesTest : public test::HostingFixture {
protected:
    SharedTree make_tree(std::string_view directory) {
        return std::make_shared<const Tree>(Tree{.root = open(area("", directory)), .rules = {}});
    }
    /// A tree that nobody has but the worker.
    SharedTree host_unused(std::string_view directory) {
        SharedTree tree = make_tree(directory);
        (void)trees_.host(tree);
        return tree;
    }
    /// Whether the worker has the tree no more.
    [[nodiscard]] static bool is_retired(const SharedTree& tree) { return tree.use_count() == 1; }
    /// Another worker finds that the tree's path leads elsewhere.
    void publish_root(const Tree& tree, std::string_view directory) {
        file::MountTable mounts;
        EXPECT_FALSE(tree.root->found(
            {.began_at = test::noon, .generation = tree.root->generation()},
            UniqueFd(::open(path(directory).c_str(), O_PATH | O_CLOEXEC)), mounts, test::noon));
    }
    void expect_root(HostedTree& hosted) {
        proactor_.expect_root(hosted.tree()->root->version().root->descriptor());
    }
};

TEST_F(HostedTreesTest, HostATreeOnce) {
    const SharedTree tree = make_tree("a");
    const HostedTreeRef first = trees_.host(tree);
    const HostedTreeRef again = trees_.host(tree);
    EXPECT_EQ(first.get(), again.get());
    EXPECT_EQ(&trees_.at(first->index()), first.get());
}

TEST_F(HostedTreesTest, TellTreesOfTheSameDirectoryApart) {
    const HostedTreeRef one = trees_.host(make_tree("a"));
    const HostedTreeRef other = trees_.host(make_tree("a"));
    EXPECT_NE(one->index(), other->index());
}

TEST_F(HostedTreesTest, DoNotLookAtATreeThatNobodyAsksFor) {
    const HostedTreeRef hosted = trees_.host(make_tree("a"));
    cache(hosted->site(), "page");
    publish_root(*hosted->tree(), "b");
    for (int times = 0; times < 3; ++times) {
        iterate();
    }
    EXPECT_TRUE(has(hosted->site(), "page"));
    EXPECT_EQ(trees_.next_deadline(), never);
    EXPECT_EQ(proactor_.started(), 0);
}

TEST_F(HostedTreesTest, LetGoOfARootThatWasReplacedThoughNobodyAsksForTheTree) {
    const HostedTreeRef hosted = trees_.host(make_tree("a"));
    const std::weak_ptr<const file::Root> replaced = hosted->tree()->root->version().root;
    cache(hosted->site(), "page");
    publish_root(*hosted->tree(), "b");
    proactor_.set_now(test::noon + HostedTrees::all_looked_at_every - std::chrono::nanoseconds(1));
    iterate();
    EXPECT_FALSE(replaced.expired());
    proactor_.set_now(test::noon + HostedTrees::all_looked_at_every);
    iterate();
    EXPECT_TRUE(replaced.expired());
    EXPECT_FALSE(has(hosted->site(), "page"));
    EXPECT_EQ(hosted->site().cache().size(), 0U);
}

TEST_F(HostedTreesTest, BringATreeToWhatItsPathLeadsToBeforeItIsUsed) {
    const HostedTreeRef hosted = trees_.host(make_tree("a"));
    cache(hosted->site(), "page");
    publish_root(*hosted->tree(), "b");
    begin_iteration();
    trees_.use(*hosted);
    EXPECT_EQ(hosted->site().find("page", test::noon), nullptr);
}

TEST_F(HostedTreesTest, LookAtATreeInTheIterationAfterItWasUsed) {
    const HostedTreeRef hosted = trees_.host(make_tree("a"));
    trees_.use(*hosted);
    trees_.reclaim();
    cache(hosted->site(), "page");
    publish_root(*hosted->tree(), "b");
    begin_iteration();
    EXPECT_EQ(hosted->site().find("page", test::noon), nullptr);
}

TEST_F(HostedTreesTest, LookAtATreeForAsLongAsItLoads) {
    const HostedTreeRef hosted = trees_.host(make_tree("a"));
    expect_root(*hosted);
    ASSERT_TRUE(trees_.join(*hosted, "page", 7));
    for (int times = 0; times < 3; ++times) {
        iterate();
    }
    cache(hosted->site(), "other");
    publish_root(*hosted->tree(), "b");
    begin_iteration();
    EXPECT_EQ(hosted->site().find("other", test::noon), nullptr);
    trees_.completed(proactor_.completion(-EACCES));
    trees_.completed(proactor_.completion(-ENOENT));
    EXPECT_TRUE(services_.ended.take());
}

TEST_F(HostedTreesTest, GiveTheEndOfAnOperationToItsTree) {
    const HostedTreeRef one = trees_.host(make_tree("a"));
    const HostedTreeRef other = trees_.host(make_tree("b"));
    expect_root(*one);
    ASSERT_TRUE(trees_.join(*one, "page", 7));
    const io::Completion of_one = proactor_.completion(-ENOENT);
    expect_root(*other);
    ASSERT_TRUE(trees_.join(*other, "page", 8));
    const io::Completion of_other = proactor_.completion(-ENOENT);
    trees_.completed(of_other);
    EXPECT_EQ(services_.ended.take()->waiters, std::vector<site::Site::Waiter>{8});
    trees_.completed(of_one);
    EXPECT_EQ(services_.ended.take()->waiters, std::vector<site::Site::Waiter>{7});
}

TEST_F(HostedTreesTest, RetireATreeThatNobodyHas) {
    const SharedTree unused = host_unused("a");
    const SharedTree used = make_tree("b");
    const HostedTreeRef hosted = trees_.host(used);
    trees_.look_for_unused();
    EXPECT_EQ(proactor_.wakes(), 1) << "the next iteration comes at once";
    iterate();
    EXPECT_TRUE(is_retired(unused));
    EXPECT_FALSE(is_retired(used));
}

TEST_F(HostedTreesTest, LetGoOfWhatARetiredTreeKeptALittleInEachIteration) {
    const SharedTree unused = make_tree("a");
    {
        const HostedTreeRef hosted = trees_.host(unused);
        for (int file = 0; file < 1000; ++file) {
            cache(hosted->site(), "file" + std::to_string(file));
        }
    }
    const std::size_t kept = budgets_.present.memory_bytes();
    trees_.look_for_unused();
    int iterations = 0;
    while (!is_retired(unused)) {
        const int wakes = proactor_.wakes();
        iterate();
        ASSERT_LT(++iterations, 100);
        ASSERT_TRUE(is_retired(unused) || proactor_.wakes() > wakes)
            << "nobody else brings the next iteration";
    }
    EXPECT_GE(iterations, 3);
    EXPECT_LT(budgets_.present.memory_bytes(), kept / 100);
}

TEST_F(HostedTreesTest, RetireATreeOnceItsLastLoadIsOver) {
    const SharedTree unused = make_tree("a");
    {
        const HostedTreeRef hosted = trees_.host(unused);
        expect_root(*hosted);
        ASSERT_TRUE(trees_.join(*hosted, "page", 7));
    }
    trees_.look_for_unused();
    iterate();
    const int wakes = proactor_.wakes();
    for (int times = 0; times < 3; ++times) {
        iterate();
    }
    EXPECT_FALSE(is_retired(unused));
    EXPECT_EQ(proactor_.wakes(), wakes) << "it waits for the load alone";
    trees_.completed(proactor_.completion(-EACCES));
    trees_.completed(proactor_.completion(-ENOENT));
    EXPECT_TRUE(services_.ended.take());
    for (int times = 0; times < 3; ++times) {
        iterate();
    }
    EXPECT_TRUE(is_retired(unused));
}

TEST_F(HostedTreesTest, GiveThePlaceOfARetiredTreeToAnother) {
    const SharedTree unused = make_tree("a");
    const std::uint32_t index = trees_.host(unused)->index();
    trees_.look_for_unused();
    iterate();
    EXPECT_EQ(trees_.host(make_tree("b"))->index(), index);
}

}  // namespace
}  // namespace torc::worker
