#include <torc/io/proactor.hpp>

#include <poll.h>

namespace torc::io {

PeerState Proactor::peer_state(int socket) const noexcept {
    pollfd event{.fd = socket, .events = POLLRDHUP, .revents = 0};
    if (::poll(&event, 1, 0) <= 0) {
        return PeerState::connected;
    }
    return (event.revents & (POLLERR | POLLHUP)) != 0 ? PeerState::gone : PeerState::half_closed;
}

}  // namespace torc::io
