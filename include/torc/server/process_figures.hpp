#pragma once

#include <chrono>
#include <cstdint>

namespace torc::server {

/// What the kernel tells of this process.
struct ProcessFigures {
    std::chrono::nanoseconds cpu_time{};
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t open_descriptors = 0;
    std::uint64_t descriptors_max = 0;
};

/// Reads them (proc_pid_statm(5), proc_pid_fd(5), getrusage(2)). What can't be read is 0.
[[nodiscard]] ProcessFigures read_process_figures();

}  // namespace torc::server
