#pragma once

#include <torc/net/endpoint.hpp>

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::net {

/// The address of a peer without its port, in 16 bytes, so that a connection can keep it. An IPv4
/// address is the same one however it came: as such, or mapped into IPv6 by a socket of both
/// families (RFC 4291 §2.5.5.2).
class Address {
public:
    /// Nothing: the endpoint has no IP address; it is a Unix-domain socket's.
    [[nodiscard]] static std::optional<Address> of(const Endpoint& endpoint) noexcept;
    /// "10.0.0.1", "2001:db8::1". Nothing: `text` is no numeric address.
    [[nodiscard]] static std::optional<Address> parse(std::string_view text) noexcept;

    [[nodiscard]] bool is_ipv4() const noexcept;
    /// See Endpoint::network.
    [[nodiscard]] std::uint64_t network() const noexcept;
    /// "10.0.0.1", "2001:db8::1".
    [[nodiscard]] std::string text() const;

    friend bool operator==(const Address&, const Address&) noexcept = default;

private:
    friend class AddressRange;

    using Bytes = std::array<std::uint8_t, 16>;
    explicit Address(const Bytes& bytes) noexcept : bytes_(bytes) {}

    /// As IPv6, the most significant first.
    Bytes bytes_;
};

/// Addresses of one family with the same first bits: a network in CIDR notation (RFC 4632 §3.1).
class AddressRange {
public:
    /// "10.0.0.0/8", "2001:db8::/32", or one address: "127.0.0.1", "::1". Otherwise the error says
    /// what is wrong, and what may be meant: "10.1.2.3/8 has bits behind the first 8; the network
    /// is 10.0.0.0/8".
    [[nodiscard]] static std::expected<AddressRange, std::string> parse(std::string_view text);

    [[nodiscard]] bool contains(const Address& address) const noexcept;
    /// As `parse` takes it: "10.0.0.0/8", "::1/128".
    [[nodiscard]] std::string text() const;

    friend bool operator==(const AddressRange&, const AddressRange&) noexcept = default;

private:
    AddressRange(const Address& first, unsigned bits) noexcept;

    [[nodiscard]] bool is_ipv4() const noexcept;

    /// The first address of the range: its bits behind `bits_` are 0.
    Address first_;
    /// How many of the 128 bits are the network's.
    unsigned bits_;
};

/// Peers that are believed what they say of their clients: proxies.
struct TrustedPeers {
    std::vector<AddressRange> networks{};
    /// Those that connect to Unix-domain sockets, too.
    bool includes_unix = false;

    /// `peer`: nothing where it is a Unix-domain socket's.
    [[nodiscard]] bool includes(const std::optional<Address>& peer) const noexcept;
};

/// Which peers may see something, by their addresses.
class AddressRules {
public:
    /// Lets everybody in.
    AddressRules() = default;
    /// Lets those in who are in one of `allowed`, unless there is none, and in none of `denied`.
    AddressRules(std::vector<AddressRange> allowed, std::vector<AddressRange> denied) noexcept;

    [[nodiscard]] bool lets_in_all() const noexcept { return allowed_.empty() && denied_.empty(); }
    /// `peer`: nothing where it has no IP address, or has gone; it is then in no range.
    [[nodiscard]] bool let_in(const std::optional<Address>& peer) const noexcept;

private:
    std::vector<AddressRange> allowed_;
    std::vector<AddressRange> denied_;
};

}  // namespace torc::net
