#include <torc/base/errno.hpp>
#include <torc/base/start_error.hpp>
#include <torc/file/root.hpp>
#include <torc/server/file_check.hpp>
#include <torc/server/served_secrets.hpp>
#include <torc/server/site_files.hpp>
#include <torc/site/access/users_file.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace torc::server {
namespace {

/// Looks at each file once, however many sites name it.
class FileCheck {
public:
    /// `patience`: with a file system that does not respond.
    explicit FileCheck(std::chrono::seconds patience) : patience_(patience) {}

    void check_root(const config::SiteSettings& site) { check_directory(site.whole, site.name); }
    /// All that a site names but its root.
    void check_site(const config::SiteSettings& site);
    void check_log(const std::string& path);

    [[nodiscard]] std::vector<std::string> problems() && { return std::move(problems_); }

private:
    void check_directory(const config::AreaSettings& area, std::string_view site);
    void check_users(const config::AreaSettings& area);
    void check_site_files(config::SiteSettings site);

    const std::chrono::seconds patience_;
    std::vector<std::string> problems_;
    std::unordered_set<std::string> seen_;
};

void FileCheck::check_site(const config::SiteSettings& site) {
    check_users(site.whole);
    if (site.has_site_files) {
        check_site_files(site);
    }
    for (const config::AreaSettings& area : site.areas) {
        check_directory(area, site.name);
        check_users(area);
    }
}

void FileCheck::check_directory(const config::AreaSettings& area, std::string_view site) {
    if (!area.has_own_directory || !seen_.insert(area.directory).second) {
        return;
    }
    std::error_code error;
    if (std::filesystem::is_regular_file(area.directory, error)) {
        return;
    }
    if (const auto root = file::Root::open(area.directory); !root) {
        problems_.push_back(fmt::format("{}: the root of site '{}' can't be opened: {}",
                                        area.directory, site, root.error().message()));
    }
}

void FileCheck::check_users(const config::AreaSettings& area) {
    if (!area.auth || !seen_.insert(area.auth->users_file).second) {
        return;
    }
    if (auto users = site::UsersFile::load(area.auth->users_file); !users) {
        std::ranges::move(users.error(), std::back_inserter(problems_));
    }
}

void FileCheck::check_site_files(config::SiteSettings site) {
    // What is wrong with the root itself is said elsewhere.
    std::error_code error;
    if (!std::filesystem::exists(site.whole.directory, error)) {
        return;
    }
    try {
        std::ranges::move(load_site_files(site, patience_), std::back_inserter(problems_));
    } catch (const StartError& refusal) {
        problems_.emplace_back(refusal.what());
    }
}

void FileCheck::check_log(const std::string& path) {
    if (path == "-") {
        return;
    }
    std::error_code error;
    const bool is_there = std::filesystem::exists(path, error);
    std::filesystem::path directory = std::filesystem::path(path).parent_path();
    if (directory.empty()) {
        directory = ".";
    }
    const std::string& looked_at = is_there ? path : directory.native();
    if (::access(looked_at.c_str(), W_OK) != 0) {
        problems_.push_back(fmt::format("{}: the access log can't be written: {}: {}", path,
                                        looked_at, Errno::last().message()));
    }
}

}  // namespace

std::vector<std::string> find_file_problems(const config::Settings& settings) {
    FileCheck check(settings.timeouts.load);
    for (const config::SiteSettings& site : settings.sites) {
        if (settings.sites.size() > 1) {
            check.check_root(site);
        }
        check.check_site(site);
    }
    if (settings.access_log) {
        check.check_log(*settings.access_log);
    }
    std::vector<std::string> problems = std::move(check).problems();
    std::ranges::move(find_served_users_files(settings), std::back_inserter(problems));
    return problems;
}

}  // namespace torc::server
