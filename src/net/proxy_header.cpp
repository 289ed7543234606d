#include <torc/base/ascii.hpp>
#include <torc/net/address_range.hpp>
#include <torc/net/proxy_header.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <system_error>

namespace torc::net {
namespace {

using State = ProxyHeader::State;

// Version 1: a line.
constexpr std::string_view text_signature = "PROXY ";
constexpr std::string_view line_end = "\r\n";
/// With its line end.
constexpr std::size_t line_bytes_max = 107;

// Version 2: a fixed part, and as many bytes as it says.
constexpr std::string_view binary_signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t fixed_bytes = 16;
constexpr std::size_t rest_bytes_max = proxy_header_bytes_max - fixed_bytes;
constexpr std::size_t command_offset = 12;
constexpr std::size_t family_offset = 13;
constexpr std::size_t length_offset = 14;

constexpr ProxyHeader malformed(std::string_view error) noexcept {
    return {.state = State::malformed, .error = error};
}

std::uint8_t octet(std::string_view text, std::size_t index) noexcept {
    return static_cast<std::uint8_t>(text[index]);
}

/// Of two octets, the most significant first.
std::size_t number_at(std::string_view text, std::size_t index) noexcept {
    return static_cast<std::size_t>(octet(text, index)) << 8U | octet(text, index + 1);
}

/// Whether one is a beginning of the other.
bool may_become(std::string_view input, std::string_view signature) noexcept {
    const std::size_t bytes = std::min(input.size(), signature.size());
    return input.substr(0, bytes) == signature.substr(0, bytes);
}

Endpoint ipv4_endpoint(const char* address, std::uint16_t port) noexcept {
    sockaddr_in endpoint{};
    endpoint.sin_family = AF_INET;
    endpoint.sin_port = htons(port);
    std::memcpy(&endpoint.sin_addr, address, sizeof endpoint.sin_addr);
    return {reinterpret_cast<const sockaddr*>(&endpoint), sizeof endpoint};
}

Endpoint ipv6_endpoint(const char* address, std::uint16_t port) noexcept {
    sockaddr_in6 endpoint{};
    endpoint.sin6_family = AF_INET6;
    endpoint.sin6_port = htons(port);
    std::memcpy(&endpoint.sin6_addr, address, sizeof endpoint.sin6_addr);
    return {reinterpret_cast<const sockaddr*>(&endpoint), sizeof endpoint};
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, port);
    const bool has_leading_zero = text.size() > 1 && text.front() == '0';
    return !text.empty() && error == std::errc() && after == end && !has_leading_zero
               ? std::optional(port)
               : std::nullopt;
}

/// In numeric form, of the family alone; the four or sixteen octets go to `octets`.
bool parse_address(int family, std::string_view text,
                   std::array<char, sizeof(in6_addr)>& octets) noexcept {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    // inet_pton(3) would stop at a NUL within.
    if (text.size() >= terminated.size() || text.contains('\0')) {
        return false;
    }
    std::ranges::copy(text, terminated.begin());
    return ::inet_pton(family, terminated.data(), octets.data()) == 1;
}

/// The addresses and ports behind "PROXY TCP4 ", of the client and then of the proxy.
std::optional<Endpoint> parse_client(int family, std::string_view text) noexcept {
    std::array<std::string_view, 4> parts;
    for (std::size_t index = 0; index < parts.size(); ++index) {
        const std::size_t space = text.find(' ');
        const bool is_last = index + 1 == parts.size();
        if ((space == std::string_view::npos) != is_last) {
            return std::nullopt;
        }
        parts[index] = text.substr(0, space);
        text.remove_prefix(is_last ? text.size() : space + 1);
    }
    std::array<char, sizeof(in6_addr)> client{};
    std::array<char, sizeof(in6_addr)> own{};
    const auto port = parse_port(parts[2]);
    if (!parse_address(family, parts[0], client) || !parse_address(family, parts[1], own) ||
        !port || !parse_port(parts[3])) {
        return std::nullopt;
    }
    return family == AF_INET ? ipv4_endpoint(client.data(), *port)
                             : ipv6_endpoint(client.data(), *port);
}

ProxyHeader parse_text(std::string_view input) noexcept {
    const std::string_view possible = input.substr(0, line_bytes_max);
    const std::size_t end = possible.find(line_end);
    if (end == std::string_view::npos) {
        return possible.size() == line_bytes_max ? malformed("its line is longer than 107 bytes")
                                                 : ProxyHeader{};
    }
    ProxyHeader header{.state = State::parsed, .bytes = end + line_end.size()};
    std::string_view line = possible.substr(text_signature.size(), end - text_signature.size());
    constexpr std::string_view unknown = "UNKNOWN";
    if (line == unknown || line.starts_with("UNKNOWN ")) {
        return header;  // What else is in the line counts for nothing.
    }
    const bool is_ipv6 = line.starts_with("TCP6 ");
    if (!is_ipv6 && !line.starts_with("TCP4 ")) {
        return malformed("its line names none of TCP4, TCP6 and UNKNOWN");
    }
    line.remove_prefix(std::string_view("TCP4 ").size());
    header.client = parse_client(is_ipv6 ? AF_INET6 : AF_INET, line);
    return header.client ? header : malformed("its line has no two addresses and ports");
}

/// Of the polynomial 0x1EDC6F41, reflected (RFC 3720 §B.4). `octets`: more of what it is of.
class Crc32c {
public:
    void add(std::string_view octets) noexcept {
        for (std::size_t index = 0; index < octets.size(); ++index) {
            value_ ^= octet(octets, index);
            for (int bit = 0; bit < 8; ++bit) {
                value_ = value_ >> 1U ^ ((value_ & 1U) != 0 ? reflected_polynomial : 0U);
            }
        }
    }
    [[nodiscard]] std::uint32_t value() const noexcept { return ~value_; }

private:
    static constexpr std::uint32_t reflected_polynomial = 0x82F6'3B78;

