#include <torc/base/ascii.hpp>
#include <torc/base/assert.hpp>
#include <torc/base/start_error.hpp>
#include <torc/net/endpoint.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <endian.h>
#include <netdb.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>

namespace torc::net {
namespace {

constexpr std::string_view unix_prefix = "unix:";
/// Of a Unix-domain socket's address, what stands before its path.
constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);
constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

struct HostAndPort {
    std::string host;
    std::string port;
};

/// Takes "[::1]:3000" apart. What has neither brackets nor just one colon is a host as a whole.
HostAndPort split_address(const std::string& text, std::uint16_t default_port) {
    HostAndPort place{.host = text, .port = std::to_string(default_port)};
    const std::size_t bracket = text.starts_with('[') ? text.rfind(']') : std::string::npos;
    const std::size_t colon = text.rfind(':');
    if (bracket != std::string::npos && bracket + 1 == text.size()) {
        place.host = text.substr(1, bracket - 1);
    } else if (bracket != std::string::npos && bracket + 1 == colon) {
        place = {.host = text.substr(1, bracket - 1), .port = text.substr(colon + 1)};
    } else if (colon != std::string::npos && text.find(':') == colon) {
        place = {.host = text.substr(0, colon), .port = text.substr(colon + 1)};
    }
    return place;
}

bool is_port(const std::string& text) {
    constexpr unsigned long port_max = 65'535;
    return !text.empty() && std::ranges::all_of(text, is_digit) && text.size() <= 5 &&
           std::stoul(text) <= port_max;
}

/// To the C library, 80 is the address 0.0.0.80.
bool is_number(const std::string& text) {
    return !text.empty() && std::ranges::all_of(text, is_digit);
}

/// Nothing: `host` is no numeric address, or `port` no number of a port.
std::optional<Endpoint> resolve(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    // The C library takes "*" and "" for no name at all, and so for the loopback: not what their
    // user means.
    if (!is_port(port) || host == "*" || host.empty() || is_number(host) ||
        ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list) != 0) {
        return std::nullopt;
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, &::freeaddrinfo);
    return Endpoint(list->ai_addr, list->ai_addrlen);
}

/// Why `text`, which was taken apart as `place`, is none. Throws UsageError.
[[noreturn]] void refuse(const std::string& text, const HostAndPort& place) {
    if (const std::string bracketed = with_brackets(text); !bracketed.empty()) {
        throw UsageError(fmt::format("--address {}: an IPv6 address with a port needs brackets: {}",
                                     text, bracketed));
    }
    if (is_port(text)) {
        throw UsageError(fmt::format(
            "--address {0}: a port alone is no address; give :{0} for that port of all addresses, "
            "or 127.0.0.1:{0} for this machine alone",
            text));
    }
    if (!is_port(place.port) &&
        (place.host.empty() || place.host == "localhost" || resolve(place.host, "0"))) {
        throw UsageError(fmt::format(
            "--address {}: '{}' is not a port; give a number from 0 to 65535", text, place.port));
    }
    throw UsageError(
        fmt::format("--address {}: not an IPv4 or IPv6 address; give one like "
                    "127.0.0.1, 0.0.0.0, ::, [::1]:3000 or unix:/run/torc.sock",
                    text));
}

/// What a user calls `text`, which begins with unix_prefix. Throws UsageError.
Endpoint resolve_unix(const std::string& text) {
    const std::string path = text.substr(unix_prefix.size());
    if (!path.starts_with('/') && !path.starts_with('@')) {
        throw UsageError(
            fmt::format("--address {}: give the whole path, as in unix:/run/torc.sock, or a name "
                        "in the abstract namespace, as in unix:@torc",
                        text));
    }
    const auto endpoint = Endpoint::of_path(path);
    if (!endpoint || path == "@" || path.ends_with('/')) {
        throw UsageError(fmt::format(
            "--address {}: {}", text,
            endpoint ? "this is no name of a socket"
                     : fmt::format("the path of a socket has {} bytes at the most; this one has {}",
                                   path_bytes_max, path.size())));
    }
    return *endpoint;
}

/// Whether an address was meant to have a port, though it is an IPv6 address as a whole: "::1:80".
/// No machine has one of those (RFC 4291, section 2.5.5.1).
bool is_loopback_with_port(const std::string& text) {
    return text.starts_with("::1:") && !with_brackets(text).empty();
}

/// The sockets of one would be in the way of the other's. Throws UsageError.
void require_no_overlap(const std::vector<Endpoint>& endpoints) {
    for (const Endpoint& wide : endpoints) {
        const auto narrow = std::ranges::find_if(
            endpoints, [&wide](const Endpoint& endpoint) { return wide.includes(endpoint); });
        if (narrow != endpoints.end()) {
            throw UsageError(fmt::format("--address: {} includes {}; leave one of them out",
                                         wide.host_and_port(), narrow->host_and_port()));
        }
    }
}

}  // namespace

std::string with_brackets(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) {
        return "";
    }
    const std::string host = text.substr(0, colon);
    const std::string port = text.substr(colon + 1);
    // What has one colon alone is "host:port" as it stands.
    const bool is_ipv6 = host.contains(':') && !host.starts_with('[') && resolve(host, port);
    return is_ipv6 ? fmt::format("[{}]:{}", host, port) : "";
}

