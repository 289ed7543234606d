#pragma once

#include <torc/net/endpoint.hpp>
#include <torc/net/listening_sockets.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace torc::net {

/// Lets a listener of `Listeners` hand over connections as soon as they are there. Until then it
/// keeps one back for up to a second, until its first request has come too.
void show_silent_connections(int listener) noexcept;

/// From now on the kernel drops, unanswered, every SYN that comes to a listener of `Listeners`;
/// what has begun its handshake goes on. A client that is dropped tries again after a second.
void ignore_new_connections(int listener) noexcept;

/// Asked whenever a port is found to be taken; waits a little. False: it was waited for long
/// enough.
using WaitForPort = std::function<bool(const Endpoint&)>;

/// The sockets that a server listens on: for each endpoint one for each worker, in a SO_REUSEPORT
/// group, so that the kernel deals out the connections and no worker shares a queue with another.
class Listeners {
public:
    /// Binds and listens. `addresses` as in Settings; with port 0, one free port for all of them.
    /// On a machine without IPv6, :: and ::1 beside an IPv4 address are left out (`lacks_ipv6`). A
    /// port that is taken is tried again for as long as `wait_for_port` says.
    /// Throws StartError naming the address and the remedy: the port is taken (by another program,
    /// or another torc, which SO_REUSEPORT alone would let share it unseen), needs a privilege, or
    /// the machine does not have the address.
    Listeners(
        const std::vector<std::string>& addresses, std::uint16_t port, unsigned workers,
        const WaitForPort& wait_for_port = [](const Endpoint&) { return false; });

    [[nodiscard]] const std::vector<Endpoint>& endpoints() const noexcept { return endpoints_; }
    /// Whether addresses that were asked for are left out, since the machine has no IPv6.
    [[nodiscard]] bool lacks_ipv6() const noexcept { return lacks_ipv6_; }
    [[nodiscard]] ListeningSockets& of(unsigned worker) { return sockets_.at(worker); }

private:
    std::vector<Endpoint> endpoints_;
    bool lacks_ipv6_ = false;
    /// By worker; in each one for each endpoint.
    std::deque<ListeningSockets> sockets_;
};

}  // namespace torc::net
