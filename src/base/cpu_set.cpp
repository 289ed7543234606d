#include <torc/base/cpu_set.hpp>
#include <torc/base/start_error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace torc {
namespace {

/// More than any kernel is built for (CONFIG_NR_CPUS is at most 8192).
constexpr unsigned cpus_max = 8192;

struct FreeCpuSet {
    void operator()(cpu_set_t* set) const noexcept { CPU_FREE(set); }
};

[[noreturn]] void reject(std::string_view option, std::string_view text) {
    throw StartError(
        fmt::format("{} {}: not a list of CPUs; give one like 0-3 or 0,2,4", option, text));
}

}  // namespace

std::vector<unsigned> allowed_cpus() {
    const std::unique_ptr<cpu_set_t, FreeCpuSet> set(CPU_ALLOC(cpus_max));
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus_max);
    CPU_ZERO_S(bytes, set.get());
    std::vector<unsigned> cpus;
    if (::sched_getaffinity(0, bytes, set.get()) < 0) {
        return {0};
    }
    for (unsigned cpu = 0; cpu < cpus_max; ++cpu) {
        if (CPU_ISSET_S(cpu, bytes, set.get())) {
            cpus.push_back(cpu);
        }
    }
    return cpus;
}

std::vector<unsigned> parse_cpu_list(std::string_view option, std::string_view text) {
    std::vector<unsigned> cpus;
    const char* cursor = text.data();
    const char* const end = cursor + text.size();
    const auto number = [&] {
        unsigned value = 0;
        const auto [after, error] = std::from_chars(cursor, end, value);
        if (error != std::errc() || value >= cpus_max) {
            reject(option, text);
        }
        cursor = after;
        return value;
    };
    while (true) {
        const unsigned first = number();
        unsigned last = first;
        if (cursor != end && *cursor == '-') {
            ++cursor;
            last = number();
        }
        if (last < first) {
            reject(option, text);
        }
        for (unsigned cpu = first; cpu <= last; ++cpu) {
            cpus.push_back(cpu);
        }
        if (cursor == end) {
            break;
        }
        if (*cursor++ != ',') {
            reject(option, text);
        }
    }
    std::ranges::sort(cpus);
    const auto repeated = std::ranges::unique(cpus);
    cpus.erase(repeated.begin(), repeated.end());
    return cpus;
}

void require_allowed(const std::vector<unsigned>& wanted, const std::vector<unsigned>& allowed) {
    std::vector<unsigned> forbidden;
    std::ranges::set_difference(wanted, allowed, std::back_inserter(forbidden));
    if (!forbidden.empty()) {
        throw StartError(fmt::format("--cpus: this process may not run on CPU {}; it may on {}",
                                     fmt::join(forbidden, ","), fmt::join(allowed, ",")));
    }
}

bool pin_to_cpus(const std::vector<unsigned>& cpus) noexcept {
    const std::unique_ptr<cpu_set_t, FreeCpuSet> set(CPU_ALLOC(cpus_max));
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus_max);
    CPU_ZERO_S(bytes, set.get());
    for (const unsigned cpu : cpus) {
        CPU_SET_S(cpu, bytes, set.get());
    }
    return ::sched_setaffinity(0, bytes, set.get()) == 0;
}

}  // namespace torc
