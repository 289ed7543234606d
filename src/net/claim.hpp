#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/net/listen_address.hpp>
#include <torc/net/listener.hpp>
#include <torc/net/socket_file.hpp>

#include <cstdint>
#include <string>

namespace torc::net {

/// Whether the endpoint is to be this process's alone or is its already.
enum class Claim : std::uint8_t { exclusive, shared };

/// The first socket of an endpoint, which listens.
struct FirstListener {
    /// With the port filled in.
    ListenPlace place;
    UniqueFd socket;
    /// None but of a Unix-domain socket with a path.
    SocketFile file{};
};

/// The options of listeners that connections come by, of TCP sockets.
void set_tcp_options(int socket) noexcept;

/// A listening socket that is a member of its endpoint's SO_REUSEPORT group.
[[nodiscard]] Result<UniqueFd> listen_on(const Endpoint& endpoint, Claim claim) noexcept;

/// Claims an endpoint that has an address and a port.
[[nodiscard]] Result<FirstListener> claim_port(const ListenPlace& place, Claim claim);

/// Claims a Unix-domain socket. What another process left behind at its path is removed if it is a
/// socket and nobody listens on it. EADDRINUSE: somebody does; EEXIST: the file there is no socket.
[[nodiscard]] Result<FirstListener> claim_unix(const ListenPlace& place);

/// What is said of a Unix-domain socket that can't be listened on, with the remedy.
[[nodiscard]] std::string explain_unix(const Endpoint& endpoint, Errno error);

/// The same of any endpoint that can't be listened on.
[[nodiscard]] std::string explain(const Endpoint& endpoint, Errno error, Wording wording);

}  // namespace torc::net
