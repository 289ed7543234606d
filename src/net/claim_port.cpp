// Addresses and ports that are listened on.

#include "claim.hpp"

#include <fmt/format.h>

#include <netinet/tcp.h>

#include <limits>
#include <utility>

namespace torc::net {
namespace {

/// How long the kernel keeps back a connection that has sent nothing.
constexpr int silent_seconds_max = 1;

void set_option(int socket, int level, int option, int value) noexcept {
    // Only an option that the kernel does not know can fail here, and these are as old as torc's
    // baseline.
    [[maybe_unused]] const int result = ::setsockopt(socket, level, option, &value, sizeof value);
}

Result<UniqueFd> make_socket(const Endpoint& endpoint) noexcept {
    UniqueFd socket(
        ::socket(endpoint.address()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) {
        return std::unexpected(Errno::last());
    }
    set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (endpoint.is_ipv6()) {
        set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }
    set_tcp_options(socket.get());
    return socket;
}

}  // namespace

void set_tcp_options(int socket) noexcept {
    // Accepted sockets inherit it.
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    // A connection is handed over with its first request, not before: one turn of the loop and one
    // wake-up less for each. After a second without any it is handed over all the same.
    set_option(socket, IPPROTO_TCP, TCP_DEFER_ACCEPT, silent_seconds_max);
}

// The order of the calls keeps two processes from getting one endpoint. Two sockets with
// SO_REUSEADDR may both be bound, as long as neither listens, so bind(2) claims nothing. listen(2)
// does: it looks at the endpoint's sockets again, under the lock of the port, and fails if another
// one listens, unless both have SO_REUSEPORT. The first socket therefore gets that only once it
// listens, and no stranger's first socket has it when it asks. (Two that ask at the same instant
// may both be refused; each then tries again.)
Result<UniqueFd> listen_on(const Endpoint& endpoint, Claim claim) noexcept {
    auto socket = make_socket(endpoint);
    if (!socket) {
        return socket;
    }
    if (claim == Claim::shared) {
        set_option(socket->get(), SOL_SOCKET, SO_REUSEPORT, 1);
    }
    // The kernel cuts the backlog down to the sysctl net.core.somaxconn.
    if (::bind(socket->get(), endpoint.address(), endpoint.length()) < 0 ||
        ::listen(socket->get(), std::numeric_limits<int>::max()) < 0) {
        return std::unexpected(Errno::last());
    }
    if (claim == Claim::exclusive) {
        set_option(socket->get(), SOL_SOCKET, SO_REUSEPORT, 1);
    }
    return socket;
}

Result<FirstListener> claim_port(const ListenPlace& place, Claim claim) {
    auto socket = listen_on(place.endpoint, claim);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::getsockname(socket->get(), reinterpret_cast<sockaddr*>(&storage), &length) < 0) {
        return std::unexpected(Errno::last());
    }
    FirstListener first{.place = place, .socket = *std::move(socket)};
    first.place.endpoint = Endpoint(reinterpret_cast<const sockaddr*>(&storage), length);
    return first;
}

std::string explain(const Endpoint& endpoint, Errno error, Wording wording) {
    if (endpoint.is_unix()) {
        return explain_unix(endpoint, error);
    }
    const std::string place = endpoint.host_and_port();
    const bool has_keys = wording == Wording::keys;
    const bool has_options = wording != Wording::address;
    switch (error.value()) {
        case EADDRINUSE:
            if (!has_options) {
                return fmt::format("can't listen on {}: the port is in use; choose another", place);
            }
            return fmt::format(
                "can't listen on {}: the port is in use; choose another with {}, or {} for any "
                "that is "
                "free",
                place, has_keys ? "server.listen, server.port or --port" : "--port",
                has_keys ? "the port 0" : "--port 0");
        case EACCES:
            return fmt::format(
                "can't listen on {}: ports below 1024 need CAP_NET_BIND_SERVICE; use a higher {}, "
                "or "
                "config/torc.service, which grants it",
                place,
                !has_options ? "one"
                : has_keys   ? "one in server.listen, server.port or --port"
                             : "--port");
        case EADDRNOTAVAIL: {
            const std::string bracketed = endpoint.is_ipv6() ? with_brackets(endpoint.host()) : "";
            return fmt::format(
                "can't listen on {}: this machine does not have that address; see `ip address`{}",
                place, bracketed.empty() ? "" : fmt::format(", or did you mean {}?", bracketed));
        }
        case EAFNOSUPPORT:
            return fmt::format(
                "can't listen on {}: this machine has no IPv6; give {}an IPv4 address", place,
                !has_options ? ""
                : has_keys   ? "server.listen or --address with "
                             : "--address with ");
        default:
            return fmt::format("can't listen on {}: {}", place, error.message());
    }
}

}  // namespace torc::net
