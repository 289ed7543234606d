#include <torc/site/listing/listing.hpp>

#include "site/directories.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {
namespace {

using std::chrono::seconds;
using test::directory_entry;
using test::file_entry;
using Names = std::vector<std::string>;

constexpr ListingFormat html = ListingFormat::html;

/// The names in the order in which a listing has them.
Names listed(const file::Directory& directory, std::string_view query) {
    const std::string json =
        render_listing("", ListedDirectory(directory), listing_style(ListingFormat::json, query));
    constexpr std::string_view before_name = "{ \"name\":\"";
    Names names;
    for (std::size_t at = json.find(before_name); at != std::string::npos;
         at = json.find(before_name, at + 1)) {
        const std::size_t begin = at + before_name.size();
        names.push_back(json.substr(begin, json.find('"', begin) - begin));
    }
    return names;
}

file::Directory some_directory() {
    return {.entries = {file_entry("b10", 5, WallTime(seconds(3))),
                        directory_entry("dir2", 9, WallTime(seconds(2))),
                        file_entry("B9", 7, WallTime(seconds(1))),
                        file_entry("a", 5, WallTime(seconds(2))),
                        directory_entry("Dir10", 8, WallTime(seconds(1))),
                        file_entry("c", 6, WallTime(seconds(3)))}};
}

TEST(ListingStyle, SortsByNameUnlessAskedOtherwise) {
    EXPECT_EQ(listing_style(html, ""), (ListingStyle{html, ListingOrder::name, false}));
    EXPECT_EQ(listing_style(ListingFormat::json, "").format, ListingFormat::json);
}

TEST(ListingStyle, TakesApachesNames) {
    EXPECT_EQ(listing_style(html, "C=N").order, ListingOrder::name);
    EXPECT_EQ(listing_style(html, "C=M").order, ListingOrder::modified);
    EXPECT_EQ(listing_style(html, "C=S").order, ListingOrder::size);
    EXPECT_FALSE(listing_style(html, "O=A").is_descending);
    EXPECT_TRUE(listing_style(html, "O=D").is_descending);
}

TEST(ListingStyle, TakesBothSeparatorsInAnyOrder) {
    for (const std::string_view query :
         {"C=S&O=D", "C=S;O=D", "O=D;C=S", ";;C=S&&O=D;", "utm=1&C=S;x;O=D#"}) {
        const ListingStyle style = listing_style(html, query);
        EXPECT_EQ(style.order, ListingOrder::size) << query;
        EXPECT_EQ(style.is_descending, !query.ends_with('#')) << query;
    }
}

TEST(ListingStyle, LetsTheLastOfSeveralCount) {
    EXPECT_EQ(listing_style(html, "C=S;O=D;C=M;O=A"),
              (ListingStyle{html, ListingOrder::modified, false}));
}

TEST(ListingStyle, IgnoresWhatItDoesNotKnow) {
    for (const std::string_view query : {"C=D", "C=", "C", "c=S", "C=SS", "C=%53", "O=X", "O=", "O",
                                         "o=D", "=", "&", "C==S", "XC=S", " C=S", "C=S O=D"}) {
        EXPECT_EQ(listing_style(html, query), ListingStyle{}) << query;
    }
    EXPECT_EQ(listing_style(html, "C=S;C=X;O=D;O=").order, ListingOrder::size);
    EXPECT_TRUE(listing_style(html, "C=S;C=X;O=D;O=").is_descending);
}

TEST(ListingStyle, HasALetterForEachStyle) {
    std::set<char> keys;
    for (const ListingFormat format :
         {ListingFormat::html, ListingFormat::plain, ListingFormat::json}) {
        for (const ListingOrder order :
             {ListingOrder::name, ListingOrder::modified, ListingOrder::size}) {
            for (const bool is_descending : {false, true}) {
                const ListingStyle style{format, order, is_descending};
                keys.insert(style.key());
                EXPECT_GE(style.key(), 'a');
                EXPECT_LE(style.key(), 'z');
                EXPECT_EQ(ListingStyle::from_key(style.key()), style);
            }
        }
    }
    EXPECT_EQ(keys.size(), 18U);
}

TEST(ListingStyleDeathTest, AbortsOnAKeyOfNoStyle) {
    EXPECT_DEATH(static_cast<void>(ListingStyle::from_key('a' + 18)), "key");
    EXPECT_DEATH(static_cast<void>(ListingStyle::from_key('A')), "key");
}

TEST(Listing, SortsByNameNaturallyDirectoriesFirst) {
    EXPECT_EQ(listed(some_directory(), ""), (Names{"dir2", "Dir10", "a", "B9", "b10", "c"}));
    EXPECT_EQ(listed(some_directory(), "O=D"), (Names{"Dir10", "dir2", "c", "b10", "B9", "a"}));
}

TEST(Listing, SortsByTimeAndThenByName) {
    EXPECT_EQ(listed(some_directory(), "C=M"), (Names{"Dir10", "dir2", "B9", "a", "b10", "c"}));
    EXPECT_EQ(listed(some_directory(), "C=M;O=D"), (Names{"dir2", "Dir10", "b10", "c", "a", "B9"}));
}

TEST(Listing, SortsFilesBySizeAndThenByName) {
    EXPECT_EQ(listed(some_directory(), "C=S"), (Names{"dir2", "Dir10", "a", "b10", "c", "B9"}));
    EXPECT_EQ(listed(some_directory(), "C=S;O=D"), (Names{"dir2", "Dir10", "B9", "c", "a", "b10"}));
}

TEST(Listing, ComparesNamesThatAreNaturallyEqualByTheirBytes) {
    file::Directory directory{
        .entries = {file_entry("a1"), file_entry("A01"), file_entry("a01"), file_entry("A1")}};
    const Names expected = {"A01", "A1", "a01", "a1"};
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(listed(directory, ""), expected);
        std::ranges::rotate(directory.entries, directory.entries.begin() + 1);
    }
}

}  // namespace
}  // namespace torc::site
