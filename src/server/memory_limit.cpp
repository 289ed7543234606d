#include <torc/server/memory_limit.hpp>

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

namespace torc::server {
namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

std::uint64_t physical_memory_bytes() {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page_bytes = ::sysconf(_SC_PAGE_SIZE);
    return pages > 0 && page_bytes > 0
               ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes)
               : no_limit;
}

/// "max", or no such file: no limit.
std::uint64_t number_in(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::uint64_t number = 0;
    return stream >> number ? number : no_limit;
}

/// Of a group and those that it is in. A container may see its group as the root, though it is
/// named by a longer path.
std::uint64_t least_limit(const std::filesystem::path& hierarchy, std::filesystem::path group,
                          const char* file) {
    std::uint64_t least = number_in(hierarchy / file);
    for (; group.has_relative_path(); group = group.parent_path()) {
        least = std::min(least, number_in(hierarchy / group.relative_path() / file));
    }
    return least;
}

}  // namespace

std::uint64_t allowed_memory_bytes(const std::filesystem::path& proc,
                                   const std::filesystem::path& cgroups) {
    std::uint64_t allowed = physical_memory_bytes();
    std::ifstream groups(proc / "self" / "cgroup");
    // cgroups(7): "0::/path" for version 2, "4:memory:/path" for version 1.
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
            allowed = std::min(allowed, least_limit(cgroups, group, "memory.max"));
        } else if (controllers == "memory") {
            allowed =
                std::min(allowed, least_limit(cgroups / "memory", group, "memory.limit_in_bytes"));
        }
    }
    return allowed;
}

}  // namespace torc::server
