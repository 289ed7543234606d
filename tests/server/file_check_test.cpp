#include <torc/server/file_check.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <memory>
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
    settings_.access_log.file = path("access.log");
    EXPECT_TRUE(find_file_problems(settings_).empty());
    settings_.access_log.file = "-";
    EXPECT_TRUE(find_file_problems(settings_).empty());
}

TEST_F(FileCheck, LooksAtTheDirectoriesOfSitesAndAreas) {
    settings_.sites.resize(2);
    settings_.sites[0].name = "one";
    settings_.sites[0].whole.directory = path("absent");
    settings_.sites[0].areas = {{.path = "a/", .directory = path("gone")},
                                {.path = "b/", .has_own_directory = false}};
    settings_.sites[1].whole.directory = path("absent");
    const std::string why = ": no such directory; give the one to serve: torc DIR";
    EXPECT_EQ(find_file_problems(settings_),
              (std::vector<std::string>{path("absent") + why, path("gone") + why}));
}

TEST_F(FileCheck, LooksForThePageOfAnApplicationInEachRoot) {
    directory_.write("app.html", "");
    settings_.sites[0].whole.directory = directory_.path();
    settings_.sites[0].whole.load_rules.fallback_path = "app.html";
    EXPECT_TRUE(find_file_problems(settings_).empty());
    config::AreaSettings area{.path = "a/", .directory = directory_.path()};
    area.load_rules.fallback_path = "absent.html";
    settings_.sites[0].areas = {area};
    EXPECT_EQ(find_file_problems(settings_),
              std::vector<std::string>{"--spa absent.html: no such file in " +
                                       directory_.path().string()});
}

TEST_F(FileCheck, NamesTheKeyAndTheSiteOfWhatAFileSays) {
    const auto file = std::make_shared<const std::string>("torc.toml");
    config::AreaSettings& whole = settings_.sites[0].whole;
    whole.origins = {
        .site = "www",
        .directory = {.name = "site.root", .file = file, .line = 3, .column = 8},
        .fallback_path = {.name = "defaults.spa", .file = file, .line = 2, .column = 7},
        .users_file = {.name = "site.auth.users_file", .file = file, .line = 4, .column = 9}};
    whole.directory = path("absent");
    whole.auth = {.realm = "r", .users_file = path("users")};
    EXPECT_EQ(find_file_problems(settings_),
              (std::vector<std::string>{"torc.toml:3:8: site.root " + path("absent") +
                                            " of site 'www': no such directory",
                                        "torc.toml:4:9: site.auth.users_file " + path("users") +
                                            " of site 'www': No such file or directory"}));
    whole.directory = directory_.path();
    whole.auth.reset();
    whole.load_rules.fallback_path = "app.html";
    EXPECT_EQ(find_file_problems(settings_),
              std::vector<std::string>{
                  "torc.toml:2:7: defaults.spa app.html of site 'www': no such file in " +
                  directory_.path().string()});
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
    settings_.access_log.file = path("absent/access.log");
    EXPECT_EQ(find_file_problems(settings_),
              std::vector<std::string>{path("absent/access.log") +
                                       ": the access log can't be written: " + path("absent") +
                                       ": No such file or directory"});
}

}  // namespace
}  // namespace torc::server
