#pragma once

#include <torc/base/errno.hpp>
#include <torc/server/listening_sockets.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace torc::server {

/// Where a server listens, or where a peer is.
class Endpoint {
public:
    Endpoint() = default;
    Endpoint(const sockaddr* address, socklen_t length) noexcept;

    [[nodiscard]] const sockaddr* address() const noexcept {
        return reinterpret_cast<const sockaddr*>(&storage_);
    }
    [[nodiscard]] socklen_t length() const noexcept { return length_; }
    [[nodiscard]] bool is_ipv6() const noexcept { return storage_.ss_family == AF_INET6; }
    [[nodiscard]] bool is_loopback() const noexcept;
    [[nodiscard]] bool is_wildcard() const noexcept;
    [[nodiscard]] bool is_link_local() const noexcept;

    [[nodiscard]] std::uint16_t port() const noexcept;
    void set_port(std::uint16_t port) noexcept;

    /// Whether they are one address and port.
    [[nodiscard]] bool operator==(const Endpoint& other) const noexcept;
    /// Whether this is all addresses of the machine and `other` one of them, at the same port: the
    /// two can't both be listened on.
    [[nodiscard]] bool includes(const Endpoint& other) const noexcept;

    /// "127.0.0.1", "::1".
    [[nodiscard]] std::string host() const;
    /// "127.0.0.1:8080", "[::1]:8080".
    [[nodiscard]] std::string host_and_port() const;
    /// "http://127.0.0.1:8080/", "http://[::1]:8080/".
    [[nodiscard]] std::string url() const;

private:
    sockaddr_storage storage_{};
    socklen_t length_ = 0;
};

/// The peer of a connected socket; nothing when it is gone.
[[nodiscard]] Result<Endpoint> peer_of(int socket) noexcept;

/// Lets a listener of `Listeners` hand over connections as soon as they are there. Until then it
/// keeps one back for up to a second, until its first request has come too.
void show_silent_connections(int listener) noexcept;

/// From now on the kernel drops, unanswered, every SYN that comes to a listener of `Listeners`;
/// what has begun its handshake goes on. A client that is dropped tries again after a second.
void ignore_new_connections(int listener) noexcept;

/// Resolves what a user gave as addresses: numeric ones, with or without brackets ("[::1]"), and
/// "localhost". One with a port of its own ("127.0.0.1:3000", "[::1]:3000") has that instead of
/// `port`; ":3000" is a port of all addresses. What is given twice is there once. Throws UsageError
/// naming one that is none of them, or two of which one includes the other.
[[nodiscard]] std::vector<Endpoint> resolve_addresses(const std::vector<std::string>& addresses,
                                                      std::uint16_t port);

/// Asked whenever a port is found to be taken; waits a little. False: it was waited for long
/// enough.
using WaitForPort = std::function<bool(const Endpoint&)>;

/// The sockets that a server listens on: for each endpoint one for each worker, in a SO_REUSEPORT
/// group, so that the kernel deals out the connections and no worker shares a queue with another.
class Listeners {
public:
    /// Binds and listens. `addresses` as in Settings; with port 0, one free port for all of them.
    /// On a machine without IPv6, :: and ::1 beside an IPv4 address are left out, with a warning. A
    /// port that is taken is tried again for as long as `wait_for_port` says.
    /// Throws StartError naming the address and the remedy: the port is taken (by another program,
    /// or another torc, which SO_REUSEPORT alone would let share it unseen), needs a privilege, or
    /// the machine does not have the address.
    Listeners(
        const std::vector<std::string>& addresses, std::uint16_t port, unsigned workers,
        const WaitForPort& wait_for_port = [](const Endpoint&) { return false; });

    [[nodiscard]] const std::vector<Endpoint>& endpoints() const noexcept { return endpoints_; }
    [[nodiscard]] ListeningSockets& of(unsigned worker) { return sockets_.at(worker); }

private:
    std::vector<Endpoint> endpoints_;
    /// By worker; in each one for each endpoint.
    std::deque<ListeningSockets> sockets_;
};

}  // namespace torc::server
