#pragma once

#include <torc/net/endpoint.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace torc::net {

/// What a proxy says of the connection that it makes for a client, before the client's bytes: the
/// header of the PROXY protocol, in its text form (version 1) or its binary one (version 2).
/// https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
struct ProxyHeader {
    enum class State : std::uint8_t {
        /// More bytes have to come.
        incomplete,
        malformed,
        parsed,
    };
    State state = State::incomplete;
    /// Of one that was parsed: its length. What follows it is the client's.
    std::size_t bytes = 0;
    /// Who the client is. Nothing: the proxy speaks for itself, as in a health check (LOCAL), or
    /// does not say (UNKNOWN), or the client has no IP address.
    std::optional<Endpoint> client{};
    /// Of one that is malformed: what is wrong, in words for a log.
    std::string_view error{};
};

/// The longest header; a longer one is malformed.
inline constexpr std::size_t proxy_header_bytes_max = 16 + 512;

/// Parses the header that `input` begins with. What version 2 says beside the addresses (TLVs) is
/// skipped, but a CRC32C among it must be right.
[[nodiscard]] ProxyHeader parse_proxy_header(std::string_view input) noexcept;

}  // namespace torc::net
