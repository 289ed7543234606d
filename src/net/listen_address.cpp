#include <torc/base/start_error.hpp>
#include <torc/net/listen_address.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace torc::net {

bool ProxyPeers::includes(const std::optional<Address>& peer) const noexcept {
    return networks.empty() || (peer && std::ranges::any_of(networks, [&](const auto& network) {
                                    return network.contains(*peer);
                                }));
}

std::vector<ListenPlace> resolve_listen_addresses(const std::vector<ListenAddress>& addresses,
                                                  std::uint16_t port) {
    if (addresses.empty()) {
        return resolve_listen_addresses({"localhost"}, port);
    }
    std::vector<std::string> texts;
    texts.reserve(addresses.size());
    for (const ListenAddress& address : addresses) {
        texts.push_back(address.text);
    }
    // All of them together: one may include another.
    std::vector<ListenPlace> places;
    for (const Endpoint& endpoint : resolve_addresses(texts, port)) {
        places.push_back({.endpoint = endpoint});
    }
    std::vector<bool> are_given(places.size());
    for (const ListenAddress& address : addresses) {
        for (const Endpoint& endpoint : resolve_addresses({address.text}, port)) {
            const auto place = std::ranges::find(places, endpoint, &ListenPlace::endpoint);
            auto is_given = are_given[static_cast<std::size_t>(place - places.begin())];
            if (is_given && (place->proxies != address.proxies || place->mode != address.mode)) {
                throw UsageError(fmt::format("--address: {} is given twice, and not alike",
                                             endpoint.host_and_port()));
            }
            is_given = true;
            place->proxies = address.proxies;
            place->mode = address.mode;
        }
    }
    return places;
}

}  // namespace torc::net
