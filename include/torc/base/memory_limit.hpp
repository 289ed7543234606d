#pragma once

#include <cstdint>
#include <filesystem>

namespace torc {

/// How much memory this process may use, in bytes: what the machine has, or what the least of its
/// control groups (version 1 or 2) allows, as in a container. `proc` and `cgroups`: where those
/// file systems are mounted; what can't be read there sets no limit.
[[nodiscard]] std::uint64_t allowed_memory_bytes(
    const std::filesystem::path& proc = "/proc",
    const std::filesystem::path& cgroups = "/sys/fs/cgroup");

}  // namespace torc
