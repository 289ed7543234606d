#pragma once

#include <torc/config/settings.hpp>

#include <filesystem>
#include <limits>
#include <vector>

namespace torc::server {

/// The CPU time that the control groups of this process allow it, in CPUs, such as 1.5: the least
/// quota of version 1 or 2 (cgroups(7)) at any level. `proc` and `cgroups`: where those file
/// systems are mounted. Without a quota `no_cpu_quota`.
[[nodiscard]] double cpu_quota(const std::filesystem::path& proc = "/proc",
                               const std::filesystem::path& cgroups = "/sys/fs/cgroup");
inline constexpr double no_cpu_quota = std::numeric_limits<double>::infinity();

/// The CPUs that each worker may run on, by worker: one where it is pinned, else all of
/// `settings.cpus`; nothing: it is left where the process may run.
///
/// - As many workers as settings say, else one for each CPU, and no more than `quota`, rounded up.
/// - Pinned, unless settings say otherwise or the quota is less than the CPUs: where time is
/// rationed
///   and not CPUs, the scheduler knows best which of them is free.
/// - The first CPU is that of the list which the settings name. Without one, where CPUs are left
///   over, it follows from the port and the addresses, so that several instances with few workers
///   each are spread over the machine; with port 0 from the process's number.
///
/// `allowed`: see allowed_cpus; not empty. Throws StartError when settings name a CPU beyond them.
[[nodiscard]] std::vector<std::vector<unsigned>> place_workers(const config::Settings& settings,
                                                               const std::vector<unsigned>& allowed,
                                                               double quota);

}  // namespace torc::server
