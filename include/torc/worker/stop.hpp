#pragma once

#include <cstdint>

namespace torc::worker {

/// How urgently a worker is told to stop; it only ever goes up.
enum class Stop : std::uint8_t {
    no,
    /// Another process accepts by the same sockets: leave them to it, and serve the connections
    /// that there are until they end by themselves, for Timeouts::upgrade at the most.
    hand_over,
    /// Serve as before for Timeouts::drain_delay; then finish what is in flight, and let idle
    /// connections ask for one thing more for Timeouts::drain_idle; for Timeouts::drain at the
    /// most.
    drain,
    /// The same with neither: somebody waits for the end.
    drain_at_once,
    /// Close everything now.
    now,
};

}  // namespace torc::worker
