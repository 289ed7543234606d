#include <torc/server/process_figures.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace torc::server {
namespace {

std::chrono::nanoseconds to_duration(const timeval& time) noexcept {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

/// Since Linux 6.2 their number is the directory's size; before that each is to be counted.
std::uint64_t count_descriptors() {
    constexpr const char* directory = "/proc/self/fd";
    struct stat status{};
    if (::stat(directory, &status) == 0 && status.st_size > 0) {
        return static_cast<std::uint64_t>(status.st_size);
    }
    std::error_code error;
    const std::filesystem::directory_iterator entries(directory, error);
    // One of them reads the directory.
    return error ? 0
                 : static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(
                       std::distance(begin(entries), end(entries)) - 1, 0));
}

}  // namespace

ProcessFigures read_process_figures() {
    ProcessFigures figures;
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        figures.cpu_time = to_duration(usage.ru_utime) + to_duration(usage.ru_stime);
    }
    std::uint64_t virtual_pages = 0;
    std::uint64_t resident_pages = 0;
    if (std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages) {
        const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        figures.virtual_bytes = virtual_pages * page_bytes;
        figures.resident_bytes = resident_pages * page_bytes;
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        figures.descriptors_max = limit.rlim_cur;
    }
    figures.open_descriptors = count_descriptors();
    return figures;
}

}  // namespace torc::server
