#pragma once

#include <cstdint>

namespace torc::net {

/// A connection that was accepted and has no slot yet: it may go from worker to worker.
struct Accepted {
    /// Non-blocking and close-on-exec. Who has the value closes it, or passes it on.
    int socket = -1;
    /// Of the listener that it came to: an index into ListeningSockets::places, the same for all
    /// workers. It may be another's once that one is closed.
    std::uint32_t listener = 0;

    friend bool operator==(const Accepted&, const Accepted&) noexcept = default;
};

}  // namespace torc::net
