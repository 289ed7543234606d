#include <torc/base/local_ref.hpp>

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace torc {
namespace {

/// Tells of its end.
struct Shared : LocallyCounted {
    explicit Shared(int& counter) : ends(counter) {}
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() { ++ends; }

    int& ends;
};

using Ref = LocalRef<Shared>;

TEST(LocalRef, HoldsNothingByDefault) {
    const Ref ref;
    EXPECT_FALSE(ref);
    EXPECT_EQ(ref.get(), nullptr);
}

TEST(LocalRef, TakesNullForNothing) {
    const Ref ref(nullptr);
    const Ref copy = ref;
    EXPECT_FALSE(copy);
}

TEST(LocalRef, EndsTheObjectWithItself) {
    int ends = 0;
    {
        const Ref ref(new Shared(ends));
        EXPECT_TRUE(ref);
        EXPECT_EQ(ends, 0);
    }
    EXPECT_EQ(ends, 1);
}

TEST(LocalRef, KeepsTheObjectAsLongAsOneCopyLives) {
    int ends = 0;
    Ref last;
    {
        const Ref first(new Shared(ends));
        const std::vector<Ref> copies(10, first);
        last = copies.front();
        EXPECT_EQ(last.get(), first.get());
    }
    EXPECT_EQ(ends, 0);
    last = Ref();
    EXPECT_EQ(ends, 1);
}

TEST(LocalRef, SharesAnObjectGivenByPointerAgain) {
    int ends = 0;
    {
        const Ref first(new Shared(ends));
        {
            const Ref second(first.get());
        }
        EXPECT_EQ(ends, 0);
    }
    EXPECT_EQ(ends, 1);
}

TEST(LocalRef, IsEmptyAfterItWasMovedFrom) {
    int ends = 0;
    Ref source(new Shared(ends));
    const Ref target = std::move(source);
    EXPECT_FALSE(source);  // NOLINT(bugprone-use-after-move): the state is what is tested.
    EXPECT_TRUE(target);
    EXPECT_EQ(ends, 0);
}

TEST(LocalRef, AssignmentLetsGoOfWhatWasHeld) {
    int first_ends = 0;
    int second_ends = 0;
    Ref ref(new Shared(first_ends));
    ref = Ref(new Shared(second_ends));
    EXPECT_EQ(first_ends, 1);
    EXPECT_EQ(second_ends, 0);
}

TEST(LocalRef, SurvivesAssignmentToItself) {
    int ends = 0;
    Ref ref(new Shared(ends));
    const Ref& same = ref;
    ref = same;
    EXPECT_TRUE(ref);
    EXPECT_EQ(ends, 0);
}

}  // namespace
}  // namespace torc
