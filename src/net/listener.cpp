#include <torc/base/start_error.hpp>
#include <torc/net/listener.hpp>

#include <fmt/format.h>

#include <netinet/tcp.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <utility>

namespace torc::net {
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

/// The first socket of an endpoint.
struct FirstListener {
    Endpoint endpoint;
    UniqueFd socket;
};

/// Claims an endpoint; gives it with the port filled in.
Result<FirstListener> claim(const Endpoint& endpoint, Claim claim) noexcept {
    auto socket = listen_on(endpoint, claim);
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

std::string explain(const Endpoint& endpoint, Errno error, Wording wording) {
    const std::string place = endpoint.host_and_port();
    const bool has_keys = wording == Wording::keys;
    switch (error.value()) {
        case EADDRINUSE:
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
                place, has_keys ? "one in server.listen, server.port or --port" : "--port");
        case EADDRNOTAVAIL: {
            const std::string bracketed = endpoint.is_ipv6() ? with_brackets(endpoint.host()) : "";
            return fmt::format(
                "can't listen on {}: this machine does not have that address; see `ip address`{}",
                place, bracketed.empty() ? "" : fmt::format(", or did you mean {}?", bracketed));
        }
        case EAFNOSUPPORT:
            return fmt::format(
                "can't listen on {}: this machine has no IPv6; give {} with an IPv4 address", place,
                has_keys ? "server.listen or --address" : "--address");
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

/// Who chose the addresses to listen on.
enum class ChosenBy : std::uint8_t { torc, user };

bool contains(const std::vector<Endpoint>& endpoints, const Endpoint& endpoint) noexcept {
    return std::ranges::find(endpoints, endpoint) != endpoints.end();
}

/// How an endpoint is to be claimed.
using FindClaim = std::function<Claim(const Endpoint&)>;

/// Endpoints to be claimed.
struct Wanted {
    std::vector<Endpoint> endpoints;
    /// Those among all that the user wants.
    std::vector<Endpoint> all;
    ChosenBy chosen_by;
    FindClaim find_claim;
    Wording wording;
};

/// Claims every endpoint, with the same port. Leaves out those that the machine does not have, if
/// no user chose them or they are IPv6 companions. After an error, `failed` is the endpoint that it
/// is about.
Result<std::vector<FirstListener>> claim_all(const Wanted& wanted, Endpoint& failed) {
    std::vector<FirstListener> claimed;
    for (Endpoint endpoint : wanted.endpoints) {
        if (endpoint.port() == 0 && !claimed.empty()) {
            endpoint.set_port(claimed.front().endpoint.port());
        }
        auto first = claim(endpoint, wanted.find_claim(endpoint));
        if (first) {
            claimed.push_back(*std::move(first));
            continue;
        }
        const bool may_skip =
            wanted.chosen_by == ChosenBy::torc || is_ipv6_companion(endpoint, wanted.all);
        if (!may_skip || !is_absent(first.error())) {
            failed = endpoint;
            return std::unexpected(first.error());
        }
    }
    return claimed;
}

/// The same; tries again where a port is taken. Throws StartError.
std::vector<FirstListener> claim_all_or_throw(const Wanted& wanted,
                                              const WaitForPort& wait_for_port) {
    Endpoint failed;
    auto claimed = claim_all(wanted, failed);
    // With port 0 any free port: one that is free on the first address may be taken on another.
    int attempts = 1;
    const auto may_try_again = [&] {
        return wanted.endpoints.front().port() == 0 ? attempts++ < free_port_attempts_max
                                                    : wait_for_port(failed);
    };
    while (!claimed && claimed.error() == Errno(EADDRINUSE) && may_try_again()) {
        claimed = claim_all(wanted, failed);
    }
    if (!claimed) {
        throw StartError(explain(failed, claimed.error(), wanted.wording));
    }
    return *std::move(claimed);
}

/// The sockets of all workers that listen on the endpoint of `first`. Throws StartError.
std::vector<UniqueFd> complete_group(FirstListener first, unsigned workers,
                                     const WaitForPort& wait_for_port, Wording wording) {
    std::vector<UniqueFd> sockets;
    sockets.push_back(std::move(first.socket));
    while (sockets.size() < workers) {
        auto socket = listen_on(first.endpoint, Claim::shared);
        // A stranger's listen(2) that is about to fail is in the way for that moment.
        while (!socket && socket.error() == Errno(EADDRINUSE) && wait_for_port(first.endpoint)) {
            socket = listen_on(first.endpoint, Claim::shared);
        }
        if (!socket) {
            throw StartError(explain(first.endpoint, socket.error(), wording));
        }
        sockets.push_back(*std::move(socket));
    }
    return sockets;
}

/// Throws StartError where every endpoint was left out.
void require_some(const std::vector<Endpoint>& endpoints) {
    if (endpoints.empty()) {
        throw StartError("this machine has no loopback address; give --address");
    }
}

ChosenBy who_chose(const std::vector<std::string>& addresses) noexcept {
    return addresses.empty() ? ChosenBy::torc : ChosenBy::user;
}

std::vector<Endpoint> resolve(const std::vector<std::string>& addresses, std::uint16_t port) {
    return resolve_addresses(addresses.empty() ? std::vector<std::string>{"localhost"} : addresses,
                             port);
}

}  // namespace

Listeners::Listeners(const std::vector<std::string>& addresses, std::uint16_t port,
                     unsigned workers, const WaitForPort& wait_for_port, Wording wording)
    : wording_(wording), addresses_(addresses), port_(port) {
    const std::vector<Endpoint> wanted = resolve(addresses, port);
    std::vector<std::vector<UniqueFd>> by_worker(workers);
    const Wanted all{.endpoints = wanted,
                     .all = wanted,
                     .chosen_by = who_chose(addresses),
                     .find_claim = [](const Endpoint&) { return Claim::exclusive; },
                     .wording = wording};
    for (FirstListener& first : claim_all_or_throw(all, wait_for_port)) {
        const Endpoint& endpoint = endpoints_.emplace_back(first.endpoint);
        places_.push_back({.endpoint = endpoint});
        if (!contains(wanted, endpoint)) {
            free_port_ = endpoint.port();
        }
        auto sockets = complete_group(std::move(first), workers, wait_for_port, wording);
        for (unsigned worker = 0; worker < workers; ++worker) {
            by_worker[worker].push_back(std::move(sockets[worker]));
        }
    }
    require_some(endpoints_);
    lacks_ipv6_ = who_chose(addresses) == ChosenBy::user && endpoints_.size() < wanted.size();
    for (std::vector<UniqueFd>& sockets : by_worker) {
        sockets_.emplace_back(std::move(sockets));
    }
}

bool Listeners::is_free(std::size_t index) const noexcept {
    return std::ranges::all_of(
        sockets_, [&](const ListeningSockets& sockets) { return sockets.is_free(index); });
}

bool Listeners::overlaps(const Endpoint& endpoint) const noexcept {
    for (std::size_t index = 0; index < places_.size(); ++index) {
        const Endpoint& ours = places_[index].endpoint;
        const bool is_overlap =
            ours == endpoint || ours.includes(endpoint) || endpoint.includes(ours);
        if (is_overlap && !is_free(index)) {
            return true;
        }
    }
    return false;
}

Listeners::Change Listeners::prepare(const std::vector<std::string>& addresses,
                                     std::uint16_t port) const {
    Change change{.addresses = addresses, .port = port};
    if (addresses == addresses_ && port == port_) {
        change.endpoints = endpoints_;
        change.lacks_ipv6 = lacks_ipv6_;
        change.free_port = free_port_;
        return change;
    }
    const std::vector<Endpoint> wanted = resolve(addresses, port == 0 ? free_port_ : port);
    // What the process has already it may share with itself: all addresses, and one of them.
    Wanted missing{.endpoints = {},
                   .all = wanted,
                   .chosen_by = who_chose(addresses),
                   .find_claim =
                       [this](const Endpoint& endpoint) {
                           return overlaps(endpoint) ? Claim::shared : Claim::exclusive;
                       },
                   .wording = wording_};
    for (const Endpoint& endpoint : wanted) {
        (is_in_use(endpoint) ? change.endpoints : missing.endpoints).push_back(endpoint);
    }
    change.free_port = port == 0 ? free_port_ : std::uint16_t{0};
    const auto no_wait = [](const Endpoint&) { return false; };
    for (FirstListener& first : claim_all_or_throw(missing, no_wait)) {
        const Endpoint endpoint = first.endpoint;
        if (!contains(wanted, endpoint)) {
            change.free_port = endpoint.port();
        }
        change.endpoints.push_back(endpoint);
        change.additions.push_back(
            {.endpoint = endpoint,
             .sockets = complete_group(std::move(first), static_cast<unsigned>(sockets_.size()),
                                       no_wait, wording_)});
    }
    require_some(change.endpoints);
    change.lacks_ipv6 =
        who_chose(addresses) == ChosenBy::user && change.endpoints.size() < wanted.size();
    return change;
}

bool Listeners::is_in_use(const Endpoint& endpoint) const noexcept {
    return std::ranges::any_of(
        places_, [&](const Place& place) { return place.is_in_use && place.endpoint == endpoint; });
}

std::vector<Endpoint> Listeners::apply(Change change) {
    // All memory before anything changes.
    std::vector<Endpoint> retired;
    retired.reserve(places_.size());
    places_.reserve(places_.size() + change.additions.size());
    for (ListeningSockets& sockets : sockets_) {
        sockets.reserve(places_.size() + change.additions.size());
    }
    for (Change::Addition& addition : change.additions) {
        std::size_t index = 0;
        while (index < places_.size() && (places_[index].is_in_use || !is_free(index))) {
            ++index;
        }
        if (index == places_.size()) {
            places_.emplace_back();
        }
        places_[index] = {.endpoint = addition.endpoint};
        for (std::size_t worker = 0; worker < sockets_.size(); ++worker) {
            sockets_[worker].add(index, std::move(addition.sockets[worker]));
        }
    }
    for (std::size_t index = 0; index < places_.size(); ++index) {
        Place& place = places_[index];
        // One address stays where all are listened on: the kernel gives it what is for it, and
        // would give it to nobody else while it is being closed.
        const bool is_wanted = std::ranges::any_of(change.endpoints, [&](const Endpoint& endpoint) {
            return endpoint == place.endpoint || endpoint.includes(place.endpoint);
        });
        if (place.is_in_use && !is_wanted) {
            place.is_in_use = false;
            retired.push_back(place.endpoint);
            for (ListeningSockets& sockets : sockets_) {
                sockets.retire(index);
            }
        }
    }
    addresses_ = std::move(change.addresses);
    port_ = change.port;
    free_port_ = change.free_port;
    endpoints_ = std::move(change.endpoints);
    lacks_ipv6_ = change.lacks_ipv6;
    return retired;
}

}  // namespace torc::net
