#include <torc/base/control_group.hpp>
#include <torc/base/cpu_set.hpp>
#include <torc/server/placement.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

namespace torc::server {
namespace {

/// `quota` of `period`, both in microseconds, as a number of CPUs.
double cpus_of(std::int64_t quota, std::int64_t period) {
    return quota > 0 && period > 0 ? static_cast<double>(quota) / static_cast<double>(period)
                                   : no_cpu_quota;
}

/// The first number in a file; 0: it begins with none, or is not there.
std::int64_t number_in(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::int64_t number = 0;
    return stream >> number ? number : 0;
}

/// Of the one group in `directory`.
double quota_of(const std::filesystem::path& directory) {
    // Version 2: "150000 100000", or "max 100000".
    std::ifstream stream(directory / "cpu.max");
    std::int64_t quota = 0;
    std::int64_t period = 0;
    const double cpus = stream >> quota >> period ? cpus_of(quota, period) : no_cpu_quota;
    // Version 1: -1 for no quota.
    return std::min(cpus, cpus_of(number_in(directory / "cpu.cfs_quota_us"),
                                  number_in(directory / "cpu.cfs_period_us")));
}

/// What tells an instance from the others on a machine: where it listens.
std::uint64_t instance_key(const config::Settings& settings) {
    if (settings.port == 0) {
        return static_cast<std::uint64_t>(::getpid());
    }
    std::uint64_t key = settings.port;
    for (const net::ListenAddress& address : settings.addresses) {
        for (const char character : address.text) {
            key += static_cast<unsigned char>(character);
        }
    }
    return key;
}

/// A position below `count` for a key. Multiples of the golden ratio (Knuth, TAOCP 6.4): keys that
/// follow each other, such as ports, come to lie far from each other, and even ones alone (8000,
/// 8080, 9000) everywhere.
std::size_t spread(std::uint64_t key, std::size_t count) {
    constexpr std::uint64_t golden_ratio = 0x9E37'79B9'7F4A'7C15;
    const std::uint64_t fraction = (key * golden_ratio) >> 32U;
    return static_cast<std::size_t>((fraction * count) >> 32U);
}

bool pins(const config::Settings& settings, std::size_t cpus, double quota) {
    switch (settings.pin) {
        case config::Pin::on:
            return true;
        case config::Pin::off:
            return false;
        case config::Pin::automatic:
            break;
    }
    return quota >= static_cast<double>(cpus);
}

}  // namespace

double cpu_quota(const std::filesystem::path& proc, const std::filesystem::path& cgroups) {
    double least = no_cpu_quota;
    for (const auto& group : control_group_directories(proc, cgroups, "cpu")) {
        least = std::min(least, quota_of(group));
    }
    return least;
}

std::vector<std::vector<unsigned>> place_workers(const config::Settings& settings,
                                                 const std::vector<unsigned>& allowed,
                                                 double quota) {
    require_allowed(settings.cpus, allowed);
    const std::vector<unsigned>& cpus = settings.cpus.empty() ? allowed : settings.cpus;
    const auto workers_wanted = std::min(static_cast<double>(cpus.size()), std::ceil(quota));
    const std::size_t workers =
        settings.workers > 0 ? settings.workers : static_cast<std::size_t>(workers_wanted);
    if (!pins(settings, cpus.size(), quota)) {
        return {workers, settings.cpus};
    }
    const bool has_room = settings.cpus.empty() && workers < cpus.size();
    const std::size_t first = has_room ? spread(instance_key(settings), cpus.size()) : 0;
    std::vector<std::vector<unsigned>> placed;
    placed.reserve(workers);
    for (std::size_t worker = 0; worker < workers; ++worker) {
        placed.push_back({cpus[(first + worker) % cpus.size()]});
    }
    return placed;
}

}  // namespace torc::server
