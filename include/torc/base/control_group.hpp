#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace torc {

/// The directories in which a limit of `controller` ("memory", "cpu") on this process may stand:
/// those of its control groups and of all groups that these are in, of version 1 and of version 2
/// (cgroups(7)). The least of the limits counts. `proc` and `cgroups`: where those file systems are
/// mounted; some of the directories may not be there.
[[nodiscard]] std::vector<std::filesystem::path> control_group_directories(
    const std::filesystem::path& proc, const std::filesystem::path& cgroups,
    std::string_view controller);

}  // namespace torc
