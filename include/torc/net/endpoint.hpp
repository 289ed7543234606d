#pragma once

#include <torc/base/errno.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::net {

/// Where a server listens, or where a peer is: an address and port, or a Unix-domain socket
/// (unix(7)).
class Endpoint {
public:
    Endpoint() = default;
    Endpoint(const sockaddr* address, socklen_t length) noexcept;
    /// The Unix-domain socket with that path, or for "@name" the abstract one with that name.
    /// Nothing: it is empty or longer than the kernel takes.
    [[nodiscard]] static std::optional<Endpoint> of_path(std::string_view path) noexcept;

    [[nodiscard]] const sockaddr* address() const noexcept {
        return reinterpret_cast<const sockaddr*>(&storage_);
    }
    [[nodiscard]] socklen_t length() const noexcept { return length_; }
    [[nodiscard]] bool is_ipv6() const noexcept { return storage_.ss_family == AF_INET6; }
    [[nodiscard]] bool is_unix() const noexcept { return storage_.ss_family == AF_UNIX; }
    /// Whether only this machine gets there: a loopback address, or a Unix-domain socket.
    [[nodiscard]] bool is_loopback() const noexcept;
    [[nodiscard]] bool is_wildcard() const noexcept;
    [[nodiscard]] bool is_link_local() const noexcept;

    /// The same number for all addresses that one client is likely to have, and for no others: an
    /// IPv4 address, or the first 64 bits of an IPv6 one. 0: it has no IP address.
    [[nodiscard]] std::uint64_t network() const noexcept;

    /// 0: it has none.
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// Without effect on a Unix-domain socket.
    void set_port(std::uint16_t port) noexcept;

    /// Whether they are one address and port.
    [[nodiscard]] bool operator==(const Endpoint& other) const noexcept;
    /// Whether this is all addresses of the machine and `other` one of them, at the same port: the
    /// two can't both be listened on.
    [[nodiscard]] bool includes(const Endpoint& other) const noexcept;

    /// Of a Unix-domain socket: its path, "@name" if it is abstract, "" if it has none, as those
    /// that connect.
    [[nodiscard]] std::string path() const;
    /// "127.0.0.1", "::1", "unix:/run/torc.sock".
    [[nodiscard]] std::string host() const;
    /// "127.0.0.1:8080", "[::1]:8080", "unix:/run/torc.sock".
    [[nodiscard]] std::string host_and_port() const;
    /// "http://127.0.0.1:8080/", "http://[::1]:8080/", "unix:/run/torc.sock".
    [[nodiscard]] std::string url() const;

private:
    sockaddr_storage storage_{};
    socklen_t length_ = 0;
};

/// "[::1]:3000" for "::1:3000": what may be meant by an IPv6 address without brackets that ends
/// like a port. Empty: `text` does not.
[[nodiscard]] std::string with_brackets(const std::string& text);

/// Resolves what a user gave as addresses: numeric ones, with or without brackets ("[::1]"), and
/// "localhost". One with a port of its own ("127.0.0.1:3000", "[::1]:3000") has that instead of
/// `port`; ":3000" is a port of all addresses; "unix:/run/torc.sock" and the abstract "unix:@torc"
/// are Unix-domain sockets. What is given twice is there once. Throws UsageError
/// naming one that is none of them, or two of which one includes the other.
/// "::1:3000" is refused, though it is an address: brackets are missing.
[[nodiscard]] std::vector<Endpoint> resolve_addresses(const std::vector<std::string>& addresses,
                                                      std::uint16_t port);

}  // namespace torc::net
