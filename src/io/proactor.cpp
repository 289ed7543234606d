#include <torc/io/proactor.hpp>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace torc::io {

PeerState Proactor::peer_state(int socket) const noexcept {
    pollfd event{.fd = socket, .events = POLLRDHUP, .revents = 0};
    if (::poll(&event, 1, 0) <= 0) {
        return PeerState::connected;
    }
    return (event.revents & (POLLERR | POLLHUP)) != 0 ? PeerState::gone : PeerState::half_closed;
}

std::uint64_t Proactor::acknowledged_bytes(int socket) const noexcept {
    tcp_info info{};
    socklen_t length = sizeof info;
    return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 ? info.tcpi_bytes_acked
                                                                            : 0;
}

}  // namespace torc::io
