#include <torc/base/control_group.hpp>

#include <algorithm>
#include <fstream>
#include <ranges>
#include <string>

namespace torc {
namespace {

/// A group and those that it is in. A container may see its group as the root, though it is named
/// by a longer path.
void add_with_parents(std::vector<std::filesystem::path>& directories,
                      const std::filesystem::path& hierarchy, std::filesystem::path group) {
    directories.push_back(hierarchy);
    for (; group.has_relative_path(); group = group.parent_path()) {
        directories.push_back(hierarchy / group.relative_path());
    }
}

/// Whether a list such as "cpu,cpuacct" has `controller` in it.
bool lists(std::string_view controllers, std::string_view controller) {
    return std::ranges::any_of(std::views::split(controllers, ','), [&](auto&& part) {
        return std::string_view(part.begin(), part.end()) == controller;
    });
}

}  // namespace

std::vector<std::filesystem::path> control_group_directories(const std::filesystem::path& proc,
                                                             const std::filesystem::path& cgroups,
                                                             std::string_view controller) {
    std::vector<std::filesystem::path> directories;
    std::ifstream groups(proc / "self" / "cgroup");
    // "0::/path" for version 2, "4:cpu,cpuacct:/path" for version 1, whose hierarchies are mounted
    // by the name of the whole list, mostly with a symbolic link for each controller.
    for (std::string line; std::getline(groups, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) {
            continue;
        }
        const std::string_view controllers =
            std::string_view(line).substr(first + 1, second - first - 1);
        const std::filesystem::path group = line.substr(second + 1);
        if (controllers.empty()) {
            add_with_parents(directories, cgroups, group);
        } else if (lists(controllers, controller)) {
            add_with_parents(directories, cgroups / controllers, group);
            add_with_parents(directories, cgroups / controller, group);
        }
    }
    return directories;
}

}  // namespace torc
