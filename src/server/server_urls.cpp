#include <torc/base/unique_fd.hpp>
#include <torc/http/percent_encoder.hpp>
#include <torc/server/server_urls.hpp>

#include <ifaddrs.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>

namespace torc::server {
namespace {

/// The machine's own addresses that a socket bound to `wildcard` can be reached by.
std::vector<net::Endpoint> endpoints_of_wildcard(const net::Endpoint& wildcard) {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) < 0) {
        return {wildcard};
    }
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, &::freeifaddrs);
    std::vector<net::Endpoint> endpoints;
    for (const ifaddrs* interface = list; interface != nullptr; interface = interface->ifa_next) {
        const sockaddr* address = interface->ifa_addr;
        if (address == nullptr || address->sa_family != wildcard.address()->sa_family) {
            continue;
        }
        net::Endpoint endpoint(address,
                               wildcard.is_ipv6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
        endpoint.set_port(wildcard.port());
        // A link-local address means nothing without its interface, and browsers take none with
        // one.
        if (!endpoint.is_link_local()) {
            endpoints.push_back(endpoint);
        }
    }
    return endpoints;
}

/// The address that this machine goes out by, which is the one that its network knows; empty: none.
std::string outgoing_host() {
    // Connecting a datagram socket sends nothing: it asks for the route. The addresses are for
    // documentation (RFC 5737, RFC 3849), and so nobody's.
    for (const net::Endpoint& far : net::resolve_addresses({"192.0.2.1", "2001:db8::1"}, 9)) {
        const UniqueFd socket(::socket(far.address()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_storage own{};
        socklen_t length = sizeof own;
        if (socket && ::connect(socket.get(), far.address(), far.length()) == 0 &&
            ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &length) == 0) {
            return net::Endpoint(reinterpret_cast<const sockaddr*>(&own), length).host();
        }
    }
    return "";
}

/// Those that others can take first.
void put_shared_first(std::vector<net::Endpoint>& endpoints) {
    const std::string outgoing = outgoing_host();
    const auto rank = [&outgoing](const net::Endpoint& endpoint) {
        return endpoint.is_loopback() ? 2 : endpoint.host() == outgoing ? 0 : 1;
    };
    // Not std::stable_sort, which this standard library can't do without deprecated parts of
    // itself.
    std::vector<net::Endpoint> sorted;
    for (const int wanted : {0, 1, 2}) {
        std::ranges::copy_if(
            endpoints, std::back_inserter(sorted),
            [&](const net::Endpoint& endpoint) { return rank(endpoint) == wanted; });
    }
    endpoints = std::move(sorted);
}

/// The path of what is served, from the root: "" or the name of the only file, percent-encoded.
std::string served_path(const config::SiteSettings& site) {
    std::string path;
    http::PercentEncoder encoder(http::PercentEncoder::Part::path, site.whole.load_rules.only_file);
    for (std::string_view piece = encoder.next(); !piece.empty(); piece = encoder.next()) {
        path += piece;
    }
    return path;
}

}  // namespace

std::vector<ServerUrl> server_urls(const Server& server) {
    std::vector<net::Endpoint> endpoints;
    for (const net::Endpoint& endpoint : server.endpoints()) {
        if (endpoint.is_wildcard()) {
            const std::vector<net::Endpoint> own = endpoints_of_wildcard(endpoint);
            endpoints.insert(endpoints.end(), own.begin(), own.end());
        } else {
            endpoints.push_back(endpoint);
        }
    }
    if (server.settings().shares) {
        put_shared_first(endpoints);
    }
    const std::string path = served_path(server.first_site());
    std::vector<ServerUrl> urls;
    urls.reserve(endpoints.size());
    for (const net::Endpoint& endpoint : endpoints) {
        urls.push_back(
            {.endpoint = endpoint, .text = endpoint.url() + (endpoint.is_unix() ? "" : path)});
    }
    return urls;
}

std::string own_url(const Server& server) {
    const std::vector<ServerUrl> urls = server_urls(server);
    const auto rank = [](const ServerUrl& url) {
        return url.endpoint.is_unix() ? 2 : url.endpoint.is_loopback() ? 0 : 1;
    };
    const ServerUrl& own = *std::ranges::min_element(urls, {}, rank);
    return own.endpoint.is_unix() ? "" : own.text;
}

}  // namespace torc::server
