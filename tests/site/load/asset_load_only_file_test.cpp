#include "site/load/asset_load_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::site {
namespace {

using http::Status;
using Opened = std::vector<std::string>;

class OnlyFileTest : public test::AssetLoadTest {
protected:
    OnlyFileTest() {
        put("notes.txt", "the notes");
        put("other.txt", "another");
        put("notes.txt.gz", "packed");
        put("404.html", "an error page");
        put(".git/config", "secret");
        put_directory("sub");
        put("sub/notes.txt", "not these");
        rules_.lists_directories = true;
        rules_.serve_only("notes.txt");
    }
};

TEST_F(OnlyFileTest, IsServedAtItsNameAndAtTheRoot) {
    EXPECT_EQ(contents("notes.txt"), "the notes");
    EXPECT_EQ(opened_, Opened{"notes.txt"});
    EXPECT_EQ(contents(""), "the notes");
    EXPECT_EQ(opened_, Opened{"notes.txt"});
    EXPECT_FALSE(asset("")->has_codings());
}

TEST_F(OnlyFileTest, HidesEverythingElseWithoutLookingForIt) {
    for (const std::string_view path :
         {"other.txt", "notes.txt.gz", "404.html", ".git/config", "sub", "sub/", "sub/notes.txt",
          "notes.txt/", "notes.txt/a", "index.html", "NOTES.TXT", "notes", "absent"}) {
        EXPECT_EQ(status(path), Status::not_found) << path;
        EXPECT_EQ(asset(path)->page(), nullptr) << path;
        EXPECT_EQ(opened_, Opened{}) << path;
    }
}

TEST_F(OnlyFileTest, ListsNothing) {
    std::string key;
    ListingKey{.path = "", .style = {}}.write(key);
    EXPECT_EQ(status(key), Status::not_found);
    EXPECT_EQ(opened_, Opened{});
}

TEST_F(OnlyFileTest, ShowsNothingInItsPlaceWhenItIsGone) {
    disk_.erase("notes.txt");
    EXPECT_EQ(status("notes.txt"), Status::not_found);
    EXPECT_EQ(status(""), Status::not_found);
    EXPECT_EQ(asset("")->page(), nullptr);
    disk_["notes.txt"] = test::FakeFile{.error = EACCES};
    EXPECT_EQ(status(""), Status::forbidden);
    EXPECT_EQ(asset("")->page(), nullptr);
}

TEST_F(OnlyFileTest, DoesNotServeADirectoryThatTookItsPlace) {
    put_directory("notes.txt");
    put("notes.txt/secret", "secret");
    EXPECT_EQ(status(""), Status::not_found);
    EXPECT_EQ(status("notes.txt/"), Status::not_found);
    EXPECT_EQ(status("notes.txt/secret"), Status::not_found);
}

TEST_F(OnlyFileTest, MayBeginWithADot) {
    put(".profile", "a profile");
    rules_.serve_only(".profile");
    EXPECT_EQ(contents(""), "a profile");
    EXPECT_EQ(contents(".profile"), "a profile");
    EXPECT_EQ(status(".git/config"), Status::not_found);
}

}  // namespace
}  // namespace torc::site
