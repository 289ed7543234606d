#include <torc/base/control_group.hpp>
#include <torc/base/memory_limit.hpp>

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>

namespace torc {
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

}  // namespace

std::uint64_t allowed_memory_bytes(const std::filesystem::path& proc,
                                   const std::filesystem::path& cgroups) {
    std::uint64_t allowed = physical_memory_bytes();
    for (const auto& group : control_group_directories(proc, cgroups, "memory")) {
        allowed = std::min(
            {allowed, number_in(group / "memory.max"), number_in(group / "memory.limit_in_bytes")});
    }
    return allowed;
}

}  // namespace torc
