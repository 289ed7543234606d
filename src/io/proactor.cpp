#include <torc/io/proactor.hpp>

#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>

namespace torc::io {
namespace {

/// TCP_CLOSE and TCP_LISTEN of <netinet/tcp.h>, which does not go with <linux/tcp.h>.
constexpr std::uint8_t tcp_state_closed = 7;
constexpr std::uint8_t tcp_state_listening = 10;

PeerState look_at_peer(int socket) noexcept {
    pollfd event{.fd = socket, .events = POLLRDHUP, .revents = 0};
    if (::poll(&event, 1, 0) <= 0) {
        return PeerState::connected;
    }
    return (event.revents & (POLLERR | POLLHUP)) != 0 ? PeerState::gone : PeerState::half_closed;
}

PeerProgress progress_without_tcp(int socket) noexcept {
    int queued = 0;
    if (::ioctl(socket, SIOCOUTQ, &queued) < 0) {
        return {};
    }
    return {.queued_bytes = static_cast<std::uint32_t>(queued),
            .has_unacknowledged = queued > 0,
            .has_gone = look_at_peer(socket) == PeerState::gone};
}

}  // namespace

PeerState Proactor::peer_state(int socket) const noexcept {
    return look_at_peer(socket);
}

Result<SocketAddress> Proactor::peer_address(int socket) const noexcept {
    SocketAddress address{.storage = {}, .length = sizeof(sockaddr_storage)};
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address.storage), &address.length) < 0) {
        return std::unexpected(Errno::last());
    }
    return address;
}

Result<SocketAddress> Proactor::own_address(int socket) const noexcept {
    SocketAddress address{.storage = {}, .length = sizeof(sockaddr_storage)};
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address.storage), &address.length) < 0) {
        return std::unexpected(Errno::last());
    }
    return address;
}

std::size_t Proactor::waiting_connections(int listener) const noexcept {
    tcp_info info{};
    socklen_t length = sizeof info;
    const bool is_listener = ::getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
                             info.tcpi_state == tcp_state_listening;
    if (is_listener) {
        return info.tcpi_unacked;  // Of a listener, that is the length of the queue.
    }
    // Of a Unix-domain socket it is known whether there is one.
    pollfd event{.fd = listener, .events = POLLIN, .revents = 0};
    return ::poll(&event, 1, 0) > 0 && event.revents == POLLIN ? 1 : 0;
}

Result<void> Proactor::stat_at_once(int fd, struct statx& status) const noexcept {
    // By its number: the wrapper's header and <linux/stat.h> don't go together.
    if (::syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) < 0) {
        return std::unexpected(Errno::last());
    }
    return {};
}

PeerProgress Proactor::peer_progress(int socket) const noexcept {
    tcp_info info{};
    socklen_t length = sizeof info;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) {
        return progress_without_tcp(socket);
    }
    const bool has_unsent = info.tcpi_notsent_bytes > 0;
    const bool has_segments_in_flight = info.tcpi_unacked > 0;
    return {.acknowledged_bytes = info.tcpi_bytes_acked,
            .has_unacknowledged = has_unsent || has_segments_in_flight,
            .is_window_closed = has_unsent && !has_segments_in_flight,
            .has_gone = info.tcpi_state == tcp_state_closed};
}

void Proactor::reset_on_close(int socket) const noexcept {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    // It fails for what is no socket alone.
    static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

void Proactor::give_up_after(int socket, std::chrono::milliseconds patience) const noexcept {
    const auto milliseconds = static_cast<unsigned>(patience.count());
    // It fails for what is no TCP socket alone.
    static_cast<void>(
        ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds));
}

}  // namespace torc::io
