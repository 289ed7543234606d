#include <torc/server/served_secrets.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace torc::server {
namespace {

using std::filesystem::path;

path normalised(const std::string& name) {
    path whole = std::filesystem::absolute(name).lexically_normal();
    // Of "/srv/www/" the last component is empty.
    return whole.has_filename() ? whole : whole.parent_path();
}

/// The directory of `roots` that `file` is served from; empty: none.
path served_from(const path& file, const std::set<path>& roots) {
    for (path inner = file; inner.has_relative_path(); inner = inner.parent_path()) {
        if (inner.filename().native().starts_with('.')) {
            return {};
        }
        if (roots.contains(inner.parent_path())) {
            return inner.parent_path();
        }
    }
    return {};
}

}  // namespace

std::vector<std::string> find_served_users_files(const config::Settings& settings) {
    std::set<path> roots;
    std::set<std::string> users_files;
    const auto look_at = [&](const config::AreaSettings& area) {
        roots.insert(normalised(area.directory));
        if (area.auth) {
            users_files.insert(area.auth->users_file);
        }
    };
    for (const config::SiteSettings& site : settings.sites) {
        look_at(site.whole);
        std::ranges::for_each(site.areas, look_at);
    }
    std::vector<std::string> problems;
    for (const std::string& file : users_files) {
        if (const path root = served_from(normalised(file), roots); !root.empty()) {
            problems.push_back(
                fmt::format("{}: anybody could read this users file, for it is in {}, which is "
                            "served; move it elsewhere",
                            file, root.native()));
        }
    }
    return problems;
}

}  // namespace torc::server
