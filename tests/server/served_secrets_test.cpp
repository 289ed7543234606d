#include <torc/server/served_secrets.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace torc::server {
namespace {

/// Of a site at /srv/www with an area that has its own directory, where `file` says who may see it.
config::Settings with_users_file(const std::string& file) {
    config::Settings settings;
    settings.sites.resize(1);
    config::SiteSettings& site = settings.sites.front();
    site.whole.directory = "/srv/www/";
    config::AreaSettings area = site.whole;
    area.directory = "/srv/files";
    area.auth = config::AuthSettings{.realm = "staff", .users_file = file};
    site.areas.push_back(area);
    return settings;
}

TEST(ServedSecrets, AreUsersFilesInWhatIsServed) {
    for (const std::string file : {"/srv/www/users", "/srv/www/a/b/users", "/srv/files/users",
                                   "/srv/other/../www/users", "/srv/www/.a/../users"}) {
        const std::vector<std::string> problems = find_served_users_files(with_users_file(file));
        ASSERT_EQ(problems.size(), 1U) << file;
        EXPECT_TRUE(problems[0].starts_with(file + ": anybody could read")) << problems[0];
    }
}

TEST(ServedSecrets, AreNoneOfThoseElsewhereOrHidden) {
    for (const std::string file : {"/etc/torc/users", "/srv/users", "/srv/www2/users",
                                   "/srv/www/.users", "/srv/www/.private/users"}) {
        EXPECT_EQ(find_served_users_files(with_users_file(file)), std::vector<std::string>())
            << file;
    }
}

}  // namespace
}  // namespace torc::server
