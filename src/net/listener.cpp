#include <torc/base/start_error.hpp>
#include <torc/net/listener.hpp>

#include "claim.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>

namespace torc::net {
namespace {

/// With port 0: how many free ports of the first address are tried for one that is free on all.
constexpr int free_port_attempts_max = 32;

/// Whether the machine does not have the address at all.
bool is_absent(Errno error) noexcept {
    return error == Errno(EAFNOSUPPORT) || error == Errno(EADDRNOTAVAIL);
}

/// Whether an endpoint stands for "and by IPv6 too": it may be left out on a machine without IPv6.
bool is_ipv6_companion(const Endpoint& endpoint, const std::vector<ListenPlace>& wanted) {
    return endpoint.is_ipv6() && (endpoint.is_wildcard() || endpoint.is_loopback()) &&
           !std::ranges::all_of(wanted, &Endpoint::is_ipv6, &ListenPlace::endpoint);
}

/// Who chose the addresses to listen on.
enum class ChosenBy : std::uint8_t { torc, user };

bool contains(const std::vector<ListenPlace>& places, const Endpoint& endpoint) noexcept {
    return std::ranges::find(places, endpoint, &ListenPlace::endpoint) != places.end();
}

/// How an endpoint is to be claimed.
using FindClaim = std::function<Claim(const Endpoint&)>;

/// Endpoints to be claimed.
struct Wanted {
    std::vector<ListenPlace> places;
    /// Those among all that the user wants.
    std::vector<ListenPlace> all;
    ChosenBy chosen_by;
    FindClaim find_claim;
    Wording wording;
};

/// The port of those that have one; 0: there is none.
std::uint16_t port_of(const std::vector<FirstListener>& claimed) noexcept {
    const auto found = std::ranges::find_if(
        claimed, [](const FirstListener& first) { return !first.place.endpoint.is_unix(); });
    return found != claimed.end() ? found->place.endpoint.port() : std::uint16_t{0};
}

bool is_on_any_port(const ListenPlace& place) noexcept {
    return !place.endpoint.is_unix() && place.endpoint.port() == 0;
}

bool wants_free_port(const Wanted& wanted) noexcept {
    return std::ranges::any_of(wanted.places, is_on_any_port);
}

/// Claims every endpoint, with the same port. Leaves out those that the machine does not have, if
/// no user chose them or they are IPv6 companions. After an error, `failed` is the endpoint that it
/// is about.
Result<std::vector<FirstListener>> claim_all(const Wanted& wanted, Endpoint& failed) {
    std::vector<FirstListener> claimed;
    for (ListenPlace place : wanted.places) {
        Endpoint& endpoint = place.endpoint;
        if (endpoint.port() == 0) {
            endpoint.set_port(port_of(claimed));
        }
        auto first =
            endpoint.is_unix() ? claim_unix(place) : claim_port(place, wanted.find_claim(endpoint));
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
        return wants_free_port(wanted) && !failed.is_unix() ? attempts++ < free_port_attempts_max
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

/// The sockets that listen on the endpoint of `first`, by worker. Of a Unix-domain socket, which
/// has one queue, that of the worker `owner` alone: it hands over what the others have more room
/// for, and all of them waiting on it would wake each other. Throws StartError.
std::vector<UniqueFd> complete_group(FirstListener& first, unsigned workers, unsigned owner,
                                     const WaitForPort& wait_for_port, Wording wording) {
    std::vector<UniqueFd> sockets;
    if (first.place.endpoint.is_unix()) {
        sockets.resize(workers);
        sockets[owner] = std::move(first.socket);
        return sockets;
    }
    sockets.push_back(std::move(first.socket));
    while (sockets.size() < workers) {
        const Endpoint& endpoint = first.place.endpoint;
        auto socket = listen_on(endpoint, Claim::shared);
        // A stranger's listen(2) that is about to fail is in the way for that moment.
        while (!socket && socket.error() == Errno(EADDRINUSE) && wait_for_port(endpoint)) {
            socket = listen_on(endpoint, Claim::shared);
        }
        if (!socket) {
            throw StartError(explain(endpoint, socket.error(), wording));
        }
        sockets.push_back(*std::move(socket));
    }
    return sockets;
}

/// The one of `places` that is `endpoint`, or all addresses with `endpoint` among them: that stays
/// where all are listened on, since the kernel gives it what is for it, and would give it to nobody
/// else while it is being closed.
std::vector<ListenPlace>::const_iterator find_cover(const std::vector<ListenPlace>& places,
                                                    const Endpoint& endpoint) noexcept {
    const auto same = std::ranges::find(places, endpoint, &ListenPlace::endpoint);
    return same != places.end() ? same : std::ranges::find_if(places, [&](const auto& place) {
        return place.endpoint.includes(endpoint);
    });
}

/// Throws StartError where every endpoint was left out.
void require_some(const std::vector<ListenPlace>& endpoints) {
    if (endpoints.empty()) {
        throw StartError("this machine has no loopback address; give --address");
    }
}

ChosenBy who_chose(const std::vector<ListenAddress>& addresses) noexcept {
    return addresses.empty() ? ChosenBy::torc : ChosenBy::user;
}

/// Whether it has the port that came of port 0.
bool is_on_free_port(const InheritedGroup& group, const std::vector<ListenAddress>& addresses,
                     std::uint16_t port) {
    Endpoint asked_for = group.endpoint;
    asked_for.set_port(0);
    const std::vector<ListenPlace> places = resolve_listen_addresses(addresses, port);
    return group.opened_by == OpenedBy::torc && !group.endpoint.is_unix() &&
           contains(places, asked_for) && !contains(places, group.endpoint);
}

}  // namespace

Listeners::Listeners(const std::vector<ListenAddress>& addresses, std::uint16_t port,
                     unsigned workers, const WaitForPort& wait_for_port, Wording wording,
                     std::vector<Inherited> inherited)
    : wording_(wording) {
    for (unsigned worker = 0; worker < workers; ++worker) {
        sockets_.emplace_back();
    }
    for (InheritedGroup& group : group_inherited(std::move(inherited))) {
        if (is_on_free_port(group, addresses, port)) {
            free_port_ = group.endpoint.port();
        }
        adopt(std::move(group));
    }
    apply(prepare(addresses, port, wait_for_port));
}

std::vector<ListenPlace> Listeners::wanted(const std::vector<ListenAddress>& addresses,
                                           std::uint16_t port) const {
    const auto is_others = [](const Place& place) {
        return place.is_in_use && place.opened_by == OpenedBy::others;
    };
    std::vector<ListenPlace> wanted;
    if (!addresses.empty() || std::ranges::none_of(places_, is_others)) {
        wanted = resolve_listen_addresses(addresses, port);
    }
    for (const Place& place : places_) {
        if (is_others(place) && !contains(wanted, place.endpoint)) {
            wanted.push_back({.endpoint = place.endpoint});
        }
    }
    return wanted;
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

Listeners::Change Listeners::prepare(const std::vector<ListenAddress>& addresses,
                                     std::uint16_t port, const WaitForPort& wait_for_port) const {
    Change change{.addresses = addresses, .port = port};
    if (!wanted_.empty() && addresses == addresses_ && port == port_) {
        change.places = wanted_;
        change.lacks_ipv6 = lacks_ipv6_;
        change.free_port = free_port_;
        return change;
    }
    std::vector<ListenPlace> wanted = this->wanted(addresses, port);
    // The free port that there is, whether for all addresses or for some.
    const bool wants_free = std::ranges::any_of(wanted, is_on_any_port);
    for (ListenPlace& place : wanted) {
        if (is_on_any_port(place)) {
            place.endpoint.set_port(free_port_);
        }
    }
    // What the process has already it may share with itself: all addresses, and one of them.
    Wanted missing{.places = {},
                   .all = wanted,
                   .chosen_by = who_chose(addresses),
                   .find_claim =
                       [this](const Endpoint& endpoint) {
                           return overlaps(endpoint) ? Claim::shared : Claim::exclusive;
                       },
                   .wording = wording_};
    for (const ListenPlace& place : wanted) {
        (is_in_use(place.endpoint) ? change.places : missing.places).push_back(place);
    }
    change.free_port = wants_free ? free_port_ : std::uint16_t{0};
    const auto workers = static_cast<unsigned>(sockets_.size());
    for (FirstListener& first : claim_all_or_throw(missing, wait_for_port)) {
        const Endpoint& endpoint = first.place.endpoint;
        if (!contains(wanted, endpoint)) {
            change.free_port = endpoint.port();
        }
        change.places.push_back(first.place);
        const auto owner = static_cast<unsigned>(change.places.size()) % workers;
        auto sockets = complete_group(first, workers, owner, wait_for_port, wording_);
        change.additions.push_back(
            {.endpoint = endpoint, .sockets = std::move(sockets), .file = std::move(first.file)});
    }
    require_some(change.places);
    change.lacks_ipv6 =
        who_chose(addresses) == ChosenBy::user && change.places.size() < wanted.size();
    return change;
}

bool Listeners::is_in_use(const Endpoint& endpoint) const noexcept {
    return std::ranges::any_of(
        places_, [&](const Place& place) { return place.is_in_use && place.endpoint == endpoint; });
}

const ProxyPeers* Listeners::keep(const std::optional<ProxyPeers>& proxies) {
    if (!proxies) {
        return nullptr;
    }
    const auto found = std::ranges::find(proxies_, *proxies);
    return found != proxies_.end() ? &*found : &proxies_.emplace_back(*proxies);
}

std::vector<Endpoint> Listeners::apply(Change change) {
    // All memory before anything changes.
    std::vector<Endpoint> retired;
    retired.reserve(places_.size());
    std::vector<Endpoint> endpoints;
    std::vector<const ProxyPeers*> proxies;
    for (const ListenPlace& wanted : change.places) {
        endpoints.push_back(wanted.endpoint);
        proxies.push_back(keep(wanted.proxies));
    }
    places_.reserve(places_.size() + change.additions.size());
    for (ListeningSockets& sockets : sockets_) {
        sockets.reserve(places_.size() + change.additions.size());
    }
    for (Change::Addition& addition : change.additions) {
        add(addition);
    }
    for (std::size_t index = 0; index < places_.size(); ++index) {
        Place& place = places_[index];
        if (!place.is_in_use) {
            continue;
        }
        const auto wanted = find_cover(change.places, place.endpoint);
        const bool is_wanted = wanted != change.places.end();
        if (!is_wanted && !place.is_inherited) {
            place.is_in_use = false;
            retired.push_back(place.endpoint);
        }
        for (ListeningSockets& sockets : sockets_) {
            if (!place.is_in_use) {
                sockets.retire(index);
            } else if (is_wanted) {
                sockets.set_proxies(
                    index, proxies[static_cast<std::size_t>(wanted - change.places.begin())]);
                if (!place.is_inherited) {
                    sockets.set_mode(index, wanted->mode);
                }
            }
        }
    }
    addresses_ = std::move(change.addresses);
    port_ = change.port;
    free_port_ = change.free_port;
    wanted_ = std::move(change.places);
    endpoints_ = std::move(endpoints);
    lacks_ipv6_ = change.lacks_ipv6;
    return retired;
}

void Listeners::add(Change::Addition& addition) noexcept {
    std::size_t index = 0;
    while (index < places_.size() && (places_[index].is_in_use || !is_free(index))) {
        ++index;
    }
    if (index == places_.size()) {
        places_.emplace_back();
    }
    places_[index] = {.endpoint = addition.endpoint,
                      .opened_by = addition.opened_by,
                      .is_inherited = addition.is_inherited};
    for (std::size_t worker = 0; worker < sockets_.size(); ++worker) {
        const bool is_owner = static_cast<bool>(addition.sockets[worker]);
        sockets_[worker].add(index, std::move(addition.sockets[worker]),
                             is_owner ? std::move(addition.file) : SocketFile());
        if (addition.is_inherited) {
            sockets_[worker].keep(index);
        }
    }
}

}  // namespace torc::net
