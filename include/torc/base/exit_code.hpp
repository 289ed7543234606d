#pragma once

#include <cstdint>

namespace torc {

/// The exit status of the process (README.md has the table for users).
enum class ExitCode : std::uint8_t {
    /// Stopped as told, everything in flight finished.
    stopped = 0,
    /// It could not start for a reason outside of it; starting again may help.
    failed_start = 1,
    /// The command line, an environment variable or a setting makes no sense; starting again
    /// changes nothing.
    usage = 2,
    /// Told twice, or out of patience: some connections were cut off.
    forced = 3,
    /// Of torc reload: applied, but some of it takes effect with an upgrade alone.
    awaits_upgrade = 4,
};

}  // namespace torc
