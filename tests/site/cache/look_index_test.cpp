#include <torc/site/cache/look_index.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

namespace torc::site {
namespace {

const PathHash hash;

LookedAt at(std::string_view path) {
    return LookedAt::name(path, hash);
}

TEST(LookedAt, TellsNamesApartThatDifferInTheirSuffixes) {
    const std::array names = {"a/page",
                              "a/page.gz",
                              "a/page.br",
                              "a/page.zst",
                              "a/page.html",
                              "a/page.html.gz",
                              "a/page.html.br",
                              "a/page.html.zst",
                              "a/page.html.br.gz",
                              "a/page.br.html",
                              "page",
                              "b/page"};
    for (const char* const one : names) {
        for (const char* const other : names) {
            EXPECT_EQ(at(one).meets(at(other)), one == other) << one << " and " << other;
        }
    }
}

TEST(LookedAt, TellsADirectorysContentsFromAnyName) {
    EXPECT_TRUE(LookedAt::contents_of("a/", hash).meets(LookedAt::contents_of("a/", hash)));
    EXPECT_FALSE(LookedAt::contents_of("a/", hash).meets(LookedAt::contents_of("b/", hash)));
    EXPECT_FALSE(LookedAt::contents_of("a/", hash).meets(at("a/")));
}

TEST(LooksTaken, AreAsManyAsTheirStems) {
    LooksTaken looks;
    for (const char* const name : {"page", "page.html", "page.html.br", "page.html.gz"}) {
        looks.note_name(name);
    }
    EXPECT_EQ(looks.all().size(), 1U);
    EXPECT_TRUE(looks.meet(at("page.html.br")));
    EXPECT_FALSE(looks.meet(at("page.html.zst")));
    looks.note_name("page/index.html");
    EXPECT_EQ(looks.all().size(), 2U);
}

class LookIndexTest : public ::testing::Test {
protected:
    struct Element : LookIndex::Member {};

    ~LookIndexTest() override {
        for (Element& element : elements_) {
            index_.remove(element);
        }
        EXPECT_EQ(index_.memory_bytes(), 0U);
    }
    Element& add(const std::vector<std::string>& names) {
        LooksTaken looks;
        for (const std::string& name : names) {
            looks.note_name(name);
        }
        index_.add(elements_.emplace_back(), looks.all());
        return elements_.back();
    }

    LookIndex index_;
    std::deque<Element> elements_;
};

TEST_F(LookIndexTest, FindsWhatLookedThere) {
    EXPECT_EQ(index_.find(at("page")), nullptr);
    Element& page = add({"page", "page.br"});
    Element& other = add({"other", "above", "further"});
    EXPECT_EQ(index_.find(at("page.br")), &page);
    EXPECT_EQ(index_.find(at("page.gz")), nullptr);
    for (const char* const name : {"other", "above", "further"}) {
        EXPECT_EQ(index_.find(at(name)), &other) << name;
    }
}

TEST_F(LookIndexTest, FindsNothingThatWasRemoved) {
    Element& page = add({"page", "above"});
    Element& beside = add({"page"});
    index_.remove(page);
    index_.remove(page);
    EXPECT_EQ(index_.find(at("above")), nullptr);
    EXPECT_EQ(index_.find(at("page")), &beside);
    const std::array looks = {at("new")};
    index_.add(page, looks);
    EXPECT_EQ(index_.find(at("new")), &page);
}

TEST_F(LookIndexTest, VisitsAllThatLookedThere) {
    add({"page", "one"});
    add({"page.html"});
    add({"page", "other"});
    std::size_t visited = 0;
    index_.for_each(at("page"), [&](LookIndex::Member&) { ++visited; });
    EXPECT_EQ(visited, 2U);
}

TEST_F(LookIndexTest, FindsEachOfMany) {
    constexpr std::size_t count = 1000;
    for (std::size_t number = 0; number < count; ++number) {
        add({"page" + std::to_string(number), "above"});
    }
    for (std::size_t number = 0; number < count; ++number) {
        ASSERT_EQ(index_.find(at("page" + std::to_string(number))), &elements_[number]);
    }
    index_.remove(elements_[7]);
    EXPECT_EQ(index_.find(at("page7")), nullptr);
}

TEST_F(LookIndexTest, FindsAllThatIsInWheneverItGrows) {
    constexpr std::size_t count = 300;
    const auto name_of = [](std::size_t number) { return "page" + std::to_string(number); };
    for (std::size_t added = 0; added < count; ++added) {
        add({name_of(added)});
        if (added % 3 == 2) {
            index_.remove(elements_[added - 1]);
        }
        for (std::size_t number = 0; number < added; ++number) {
            const bool is_removed = number % 3 == 1;
            ASSERT_EQ(index_.find(at(name_of(number))) == nullptr, is_removed) << number;
        }
    }
}

TEST_F(LookIndexTest, HoldsNothingThatLookedNowhere) {
    index_.add(elements_.emplace_back(), {});
    EXPECT_EQ(index_.memory_bytes(), 0U);
}

}  // namespace
}  // namespace torc::site