Endpoint::Endpoint(const sockaddr* address, socklen_t length) noexcept : length_(length) {
    TORC_ASSERT(length <= sizeof storage_);
    std::memcpy(&storage_, address, length);
}

std::optional<Endpoint> Endpoint::of_path(std::string_view path) noexcept {
    if (path.empty() || path.size() > path_bytes_max) {
        return std::nullopt;
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, std::begin(address.sun_path));
    const bool is_abstract = path.starts_with('@');
    if (is_abstract) {
        address.sun_path[0] = '\0';
    }
    // A path ends with a NUL, as in what getsockname(2) gives; an abstract name with its length.
    const std::size_t length = path_offset + path.size() + (is_abstract ? 0 : 1);
    return Endpoint(reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length));
}

bool Endpoint::is_loopback() const noexcept {
    if (is_unix()) {
        return true;
    }
    if (is_ipv6()) {
        return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr) !=
               0;
    }
    const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(&storage_);
    return (ntohl(ipv4->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
}

bool Endpoint::is_wildcard() const noexcept {
    if (is_ipv6()) {
        return IN6_IS_ADDR_UNSPECIFIED(
                   &reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr) != 0;
    }
    return storage_.ss_family == AF_INET &&
           reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr.s_addr == INADDR_ANY;
}

bool Endpoint::is_link_local() const noexcept {
    return is_ipv6() &&
           IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr) != 0;
}

std::uint64_t Endpoint::network() const noexcept {
    if (is_ipv6()) {
        std::uint64_t prefix = 0;
        const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(&storage_);
        std::memcpy(&prefix, &ipv6->sin6_addr, sizeof prefix);
        return be64toh(prefix);
    }
    if (is_unix()) {
        return 0;
    }
    // A prefix that no IPv6 network has (::/8 is reserved, RFC 4291 §4).
    constexpr std::uint64_t ipv4_prefix = std::uint64_t{1} << 32U;
    const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(&storage_);
    return ipv4_prefix | ntohl(ipv4->sin_addr.s_addr);
}

std::uint16_t Endpoint::port() const noexcept {
    if (is_unix()) {
        return 0;
    }
    return ntohs(is_ipv6() ? reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port
                           : reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
}

void Endpoint::set_port(std::uint16_t port) noexcept {
    if (is_unix()) {
        return;
    }
    if (is_ipv6()) {
        reinterpret_cast<sockaddr_in6*>(&storage_)->sin6_port = htons(port);
    } else {
        reinterpret_cast<sockaddr_in*>(&storage_)->sin_port = htons(port);
    }
}

std::string Endpoint::path() const {
    if (length_ <= path_offset) {
        return "";
    }
    const auto* const address = reinterpret_cast<const sockaddr_un*>(&storage_);
    std::string path(std::begin(address->sun_path), length_ - path_offset);
    if (path.starts_with('\0')) {
        path.front() = '@';
        return path;
    }
    return path.substr(0, path.find('\0'));
}

std::string Endpoint::host() const {
    if (is_unix()) {
        return std::string(unix_prefix) + path();
    }
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(address(), length_, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) !=
        0) {
        return "?";
    }
    return text.data();
}

std::string Endpoint::host_and_port() const {
    if (is_unix()) {
        return host();
    }
    return is_ipv6() ? fmt::format("[{}]:{}", host(), port())
                     : fmt::format("{}:{}", host(), port());
}

std::string Endpoint::url() const {
    return is_unix() ? host() : fmt::format("http://{}/", host_and_port());
}

bool Endpoint::operator==(const Endpoint& other) const noexcept {
    return length_ == other.length_ && std::memcmp(&storage_, &other.storage_, length_) == 0;
}

bool Endpoint::includes(const Endpoint& other) const noexcept {
    return is_wildcard() && !other.is_wildcard() && is_ipv6() == other.is_ipv6() &&
           port() == other.port();
}

std::vector<Endpoint> resolve_addresses(const std::vector<std::string>& addresses,
                                        std::uint16_t port) {
    std::vector<Endpoint> endpoints;
    const auto add = [&endpoints](const Endpoint& endpoint) {
        if (std::ranges::find(endpoints, endpoint) == endpoints.end()) {
            endpoints.push_back(endpoint);
        }
    };
    for (const std::string& text : addresses) {
        if (text.starts_with(unix_prefix)) {
            add(resolve_unix(text));
            continue;
        }
        const HostAndPort place = split_address(text, port);
        std::vector<std::string> hosts = {place.host};
        if (place.host == "localhost") {
            hosts = {"127.0.0.1", "::1"};
        } else if (place.host.empty() && text.starts_with(':')) {
            hosts = {"0.0.0.0", "::"};
        }
        for (const std::string& host : hosts) {
            const auto endpoint = resolve(host, place.port);
            if (!endpoint || is_loopback_with_port(text)) {
                refuse(text, place);
            }
            add(*endpoint);
        }
    }
    require_no_overlap(endpoints);
    return endpoints;
}

}  // namespace torc::net
