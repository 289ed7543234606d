#include <torc/base/ascii.hpp>
#include <torc/net/address_range.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <utility>

namespace torc::net {
namespace {

constexpr unsigned address_bits = 128;
constexpr unsigned ipv4_bits = 32;
/// Of an IPv4 address mapped into IPv6.
constexpr unsigned mapped_bits = address_bits - ipv4_bits;
constexpr std::size_t mapped_bytes = mapped_bits / 8;
constexpr std::array<std::uint8_t, mapped_bytes> mapped_prefix = {0, 0, 0, 0, 0,    0,
                                                                  0, 0, 0, 0, 0xff, 0xff};

constexpr std::string_view examples = "give one like 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32";

/// The bits of the byte at `index` that are among the first `bits`.
constexpr std::uint8_t mask_of(std::size_t index, unsigned bits) noexcept {
    const auto before = static_cast<unsigned>(8 * index);
    const unsigned wanted = bits <= before ? 0 : std::min(bits - before, 8U);
    return static_cast<std::uint8_t>(0xff00U >> wanted);
}

std::optional<unsigned> parse_bits(std::string_view text) noexcept {
    unsigned bits = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, bits);
    const bool is_number = !text.empty() && std::ranges::all_of(text, is_digit);
    return is_number && error == std::errc() && stop == end ? std::optional(bits) : std::nullopt;
}

bool contains(const std::vector<AddressRange>& ranges,
              const std::optional<Address>& peer) noexcept {
    return peer && std::ranges::any_of(
                       ranges, [&](const AddressRange& range) { return range.contains(*peer); });
}

}  // namespace

std::optional<Address> Address::of(const Endpoint& endpoint) noexcept {
    Bytes bytes{};
    if (endpoint.is_ipv6()) {
        const auto* const ipv6 = reinterpret_cast<const sockaddr_in6*>(endpoint.address());
        std::memcpy(bytes.data(), &ipv6->sin6_addr, bytes.size());
        return Address(bytes);
    }
    if (endpoint.address()->sa_family != AF_INET) {
        return std::nullopt;
    }
    const auto* const ipv4 = reinterpret_cast<const sockaddr_in*>(endpoint.address());
    std::ranges::copy(mapped_prefix, bytes.begin());
    std::memcpy(bytes.data() + mapped_bytes, &ipv4->sin_addr, sizeof ipv4->sin_addr);
    return Address(bytes);
}

std::optional<Address> Address::parse(std::string_view text) noexcept {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size()) {
        return std::nullopt;
    }
    std::ranges::copy(text, terminated.begin());
    Bytes bytes{};
    if (::inet_pton(AF_INET, terminated.data(), bytes.data() + mapped_bytes) == 1) {
        std::ranges::copy(mapped_prefix, bytes.begin());
        return Address(bytes);
    }
    if (::inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) {
        return Address(bytes);
    }
    return std::nullopt;
}

bool Address::is_ipv4() const noexcept {
    return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes_.begin());
}

std::uint64_t Address::network() const noexcept {
    // Those of IPv4 have a prefix that no IPv6 network has, see Endpoint::network.
    std::uint64_t number = is_ipv4() ? 1 : 0;
    const std::size_t begin = is_ipv4() ? mapped_bytes : 0;
    const std::size_t end = is_ipv4() ? bytes_.size() : sizeof number;
    for (std::size_t index = begin; index < end; ++index) {
        number = number << 8U | bytes_[index];
    }
    return number;
}

std::string Address::text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool is_mapped = is_ipv4();
    ::inet_ntop(is_mapped ? AF_INET : AF_INET6, bytes_.data() + (is_mapped ? mapped_bytes : 0),
                text.data(), text.size());
    return text.data();
}

AddressRange::AddressRange(const Address& first, unsigned bits) noexcept
    : first_(first), bits_(bits) {
    for (std::size_t index = 0; index < first_.bytes_.size(); ++index) {
        first_.bytes_[index] &= mask_of(index, bits);
    }
}

std::expected<AddressRange, std::string> AddressRange::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = Address::parse(text.substr(0, slash));
    if (!address) {
        return std::unexpected(
            fmt::format("'{}' is no network of IPv4 or IPv6 addresses; {}", text, examples));
    }
    // Those of a mapped address are counted as its user writes it: in IPv6 notation they are 128.
    const bool is_ipv4 = address->is_ipv4() && !text.substr(0, slash).contains(':');
    const unsigned bits_max = is_ipv4 ? ipv4_bits : address_bits;
    const auto bits =
        slash == std::string_view::npos ? bits_max : parse_bits(text.substr(slash + 1));
    if (!bits || *bits > bits_max) {
        return std::unexpected(
            fmt::format("'{}': behind the slash is how many bits name the "
                        "network, from 0 to {}",
                        text, bits_max));
    }
    const AddressRange range(*address, is_ipv4 ? *bits + mapped_bits : *bits);
    if (range.first_ != *address) {
        return std::unexpected(fmt::format("'{}' has bits behind the first {}; the network is {}",
                                           text, *bits, range.text()));
    }
    return range;
}

bool AddressRange::is_ipv4() const noexcept {
    return bits_ >= mapped_bits && first_.is_ipv4();
}

bool AddressRange::contains(const Address& address) const noexcept {
    // By "::/0" all of IPv6 is meant, though all of IPv4 is mapped into it.
    if (address.is_ipv4() != is_ipv4()) {
        return false;
    }
    for (std::size_t index = 0; index < address.bytes_.size(); ++index) {
        if ((address.bytes_[index] & mask_of(index, bits_)) != first_.bytes_[index]) {
            return false;
        }
    }
    return true;
}

std::string AddressRange::text() const {
    return fmt::format("{}/{}", first_.text(), is_ipv4() ? bits_ - mapped_bits : bits_);
}

bool TrustedPeers::includes(const std::optional<Address>& peer) const noexcept {
    return peer ? contains(networks, peer) : includes_unix;
}

AddressRules::AddressRules(std::vector<AddressRange> allowed,
                           std::vector<AddressRange> denied) noexcept
    : allowed_(std::move(allowed)), denied_(std::move(denied)) {}

bool AddressRules::let_in(const std::optional<Address>& peer) const noexcept {
    return (allowed_.empty() || contains(allowed_, peer)) && !contains(denied_, peer);
}

}  // namespace torc::net
