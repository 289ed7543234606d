#pragma once

#include <torc/server/server.hpp>

#include <string>
#include <vector>

namespace torc::server {

/// A URL that leads to a server, and where that is.
struct ServerUrl {
    net::Endpoint endpoint;
    std::string text;
};

/// Every URL that leads to the server: for a wildcard address one for each of the machine's own,
/// as far as browsers take them. With Settings::shares those of the network first, led by the
/// address that this machine goes out by, and those of this machine alone last.
[[nodiscard]] std::vector<ServerUrl> server_urls(const Server& server);

/// The URL for a browser on this machine: one of the loopback, if there is any. Empty: browsers get
/// to none of them.
[[nodiscard]] std::string own_url(const Server& server);

}  // namespace torc::server
