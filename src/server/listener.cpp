#include <torc/base/ascii.hpp>
#include <torc/base/assert.hpp>
#include <torc/server/listener.hpp>
#include <torc/server/start_error.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace torc::server {
namespace {

/// With port 0: how many free ports of the first address are tried for one that is free on all.
constexpr int free_port_attempts_max = 32;

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
    // Accepted sockets inherit it.
    set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    // A connection is handed over with its first request, not before: one turn of the loop and one
    // wake-up less for each. After a second without any it is handed over all the same.
    set_option(socket.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, silent_seconds_max);
    return socket;
}

/// Whether the endpoint is to be this process's alone or is its already.
enum class Claim : std::uint8_t { exclusive, shared };

/// A listening socket that is a member of its endpoint's SO_REUSEPORT group.
///
/// The order of the calls keeps two processes from getting one endpoint. Two sockets with
/// SO_REUSEADDR may both be bound, as long as neither listens, so bind(2) claims nothing. listen(2)
/// does: it looks at the endpoint's sockets again, under the lock of the port, and fails if another
/// one listens, unless both have SO_REUSEPORT. The first socket therefore gets that only once it
/// listens, and no stranger's first socket has it when it asks. (Two that ask at the same instant
/// may both be refused; each then tries again.)
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

/// Nothing: `host` is no numeric address, or `port` no number of a port.
std::optional<Endpoint> resolve(const std::string& host, const std::string& port) {
    constexpr unsigned long port_max = 65'535;
    const bool is_number = !port.empty() && std::ranges::all_of(port, is_digit) &&
                           port.size() <= 5 && std::stoul(port) <= port_max;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    // The C library takes "*" and "" for no name at all, and so for the loopback: not what their
    // user means.
    if (!is_number || host == "*" || host.empty() ||
        ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list) != 0) {
        return std::nullopt;
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, &::freeaddrinfo);
    return Endpoint(list->ai_addr, list->ai_addrlen);
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

/// The first socket of an endpoint.
struct FirstListener {
    Endpoint endpoint;
    UniqueFd socket;
};

/// Claims an endpoint that nobody listens on; gives it with the port filled in.
Result<FirstListener> claim(const Endpoint& endpoint) noexcept {
    auto socket = listen_on(endpoint, Claim::exclusive);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::getsockname(socket->get(), reinterpret_cast<sockaddr*>(&storage), &length) < 0) {
        return std::unexpected(Errno::last());
    }
    return FirstListener{.endpoint = Endpoint(reinterpret_cast<const sockaddr*>(&storage), length),
                         .socket = *std::move(socket)};
}

std::string explain(const Endpoint& endpoint, Errno error) {
    const std::string place = endpoint.host_and_port();
    switch (error.value()) {
        case EADDRINUSE:
            return fmt::format(
                "can't listen on {}: the port is in use; choose another with --port, or --port 0 "
                "for any that is free",
                place);
        case EACCES:
            return fmt::format(
                "can't listen on {}: ports below 1024 need CAP_NET_BIND_SERVICE; use a higher "
                "--port, or config/torc.service, which grants it",
                place);
        case EADDRNOTAVAIL:
            return fmt::format(
                "can't listen on {}: this machine does not have that address; see `ip address`",
                place);
        case EAFNOSUPPORT:
            return fmt::format(
                "can't listen on {}: this machine has no IPv6; give --address with an IPv4 address",
                place);
        default:
            return fmt::format("can't listen on {}: {}", place, error.message());
    }
}

/// Whether the machine does not have the address at all.
bool is_absent(Errno error) noexcept {
    return error == Errno(EAFNOSUPPORT) || error == Errno(EADDRNOTAVAIL);
}

/// Whether an endpoint stands for "and by IPv6 too": it may be left out on a machine without IPv6.
bool is_ipv6_companion(const Endpoint& endpoint, const std::vector<Endpoint>& wanted) {
    return endpoint.is_ipv6() && (endpoint.is_wildcard() || endpoint.is_loopback()) &&
           !std::ranges::all_of(wanted, &Endpoint::is_ipv6);
}

/// Claims every endpoint, with the same port. Leaves out those that the machine does not have, if
/// nobody asked for them (`is_default`) or others do. After an error, `failed` is the endpoint that
/// it is about.
Result<std::vector<FirstListener>> claim_all(const std::vector<Endpoint>& wanted, bool is_default,
                                             Endpoint& failed) {
    std::vector<FirstListener> claimed;
    for (Endpoint endpoint : wanted) {
        if (endpoint.port() == 0 && !claimed.empty()) {
            endpoint.set_port(claimed.front().endpoint.port());
        }
        auto first = claim(endpoint);
        if (first) {
            claimed.push_back(*std::move(first));
            continue;
        }
        const bool may_skip = is_default || is_ipv6_companion(endpoint, wanted);
        if (!may_skip || !is_absent(first.error())) {
            failed = endpoint;
            return std::unexpected(first.error());
        }
    }
    return claimed;
}

/// Claims every endpoint. Throws StartError.
std::vector<FirstListener> claim_free(const std::vector<Endpoint>& wanted, bool is_default,
                                      const WaitForPort& wait_for_port) {
    Endpoint failed;
    auto claimed = claim_all(wanted, is_default, failed);
    // With port 0 any free port: one that is free on the first address may be taken on another.
    int attempts = 1;
    const auto may_try_again = [&] {
        return wanted.front().port() == 0 ? attempts++ < free_port_attempts_max
                                          : wait_for_port(failed);
    };
    while (!claimed && claimed.error() == Errno(EADDRINUSE) && may_try_again()) {
        claimed = claim_all(wanted, is_default, failed);
    }
    if (!claimed) {
        throw StartError(explain(failed, claimed.error()));
    }
    if (claimed->empty()) {
        throw StartError("this machine has no loopback address; give --address");
    }
    if (!is_default && claimed->size() < wanted.size()) {
        spdlog::warn("this machine has no IPv6: listening on IPv4 alone");
    }
    return *std::move(claimed);
}

}  // namespace

