#include <torc/base/errno.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/document_root.hpp>
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
    /// `patience`: with a file system that does not respond. `backend`: what is to open the files.
    FileCheck(std::chrono::seconds patience, io::Backend backend)
        : patience_(patience), backend_(backend) {}

    void check_site(const config::SiteSettings& site);
    void check_log(const config::AccessLogSettings& log);

    [[nodiscard]] std::vector<std::string> problems() && { return std::move(problems_); }

private:
    void check_directory(config::AreaSettings area);
    void check_users(const config::AreaSettings& area);
    void check_site_files(config::SiteSettings site);

    const std::chrono::seconds patience_;
    const io::Backend backend_;
    std::vector<std::string> problems_;
    std::unordered_set<std::string> seen_;
    /// Directories that can't be opened.
    std::unordered_set<std::string> absent_;
};

void FileCheck::check_site(const config::SiteSettings& site) {
    check_directory(site.whole);
    check_users(site.whole);
    if (site.access_log) {
        check_log(*site.access_log);
    }
    if (site.has_site_files) {
        check_site_files(site);
    }
    for (const config::AreaSettings& area : site.areas) {
        check_directory(area);
        check_users(area);
    }
}

void FileCheck::check_directory(config::AreaSettings area) {
    const std::string key = area.directory + '\0' + area.load_rules.fallback_path;
    if (absent_.contains(area.directory) || !seen_.insert(key).second) {
        return;
    }
    const std::string given = area.directory;
    worker::SharedRoot root;
    try {
        serve_only_file_if_named(area);
        root = open_document_root(area);
        (void)check_document_root(*root, area, backend_);
    } catch (const StartError& refusal) {
        problems_.emplace_back(refusal.what());
        if (!root) {
            absent_.insert(given);
        }
    }
}

void FileCheck::check_users(const config::AreaSettings& area) {
    if (!area.auth || !seen_.insert(area.auth->users_file).second) {
        return;
    }
    if (auto users = site::UsersFile::load(area.auth->users_file); !users) {
        for (const std::string& error : users.error()) {
            problems_.push_back(config::describe_users_error(area, error));
        }
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

void FileCheck::check_log(const config::AccessLogSettings& log) {
    const std::string& path = log.file;
    if (!log.is_on() || path == "-" || !seen_.insert(path).second) {
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
    FileCheck check(settings.timeouts.load, settings.io == config::IoChoice::epoll
                                                ? io::Backend::epoll
                                                : io::Backend::uring);
    for (const config::SiteSettings& site : settings.sites) {
        check.check_site(site);
    }
    check.check_log(settings.access_log);
    std::vector<std::string> problems = std::move(check).problems();
    std::ranges::move(find_served_users_files(settings), std::back_inserter(problems));
    return problems;
}

}  // namespace torc::server
