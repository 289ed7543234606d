#include <torc/base/intrusive_list.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace torc {
namespace {

struct ByAge {};
struct ByName {};

struct Element : ListLink<ByAge>, ListLink<ByName> {
    explicit Element(int number) : value(number) {}

    ListLink<ByAge>& by_age() { return *this; }
    ListLink<ByName>& by_name() { return *this; }

    int value;
};

using AgeList = IntrusiveList<Element, ByAge>;
using NameList = IntrusiveList<Element, ByName>;

template <typename List>
std::vector<int> values(List& list) {
    std::vector<int> found;
    for (Element* element = list.front(); element != nullptr; element = list.next(*element)) {
        found.push_back(element->value);
    }
    return found;
}

template <typename List>
void empty_out(List& list) {
    while (Element* element = list.front()) {
        element->by_age().unlink();
    }
}

TEST(IntrusiveList, IsEmptyAtFirst) {
    AgeList list;
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.front(), nullptr);
    EXPECT_EQ(list.back(), nullptr);
}

TEST(IntrusiveList, KeepsTheOrderOfPushes) {
    Element first(1);
    Element second(2);
    Element third(3);
    AgeList list;
    list.push_back(second);
    list.push_back(third);
    list.push_front(first);
    EXPECT_EQ(values(list), (std::vector{1, 2, 3}));
    EXPECT_EQ(list.front(), &first);
    EXPECT_EQ(list.back(), &third);
    empty_out(list);
}

TEST(IntrusiveList, LetsGoOfAnElementInTheMiddle) {
    Element first(1);
    Element second(2);
    Element third(3);
    AgeList list;
    list.push_back(first);
    list.push_back(second);
    list.push_back(third);
    second.by_age().unlink();
    EXPECT_FALSE(second.by_age().is_linked());
    EXPECT_EQ(values(list), (std::vector{1, 3}));
    empty_out(list);
}

TEST(IntrusiveList, IsEmptyAgainWhenTheLastElementLeaves) {
    Element element(1);
    AgeList list;
    list.push_back(element);
    EXPECT_FALSE(list.empty());
    element.by_age().unlink();
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.back(), nullptr);
}

TEST(IntrusiveList, TakesBackAnElementThatLeft) {
    Element first(1);
    Element second(2);
    AgeList list;
    list.push_back(first);
    list.push_back(second);
    first.by_age().unlink();
    list.push_back(first);
    EXPECT_EQ(values(list), (std::vector{2, 1}));
    empty_out(list);
}

TEST(IntrusiveList, UnlinkingAnElementThatIsInNoListDoesNothing) {
    Element element(1);
    element.by_age().unlink();
    EXPECT_FALSE(element.by_age().is_linked());
}

TEST(IntrusiveList, HoldsAnElementInOneListOfEachTag) {
    Element first(1);
    Element second(2);
    AgeList ages;
    NameList names;
    ages.push_back(first);
    ages.push_back(second);
    names.push_back(second);
    names.push_back(first);
    first.by_age().unlink();
    EXPECT_EQ(values(ages), (std::vector{2}));
    EXPECT_EQ(values(names), (std::vector{2, 1}));
    second.by_age().unlink();
    first.by_name().unlink();
    second.by_name().unlink();
}

TEST(IntrusiveListDeathTest, RefusesAnElementThatIsInAListAlready) {
    EXPECT_DEATH(
        {
            Element element(1);
            AgeList list;
            list.push_back(element);
            list.push_back(element);
        },
        "is_linked");
}

TEST(IntrusiveListDeathTest, RefusesToDieWithElements) {
    EXPECT_DEATH(
        {
            Element element(1);
            AgeList list;
            list.push_back(element);
        },
        "empty");
}

TEST(IntrusiveListDeathTest, AnElementRefusesToDieInAList) {
    EXPECT_DEATH(
        {
            AgeList list;
            Element element(1);
            list.push_back(element);
        },
        "is_linked");
}

TEST(IntrusiveList, TakesAllOfAnotherListInOrder) {
    Element first(1);
    Element second(2);
    Element third(3);
    AgeList list;
    AgeList other;
    list.take_all(other);
    EXPECT_TRUE(list.empty());
    list.push_back(first);
    other.push_back(second);
    other.push_back(third);
    list.take_all(other);
    EXPECT_EQ(values(list), (std::vector{1, 2, 3}));
    EXPECT_TRUE(other.empty());
    other.take_all(list);
    EXPECT_EQ(values(other), (std::vector{1, 2, 3}));
    third.by_age().unlink();
    other.push_back(third);
    EXPECT_EQ(values(other), (std::vector{1, 2, 3}));
    empty_out(other);
}

}  // namespace
}  // namespace torc