Endpoint::Endpoint(const sockaddr* address, socklen_t length) noexcept : length_(length) {
    TORC_ASSERT(length <= sizeof storage_);
    std::memcpy(&storage_, address, length);
}

bool Endpoint::is_loopback() const noexcept {
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
    return reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr.s_addr == INADDR_ANY;
}

bool Endpoint::is_link_local() const noexcept {
    return is_ipv6() &&
           IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr) != 0;
}

std::uint16_t Endpoint::port() const noexcept {
    return ntohs(is_ipv6() ? reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port
                           : reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
}

void Endpoint::set_port(std::uint16_t port) noexcept {
    if (is_ipv6()) {
        reinterpret_cast<sockaddr_in6*>(&storage_)->sin6_port = htons(port);
    } else {
        reinterpret_cast<sockaddr_in*>(&storage_)->sin_port = htons(port);
    }
}

std::string Endpoint::host() const {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(address(), length_, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) !=
        0) {
        return "?";
    }
    return text.data();
}

std::string Endpoint::host_and_port() const {
    return is_ipv6() ? fmt::format("[{}]:{}", host(), port())
                     : fmt::format("{}:{}", host(), port());
}

std::string Endpoint::url() const {
    return fmt::format("http://{}/", host_and_port());
}

bool Endpoint::operator==(const Endpoint& other) const noexcept {
    return length_ == other.length_ && std::memcmp(&storage_, &other.storage_, length_) == 0;
}

bool Endpoint::includes(const Endpoint& other) const noexcept {
    return is_wildcard() && !other.is_wildcard() && is_ipv6() == other.is_ipv6() &&
           port() == other.port();
}

Result<Endpoint> peer_of(int socket) noexcept {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &length) < 0) {
        return std::unexpected(Errno::last());
    }
    return Endpoint(reinterpret_cast<const sockaddr*>(&storage), length);
}

void show_silent_connections(int listener) noexcept {
    set_option(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0);
}

void ignore_new_connections(int listener) noexcept {
    // A filter of a listener sees what comes to it, from the TCP header on: the SYNs, and the ACKs
    // that end a handshake.
    constexpr std::uint32_t flags_offset = 13;
    constexpr std::uint32_t syn = 0x02;
    constexpr std::uint32_t ack = 0x10;
    constexpr std::uint32_t whole_packet = 0xffff'ffff;
    std::array filter = {
        sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_offset),
        sock_filter BPF_STMT(BPF_ALU | BPF_AND | BPF_K, syn | ack),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syn, 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, 0),
        sock_filter BPF_STMT(BPF_RET | BPF_K, whole_packet),
    };
    const sock_fprog program{.len = filter.size(), .filter = filter.data()};
    // Without it the drain works all the same, but may reset who comes in its last moment.
    [[maybe_unused]] const int result =
        ::setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

std::vector<Endpoint> resolve_addresses(const std::vector<std::string>& addresses,
                                        std::uint16_t port) {
    std::vector<Endpoint> endpoints;
    for (const std::string& text : addresses) {
        const HostAndPort place = split_address(text, port);
        std::vector<std::string> hosts = {place.host};
        if (place.host == "localhost") {
            hosts = {"127.0.0.1", "::1"};
        } else if (place.host.empty() && text.starts_with(':')) {
            hosts = {"0.0.0.0", "::"};
        }
        for (const std::string& host : hosts) {
            const auto endpoint = resolve(host, place.port);
            if (!endpoint) {
                throw UsageError(
                    fmt::format("--address {}: not an IPv4 or IPv6 address; give one like "
                                "127.0.0.1, 0.0.0.0, :: or [::1]:3000",
                                text));
            }
            if (std::ranges::find(endpoints, *endpoint) == endpoints.end()) {
                endpoints.push_back(*endpoint);
            }
        }
    }
    require_no_overlap(endpoints);
    return endpoints;
}

Listeners::Listeners(const std::vector<std::string>& addresses, std::uint16_t port,
                     unsigned workers, const WaitForPort& wait_for_port) {
    const bool is_default = addresses.empty();
    const auto wanted =
        resolve_addresses(is_default ? std::vector<std::string>{"localhost"} : addresses, port);
    std::vector<UniqueFd> first_sockets;
    for (FirstListener& first : claim_free(wanted, is_default, wait_for_port)) {
        endpoints_.push_back(first.endpoint);
        first_sockets.push_back(std::move(first.socket));
    }
    sockets_.emplace_back(std::move(first_sockets));
    for (unsigned worker = 1; worker < workers; ++worker) {
        std::vector<UniqueFd> sockets;
        for (const Endpoint& endpoint : endpoints_) {
            auto socket = listen_on(endpoint, Claim::shared);
            // A stranger's listen(2) that is about to fail is in the way for that moment.
            while (!socket && socket.error() == Errno(EADDRINUSE) && wait_for_port(endpoint)) {
                socket = listen_on(endpoint, Claim::shared);
            }
            if (!socket) {
                throw StartError(explain(endpoint, socket.error()));
            }
            sockets.push_back(*std::move(socket));
        }
        sockets_.emplace_back(std::move(sockets));
    }
}

}  // namespace torc::server
