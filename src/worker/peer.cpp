#include "peer.hpp"

#include <sys/socket.h>

namespace torc::worker {
namespace {

Result<net::Endpoint> endpoint_of(const Result<io::SocketAddress>& address) noexcept {
    if (!address) {
        return std::unexpected(address.error());
    }
    return net::Endpoint(reinterpret_cast<const sockaddr*>(&address->storage), address->length);
}

}  // namespace

Result<net::Endpoint> peer_of(const io::Proactor& proactor, int socket) noexcept {
    return endpoint_of(proactor.peer_address(socket));
}

bool is_peer_here(const io::Proactor& proactor, int socket) noexcept {
    const auto peer = peer_of(proactor, socket);
    if (!peer) {
        return false;
    }
    if (peer->address()->sa_family == AF_UNIX || peer->is_loopback()) {
        return true;
    }
    auto own = endpoint_of(proactor.own_address(socket));
    if (!own) {
        return false;
    }
    own->set_port(peer->port());
    return *own == *peer;
}

}  // namespace torc::worker
