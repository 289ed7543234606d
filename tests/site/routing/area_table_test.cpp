#include <torc/site/routing/area_table.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace torc::site {
namespace {

class AreaTableTest : public ::testing::Test {
protected:
    AreaTableTest() {
        table_.add("download/", 0, AreaTable::Directory::of_its_own);
        table_.add("download/old/", 1, AreaTable::Directory::of_its_own);
        table_.add("a/b/c/", 2, AreaTable::Directory::of_its_own);
        table_.add("open/", 3, AreaTable::Directory::of_the_site);
        table_.add("download/open/", 4, AreaTable::Directory::of_the_site);
    }

    AreaTable table_;
};

TEST_F(AreaTableTest, FindsWhatIsBeneath) {
    EXPECT_EQ(table_.find("download/"), 0U);
    EXPECT_EQ(table_.find("download/a"), 0U);
    EXPECT_EQ(table_.find("download/a/b/c/d/"), 0U);
    EXPECT_EQ(table_.find("a/b/c/d"), 2U);
}

TEST_F(AreaTableTest, FindsADirectoryOfItsOwnWithoutItsSlash) {
    EXPECT_EQ(table_.find("download"), 0U);
    EXPECT_EQ(table_.find("a/b/c"), 2U);
}

TEST_F(AreaTableTest, LeavesTheNameToWhatIsAroundWhereItHasNone) {
    EXPECT_EQ(table_.find("open/"), 3U);
    EXPECT_EQ(table_.find("open"), std::nullopt) << "which open.html may be";
    EXPECT_EQ(table_.find("download/open/a"), 4U);
    EXPECT_EQ(table_.find("download/open"), 0U);
}

TEST_F(AreaTableTest, ComparesWholeSegments) {
    EXPECT_EQ(table_.find("downloads"), std::nullopt);
    EXPECT_EQ(table_.find("downloads/a"), std::nullopt);
    EXPECT_EQ(table_.find("downloa"), std::nullopt);
    EXPECT_EQ(table_.find("a/b"), std::nullopt);
    EXPECT_EQ(table_.find("x/download/"), std::nullopt);
    EXPECT_EQ(table_.find("Download/"), std::nullopt);
}

TEST_F(AreaTableTest, TakesTheLongest) {
    EXPECT_EQ(table_.find("download/old/"), 1U);
    EXPECT_EQ(table_.find("download/old"), 1U);
    EXPECT_EQ(table_.find("download/older"), 0U);
}

TEST_F(AreaTableTest, FindsNothingForTheRoot) {
    EXPECT_EQ(table_.find(""), std::nullopt);
    EXPECT_EQ(AreaTable().find("a"), std::nullopt);
}

TEST_F(AreaTableTest, SaysWhoHasAPathAlready) {
    EXPECT_EQ(table_.add("download/", 5, AreaTable::Directory::of_its_own), 0U);
    EXPECT_EQ(table_.add("down/", 5, AreaTable::Directory::of_its_own), std::nullopt);
    EXPECT_EQ(table_.find("download/"), 0U);
}

}  // namespace
}  // namespace torc::site
