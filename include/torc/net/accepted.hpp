#pragma once

#include <cstdint>

namespace torc::net {

struct ProxyPeers;

/// A connection that was accepted and has no slot yet: it may go from worker to worker.
struct Accepted {
    /// Non-blocking and close-on-exec. Who has the value closes it, or passes it on.
    int socket = -1;
    /// Of the listener that it came to: an index into ListeningSockets::places, the same for all
    /// workers. It may be another's once that one is closed.
    std::uint32_t listener = 0;
    /// Who alone may connect to that listener, and begins with a PROXY header; null: anybody may,
    /// and begins with a request. Lives as long as the listeners do.
    const ProxyPeers* proxies = nullptr;

    friend bool operator==(const Accepted&, const Accepted&) noexcept = default;
};

}  // namespace torc::net
