#pragma once

#include <torc/net/address_range.hpp>
#include <torc/net/endpoint.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torc::net {

/// Proxies that connect to a listener for their clients: each connection begins with a PROXY header
/// (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt), and nobody else may connect.
struct ProxyPeers {
    /// Where they are. None: of a Unix-domain socket, whose mode says who may connect.
    std::vector<AddressRange> networks{};

    /// `peer`: nothing where it has no IP address.
    [[nodiscard]] bool includes(const std::optional<Address>& peer) const noexcept;

    friend bool operator==(const ProxyPeers&, const ProxyPeers&) = default;
};

/// An address to listen on, as a user gave it.
struct ListenAddress {
    /// The user and the group of the process may connect.
    static constexpr mode_t mode_default = 0660;

    // Not explicit: most are nothing but an address.
    ListenAddress(std::string address) : text(std::move(address)) {}
    ListenAddress(const char* address) : text(address) {}

    /// See resolve_addresses.
    std::string text;
    /// Nothing: a connection begins with a request.
    std::optional<ProxyPeers> proxies{};
    /// Permissions of the file of a Unix-domain socket: who may write to it may connect.
    mode_t mode = mode_default;

    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// An endpoint to listen on, and what goes for its connections.
struct ListenPlace {
    Endpoint endpoint;
    std::optional<ProxyPeers> proxies{};
    mode_t mode = ListenAddress::mode_default;
};

/// As resolve_addresses; without addresses the loopback ones. What is given twice must be the same:
/// throws UsageError.
[[nodiscard]] std::vector<ListenPlace> resolve_listen_addresses(
    const std::vector<ListenAddress>& addresses, std::uint16_t port);

}  // namespace torc::net