    std::uint32_t value_ = 0xffff'ffff;
};

/// Looks at what follows the addresses, from `offset` of `header` on: types, lengths and values.
/// Gives what is wrong with it; empty: nothing.
std::string_view check_extensions(std::string_view header, std::size_t offset) noexcept {
    constexpr std::size_t prefix_bytes = 3;
    constexpr std::uint8_t type_crc32c = 0x03;
    constexpr std::size_t crc_bytes = 4;
    while (offset < header.size()) {
        if (header.size() - offset < prefix_bytes) {
            return "it ends within an extension";
        }
        const std::uint8_t type = octet(header, offset);
        const std::size_t bytes = number_at(header, offset + 1);
        offset += prefix_bytes;
        if (bytes > header.size() - offset) {
            return "it ends within an extension";
        }
        if (type == type_crc32c) {
            if (bytes != crc_bytes) {
                return "its checksum is not of four bytes";
            }
            Crc32c crc;
            crc.add(header.substr(0, offset));
            crc.add(std::string_view("\0\0\0\0", crc_bytes));
            crc.add(header.substr(offset + crc_bytes));
            const std::uint32_t said = static_cast<std::uint32_t>(number_at(header, offset))
                                           << 16U |
                                       static_cast<std::uint32_t>(number_at(header, offset + 2));
            if (said != crc.value()) {
                return "its checksum is wrong";
            }
        }
        offset += bytes;
    }
    return {};
}

/// How the addresses of a connection are written, by its family and transport.
struct AddressForm {
    int family;
    std::size_t address_bytes;

    [[nodiscard]] std::size_t bytes() const noexcept {
        return family == AF_UNIX ? 2 * address_bytes : 2 * address_bytes + 4;
    }
};

std::optional<AddressForm> form_of(std::uint8_t family) noexcept {
    constexpr std::size_t unix_path_bytes = 108;
    switch (family) {
        case 0x11:
            return AddressForm{.family = AF_INET, .address_bytes = sizeof(in_addr)};
        case 0x21:
            return AddressForm{.family = AF_INET6, .address_bytes = sizeof(in6_addr)};
        case 0x31:
            return AddressForm{.family = AF_UNIX, .address_bytes = unix_path_bytes};
        case 0x00:
            return AddressForm{.family = AF_UNSPEC, .address_bytes = 0};
        default:
            return std::nullopt;
    }
}

/// `header`: all of it.
ProxyHeader parse_whole_binary(std::string_view header) noexcept {
    constexpr std::uint8_t version_and_local = 0x20;
    constexpr std::uint8_t version_and_proxy = 0x21;
    ProxyHeader parsed{.state = State::parsed, .bytes = header.size()};
    const std::uint8_t command = octet(header, command_offset);
    if (command != version_and_local && command != version_and_proxy) {
        return malformed("its version or its command is unknown");
    }
    const auto form = form_of(octet(header, family_offset));
    if (command == version_and_local || (form && form->family == AF_UNSPEC)) {
        // Whatever it says of addresses counts for nothing.
        return parsed;
    }
    if (!form) {
        return malformed("its connection is of no stream that torc knows");
    }
    if (header.size() - fixed_bytes < form->bytes()) {
        return malformed("it is shorter than its addresses");
    }
    const std::string_view error = check_extensions(header, fixed_bytes + form->bytes());
    if (!error.empty()) {
        return malformed(error);
    }
    const std::string_view addresses = header.substr(fixed_bytes);
    if (form->family != AF_UNIX) {
        const auto port = static_cast<std::uint16_t>(number_at(addresses, 2 * form->address_bytes));
        parsed.client = form->family == AF_INET ? ipv4_endpoint(addresses.data(), port)
                                                : ipv6_endpoint(addresses.data(), port);
    }
    return parsed;
}

ProxyHeader parse_binary(std::string_view input) noexcept {
    if (input.size() < fixed_bytes) {
        return {};
    }
    const std::size_t rest_bytes = number_at(input, length_offset);
    if (rest_bytes > rest_bytes_max) {
        return malformed("it is longer than 528 bytes");
    }
    return input.size() < fixed_bytes + rest_bytes
               ? ProxyHeader{}
               : parse_whole_binary(input.substr(0, fixed_bytes + rest_bytes));
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view input) noexcept {
    if (may_become(input, binary_signature)) {
        return parse_binary(input);
    }
    if (may_become(input, text_signature)) {
        return parse_text(input);
    }
    return malformed("what came is no PROXY header");
}

}  // namespace torc::net
