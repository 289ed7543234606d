#include <torc/site/load/file_time.hpp>

#include <algorithm>
#include <array>

namespace torc::site {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;

/// From the first to the last second of it.
struct Interval {
    sys_seconds first;
    sys_seconds last;
};

constexpr Interval second(sys_seconds time) noexcept {
    return {.first = time, .last = time};
}

constexpr std::array times_of_tools = {
    // Nix, Guix: 1. OSTree, Flatpak, Kaniko, ko: 0. Jib: 1.
    Interval{.first = sys_seconds(std::chrono::seconds(0)),
             .last = sys_seconds(std::chrono::seconds(1))},
    // MS-DOS's calendar begins in 1980. Its archives tell no time zone, so that where it began
    // depends on whoever unpacks them: a date of zero (1979-11-30: Go's modules), ZIP's first
    // (1980-01-01: wheels, jars; with a second more, buildpacks), RubyGems' (1980-01-02) and
    // Gradle's (1980-02-01).
    Interval{.first = sys_days(std::chrono::November / 29 / 1979),
             .last = sys_days(std::chrono::February / 3 / 1980)},
    // Yarn: 1984-06-22T21:50:00Z.
    second(sys_seconds(std::chrono::seconds(456'789'000))),
    // npm and who packs like it: 1985-10-26T08:15:00Z.
    second(sys_seconds(std::chrono::seconds(499'162'500))),
    // Bazel's rules_pkg.
    second(sys_days(std::chrono::January / 1 / 2000)),
    // Cargo: 2006-07-24T01:21:28Z.
    second(sys_seconds(std::chrono::seconds(1'153'704'088))),
    // Bazel.
    second(sys_days(std::chrono::January / 1 / 2010)),
    // Flit and Poetry.
    second(sys_days(std::chrono::January / 1 / 2016)),
    // Hatch.
    second(sys_days(std::chrono::February / 2 / 2020)),
};

}  // namespace

bool has_useful_time(const file::Metadata& metadata, WallTime now) noexcept {
    const auto time = std::chrono::floor<std::chrono::seconds>(metadata.modified);
    return time.time_since_epoch().count() > 0 && metadata.modified <= now &&
           std::ranges::none_of(times_of_tools, [time](const Interval& interval) {
               return interval.first <= time && time <= interval.last;
           });
}

bool has_distinct_time(const file::Metadata& metadata, WallTime now) noexcept {
    return has_useful_time(metadata, now) && metadata.modified <= now - file_time_step_max;
}

bool is_settled(const file::Metadata& metadata, WallTime looked_at) noexcept {
    return std::max(metadata.modified, metadata.changed) <= looked_at - file_time_step_max;
}

}  // namespace torc::site
