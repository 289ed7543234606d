#pragma once

#include <cstddef>
#include <cstdint>

namespace torc {

/// Names the threads that may wait for a file system, so that one that hangs uses up its own
/// threads and no others: each file system that may keep a thread waiting (a network's, FUSE's) has
/// a lane of its own, and an operation on its files runs on threads of that lane alone.
// NOLINTNEXTLINE(performance-enum-size): a device number has 32 bits, see first_device.
enum class Lane : std::uint32_t {
    /// A file system in memory or on a local disk, which tells whether it would have to wait: the
    /// operation runs on the loop where it can't wait, else on other threads.
    local = 0,
    /// The same, but never on the loop.
    local_threads = 1,
    /// Looks at the path of the document root.
    root = 2,
    /// Long computations on files of a local disk, such as listings: this and the next
    /// `job_lanes - 1`.
    first_job = 3,
    /// Checks of passwords, which wait for no file system: a processor is busy with each for up to
    /// a
    /// second.
    passwords = 7,
    /// Where a symbolic link may lead to any file system: this and the next `linked_lanes - 1`.
    first_linked = 16,
    /// The same where the directory is on a local disk, so that a link there is likely to stay
    /// there: this and the next `linked_lanes - 1`.
    first_linked_nearby = 32,
    /// Of the file system with device number N: this one plus N.
    first_device = 64,
};

inline constexpr std::uint32_t job_lanes = 4;
inline constexpr std::uint32_t linked_lanes = 8;
static_assert(static_cast<std::uint32_t>(Lane::first_job) + job_lanes <=
              static_cast<std::uint32_t>(Lane::passwords));

/// Whether an operation in this lane may wait on the loop's own thread for nothing but memory.
[[nodiscard]] constexpr bool is_local(Lane lane) noexcept {
    return lane == Lane::local;
}

/// The lane of the jobs with this hash. Several, so that one that waits (a listing looks at where
/// symbolic links lead) holds up a part of them.
[[nodiscard]] constexpr Lane job_lane(std::size_t hash) noexcept {
    return static_cast<Lane>(static_cast<std::uint32_t>(Lane::first_job) +
                             static_cast<std::uint32_t>(hash % job_lanes));
}

/// The lane of the paths with this hash that lead through symbolic links: which file system they
/// end on is known only when they are open. Several, so that a hung one holds up a part of them.
[[nodiscard]] constexpr Lane linked_lane(std::size_t hash) noexcept {
    return static_cast<Lane>(static_cast<std::uint32_t>(Lane::first_linked) +
                             static_cast<std::uint32_t>(hash % linked_lanes));
}

/// The same for paths whose directories are on a local disk.
[[nodiscard]] constexpr Lane linked_nearby_lane(std::size_t hash) noexcept {
    return static_cast<Lane>(static_cast<std::uint32_t>(Lane::first_linked_nearby) +
                             static_cast<std::uint32_t>(hash % linked_lanes));
}

/// The lane of a file system by its device number, as statx(2) and /proc/self/mountinfo give it.
[[nodiscard]] constexpr Lane device_lane(std::uint32_t major, std::uint32_t minor) noexcept {
    // The kernel has 12 bits of major and 20 of minor number. The last 64 numbers of the last major
    // would wrap; the kernel gives them to nobody.
    return static_cast<Lane>(static_cast<std::uint32_t>(Lane::first_device) +
                             ((major << 20U) | (minor & 0xf'ffffU)));
}

}  // namespace torc
