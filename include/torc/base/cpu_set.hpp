#pragma once

#include <string_view>
#include <vector>

namespace torc {

/// The CPUs that this process may run on (sched_getaffinity(2), so cpusets and taskset count), in
/// order.
[[nodiscard]] std::vector<unsigned> allowed_cpus();

/// Parses a list as taskset(1) and the kernel write it: "0-3,8". Throws StartError when it is not
/// one; `option` is what that calls it.
[[nodiscard]] std::vector<unsigned> parse_cpu_list(std::string_view option, std::string_view text);

/// Throws StartError naming the CPUs of `wanted` that are not in `allowed`.
void require_allowed(const std::vector<unsigned>& wanted, const std::vector<unsigned>& allowed);

/// Pins the calling thread to some CPUs; false, with errno, when the kernel refuses.
[[nodiscard]] bool pin_to_cpus(const std::vector<unsigned>& cpus) noexcept;

}  // namespace torc
