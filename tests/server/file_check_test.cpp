#include <torc/server/file_check.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace torc::server {
namespace {

class FileCheck : public ::testing::Test {
protected:
    std::string path(const std::string& name) { return (directory_.path() / name).string(); }

    torc::test::TemporaryDirectory directory_;
    config::Settings settings_;
};

TEST_F(FileCheck, SaysNothingOfWhatIsRight) {
    settings_.sites.resize(2);
    for (config::SiteSettings& site : settings_.sites) {
        site.whole.directory = directory_.path();
    }
    settings_.access_log = path("access.log");
    EXPECT_TRUE(find_file_problems(settings_).empty());
    settings_.access_log = "-";
    EXPECT_TRUE(find_file_problems(settings_).empty());
}

TEST_F(FileCheck, LooksAtTheDirectoriesOfSitesAndAreas) {
    settings_.sites.resize(2);
    settings_.sites[0].name = "one";
    settings_.sites[0].whole.directory = path("absent");
    settings_.sites[0].areas = {{.path = "a/", .directory = path("gone")},
                                {.path = "b/", .has_own_directory = false}};
    settings_.sites[1].whole.directory = path("absent");
    EXPECT_EQ(
        find_file_problems(settings_),
        (std::vector<std::string>{
            path("absent") + ": the root of site 'one' can't be opened: No such file or directory",
            path("gone") + ": the root of site 'one' can't be opened: No such file or directory"}));
}

TEST_F(FileCheck, ReadsTheFilesOfUsers) {
    settings_.sites[0].whole.auth = {.realm = "r", .users_file = path("users")};
    EXPECT_EQ(find_file_problems(settings_).size(), 1U);
    directory_.write("users", "name\n");
    const std::vector<std::string> problems = find_file_problems(settings_);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_TRUE(problems[0].starts_with(path("users") + ":1: ")) << problems[0];
}

TEST_F(FileCheck, ReadsTheFilesInTheRootsOfSitesThatHaveThem) {
    settings_.sites.resize(2);
    settings_.sites[0].whole.directory = directory_.path();
    settings_.sites[1].whole.directory = path("absent");
    settings_.sites[1].has_site_files = true;
    directory_.write("_headers", "X: 1\n");
    EXPECT_EQ(find_file_problems(settings_).size(), 1U) << "the root alone is told to be absent";
    settings_.sites[1].whole.directory = directory_.path();
    EXPECT_EQ(find_file_problems(settings_),
              std::vector<std::string>{path("_headers") +
                                       ":1: there is no path above; give one that begins with a "
                                       "slash, such as /*"});
}

TEST_F(FileCheck, LooksWhetherTheLogCanBeWritten) {
    settings_.access_log = path("absent/access.log");
    EXPECT_EQ(find_file_problems(settings_),
              std::vector<std::string>{path("absent/access.log") +
                                       ": the access log can't be written: " + path("absent") +
                                       ": No such file or directory"});
}

}  // namespace
}  // namespace torc::server
