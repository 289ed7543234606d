// The operations of SimProactor on sockets.

#include <torc/base/file_ends.hpp>
#include <torc/base/limits.hpp>

#include "sim/sim_operation.hpp"
#include "sim/sim_proactor.hpp"

#include <linux/stat.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>

namespace torc::sim {
namespace {

constexpr std::uint16_t server_port = 8080;
constexpr std::uint16_t client_port = 40'000;
constexpr std::uint32_t client_network = 0x0a00'0000;

io::SocketAddress address_of(std::uint32_t host, std::uint16_t port) noexcept {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(host);
    io::SocketAddress result{.storage = {}, .length = sizeof address};
    std::memcpy(&result.storage, &address, sizeof address);
    return result;
}

/// Every fourth client is on this machine.
std::uint32_t client_host(const Link& link) noexcept {
    return link.number() % 4 == 0 ? INADDR_LOOPBACK
                                  : client_network + static_cast<std::uint32_t>(link.number());
}

std::uint64_t hash_of(std::string_view bytes) noexcept {
    return FileEnds::hash(std::as_bytes(std::span(bytes)));
}

WallTime time_of(const statx_timestamp& stamp) noexcept {
    return to_wall_time(stamp.tv_sec, stamp.tv_nsec);
}

/// As io::has_changed tells it, by statx(2) and both ends of the file.
bool is_another(const Inode& inode, const io::FileVersion& version) {
    struct statx status{};
    FileTree::describe(inode, status);
    const std::string_view bytes = inode.bytes;
    if (bytes.size() < version.bytes) {
        return true;
    }
    const bool is_longer = bytes.size() > version.bytes;
    if (!is_longer && time_of(status.stx_mtime) != version.modified) {
        return true;
    }
    const bool may_differ = is_longer || time_of(status.stx_ctime) != version.changed;
    if (!may_differ || !version.ends) {
        return false;
    }
    const std::size_t length = std::min<std::size_t>(version.bytes, FileEnds::bytes_max);
    return hash_of(bytes.substr(0, length)) != version.ends->beginning ||
           hash_of(bytes.substr(version.bytes - length, length)) != version.ends->end;
}

}  // namespace

std::string bytes_of(const msghdr& message) {
    std::string bytes;
    for (std::size_t index = 0; index < message.msg_iovlen; ++index) {
        const iovec& piece = message.msg_iov[index];
        bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    }
    return bytes;
}

std::uint64_t checksum_of(std::string_view bytes) noexcept {
    return hash_of(bytes);
}

std::shared_ptr<Socket> SimProactor::socket_of(int fd, std::string_view user) const {
    const Descriptor* const descriptor =
        kernel_.descriptors().find(fd, Descriptor::Kind::socket, user);
    return descriptor == nullptr ? nullptr : descriptor->socket;
}

void SimProactor::begin_on_socket(const OperationRef& operation) {
    const std::shared_ptr<Socket> socket = socket_of(operation->fd, "an operation");
    if (socket == nullptr) {
        return;
    }
    if (!on_sockets_.emplace(operation->fd, operation).second) {
        kernel_.history().fail("two operations at once on a connection");
        return;
    }
    operation->number = ++last_operation_;
    in_flight_.emplace(operation->number, operation);
    kernel_.descriptors().use(operation->fd);
    kernel_.history().note("begin", operation->token.operation, operation->token.slot,
                           operation->fd - Descriptors::first);
    socket->link->listen_server([this, fd = operation->fd] { poke(fd); });
    poke(operation->fd);
}

void SimProactor::receive(io::Token token, int socket) {
    begin_on_socket(std::make_shared<Operation>(
        Operation{.kind = Operation::Kind::receive, .token = token, .fd = socket}));
}

void SimProactor::begin_send(io::Token token, int socket, const msghdr& message, std::size_t sent) {
    const std::string bytes = bytes_of(message);
    if (sent >= bytes.size()) {
        kernel_.history().fail("a send of nothing");
    }
    begin_on_socket(std::make_shared<Operation>(
        Operation{.kind = sent > 0 ? Operation::Kind::send_rest : Operation::Kind::send,
                  .token = token,
                  .fd = socket,
                  .message = &message,
                  .message_bytes = bytes.size(),
                  .sent_bytes = sent,
                  .sent_before = sent,
                  .checksum = checksum_of(bytes)}));
}

void SimProactor::send(io::Token token, int socket, const msghdr& message, bool /*more_follows*/) {
    begin_send(token, socket, message, 0);
}

void SimProactor::send_rest(io::Token token, int socket, const msghdr& message, std::size_t sent,
                            bool /*more_follows*/) {
    begin_send(token, socket, message, sent);
    if (const auto begun = on_sockets_.find(socket); begun != on_sockets_.end()) {
        begun->second->kind = Operation::Kind::send_rest;
    }
}

void SimProactor::send_file(io::Token token, const io::FileSlice& slice) {
    const InodeRef inode = inode_of(slice.file, "a send");
    if (inode == nullptr) {
        return;
    }
    if (machine_.strikes(Fault::slow_disk)) {
        inode->is_cached = false;
    }
    kernel_.descriptors().use(slice.file);
    begin_on_socket(std::make_shared<Operation>(Operation{
        .kind = Operation::Kind::send_file, .token = token, .fd = slice.socket, .slice = slice}));
}

bool SimProactor::can_go_on(const Operation& operation, const Socket& socket) {
    Link& link = *socket.link;
    if (link.was_reset_by_client()) {
        return true;
    }
    if (operation.kind == Operation::Kind::receive) {
        return !link.up().arrived.empty() || link.up().has_ended || socket.receives_no_more;
    }
    return link.down().room() > 0 || socket.sends_no_more ||
           (operation.kind == Operation::Kind::send && link.up().has_ended);
}

void SimProactor::go_on(const OperationRef& operation) {
    const std::shared_ptr<Socket> socket = socket_of(operation->fd, "an operation");
    if (operation->is_over || socket == nullptr || !can_go_on(*operation, *socket)) {
        return;
    }
    if (operation->kind == Operation::Kind::receive) {
        go_on_receiving(operation, *socket);
    } else if (operation->kind == Operation::Kind::send_file) {
        go_on_sending_file(operation, *socket);
    } else {
        go_on_sending(operation, *socket);
    }
    poke(operation->fd);
}

void SimProactor::go_on_receiving(const OperationRef& operation, Socket& socket) {
    Link& link = *socket.link;
    if (link.was_reset_by_client()) {
        complete(operation, -ECONNRESET);
        return;
    }
    if (link.up().arrived.empty()) {
        complete(operation, 0);
        return;
    }
    if (machine_.strikes(Fault::no_buffers)) {
        complete(operation, -ENOBUFS);
        return;
    }
    const std::size_t bytes_max =
        machine_.strikes(Fault::small_receives) ? 1 : limits::receive_buffer_bytes;
    const std::string bytes = link.server_receive(bytes_max);
    operation->received.resize(bytes.size());
    std::memcpy(operation->received.data(), bytes.data(), bytes.size());
    complete(operation, static_cast<std::int32_t>(bytes.size()));
}

void SimProactor::go_on_sending(const OperationRef& operation, Socket& socket) {
    Link& link = *socket.link;
    const std::string bytes = bytes_of(*operation->message);
    if (bytes.size() != operation->message_bytes || checksum_of(bytes) != operation->checksum) {
        kernel_.history().fail("what is sent was changed before its completion");
    }
    if (link.was_reset_by_client() || socket.sends_no_more) {
        complete(operation, socket.sends_no_more ? -EPIPE : -ECONNRESET);
        return;
    }
    const std::size_t count = std::min(bytes.size() - operation->sent_bytes, link.down().room());
    link.server_send(std::string_view(bytes).substr(operation->sent_bytes, count));
    operation->sent_bytes += count;
    if (operation->sent_bytes == bytes.size()) {
        complete(operation, static_cast<std::int32_t>(bytes.size() - operation->sent_before));
        return;
    }
    const bool gives_up = operation->kind == Operation::Kind::send &&
                          (link.up().has_ended || machine_.strikes(Fault::short_sends));
    if (gives_up) {
        complete(operation, operation->sent_bytes > 0
                                ? static_cast<std::int32_t>(operation->sent_bytes)
                                : -EAGAIN);
    }
}

bool SimProactor::waits_for_pages(const OperationRef& operation, Inode& inode) {
    if (std::exchange(inode.is_cached, true)) {
        return false;
    }
    const Duration time = disk_time();
    operation->is_scheduled = true;
    operation->file_wait += std::chrono::duration_cast<decltype(operation->file_wait)>(time);
    machine_.after(time, [this, operation] {
        operation->is_scheduled = false;
        poke(operation->fd);
    });
    return true;
}

void SimProactor::go_on_sending_file(const OperationRef& operation, Socket& socket) {
    Link& link = *socket.link;
    const io::FileSlice& slice = operation->slice;
    const InodeRef inode = inode_of(slice.file, "a send");
    if (socket.sends_no_more) {
        complete(operation, -ECANCELED);
        return;
    }
    if (link.was_reset_by_client() || inode == nullptr) {
        complete(operation, -EPIPE);
        return;
    }
    if (waits_for_pages(operation, *inode)) {
        return;
    }
    if (machine_.strikes(Fault::disk_errors)) {
        complete(operation, -EIO);
        return;
    }
    if (slice.offset >= inode->bytes.size()) {
        complete(operation, 0);
        return;
    }
    const std::uint64_t piece = slice.way == io::FileSlice::Way::referred
                                    ? limits::send_file_chunk_bytes
                                    : limits::local_file_chunk_bytes;
    const std::uint64_t length = std::min({slice.length, piece});
    if (length == slice.length && slice.version && is_another(*inode, *slice.version)) {
        complete(operation, -ESTALE);
        return;
    }
    const std::size_t count =
        std::min<std::size_t>({length, inode->bytes.size() - slice.offset, link.down().room()});
    link.server_send(std::string_view(inode->bytes).substr(slice.offset, count));
    complete(operation, static_cast<std::int32_t>(count));
}

void SimProactor::shutdown(int fd, int how) {
    const std::shared_ptr<Socket> socket = socket_of(fd, "a shutdown");
    if (socket == nullptr) {
        return;
    }
    kernel_.history().note("shutdown", fd - Descriptors::first, how);
    socket->receives_no_more |= how != SHUT_WR;
    if (how != SHUT_RD && !std::exchange(socket->sends_no_more, true)) {
        socket->link->server_end();
    }
    poke(fd);
}

io::PeerState SimProactor::peer_state(int fd) const noexcept {
    const std::shared_ptr<Socket> socket = socket_of(fd, "a look at a peer");
    if (socket == nullptr || socket->link->was_reset_by_client() || socket->link->is_over()) {
        return io::PeerState::gone;
    }
    return socket->link->up().has_ended ? io::PeerState::half_closed : io::PeerState::connected;
}

io::PeerProgress SimProactor::peer_progress(int fd) const noexcept {
    const std::shared_ptr<Socket> socket = socket_of(fd, "a look at a peer");
    if (socket == nullptr) {
        return {.has_gone = true};
    }
    const Stream& down = socket->link->down();
    const bool has_more = !down.outgoing.empty();
    return {.acknowledged_bytes = down.carried_bytes,
            .has_unacknowledged = has_more,
            .is_window_closed = has_more && down.arrived.size() == down.arrived_bytes_max,
            .has_gone = socket->link->was_reset_by_client() || socket->link->is_over()};
}

Result<io::SocketAddress> SimProactor::peer_address(int fd) const noexcept {
    const std::shared_ptr<Socket> socket = socket_of(fd, "getpeername(2)");
    if (socket == nullptr || socket->link->was_reset_by_client()) {
        return std::unexpected(Errno(ENOTCONN));
    }
    return address_of(client_host(*socket->link), client_port);
}

Result<io::SocketAddress> SimProactor::own_address(int fd) const noexcept {
    const std::shared_ptr<Socket> socket = socket_of(fd, "getsockname(2)");
    if (socket == nullptr) {
        return std::unexpected(Errno(EBADF));
    }
    const bool is_local = client_host(*socket->link) == INADDR_LOOPBACK;
    return address_of(is_local ? INADDR_LOOPBACK : client_network, server_port);
}

std::size_t SimProactor::waiting_connections(int listener) const noexcept {
    const Listener* const there = kernel_.find_listener(listener);
    return there == nullptr ? 0 : there->queue.size();
}

void SimProactor::reset_on_close(int fd) const noexcept {
    if (const std::shared_ptr<Socket> socket = socket_of(fd, "setsockopt(2)")) {
        socket->resets_on_close = true;
    }
}

void SimProactor::give_up_after(int fd, std::chrono::milliseconds patience) const noexcept {
    const std::shared_ptr<Socket> socket = socket_of(fd, "setsockopt(2)");
    if (socket == nullptr) {
        return;
    }
    // A peer that takes something meanwhile gets no more time than that.
    machine_.after(patience, [link = socket->link, taken = socket->link->down().carried_bytes] {
        if (!link->down().outgoing.empty() && link->down().carried_bytes == taken) {
            link->server_reset();
        }
    });
}

}  // namespace torc::sim
