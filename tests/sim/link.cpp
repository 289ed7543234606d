#include "sim/link.hpp"

#include <algorithm>
#include <utility>

namespace torc::sim {

Link::Link(Machine& machine, std::uint64_t number, const Sizes& sizes)
    : machine_(machine),
      number_(number),
      latency_(sizes.latency),
      up_{.outgoing_bytes_max = sizes.client_buffer_bytes,
          .arrived_bytes_max = sizes.server_buffer_bytes},
      down_{.outgoing_bytes_max = sizes.server_buffer_bytes,
            .arrived_bytes_max = sizes.client_buffer_bytes} {}

std::size_t Link::client_send(std::string_view bytes) {
    if (is_reset_by_client_ || client_is_told_of_reset_ || up_.ends) {
        return bytes.size();  // Nobody is there for it.
    }
    const std::string_view taken = bytes.substr(0, up_.room());
    up_.outgoing += taken;
    carry(up_);
    return taken.size();
}

std::string Link::client_receive(std::size_t bytes_max) {
    const std::size_t count = std::min(bytes_max, down_.arrived.size());
    std::string received = down_.arrived.substr(0, count);
    down_.arrived.erase(0, count);
    carry(down_);
    return received;
}

void Link::client_end() {
    up_.ends = true;
    carry(up_);
}

void Link::client_reset() {
    if (std::exchange(is_reset_by_client_, true)) {
        return;
    }
    down_.arrived.clear();
    machine_.after(latency_, [self = shared_from_this()] {
        self->server_is_told_of_reset_ = true;
        self->up_.arrived.clear();
        self->down_.outgoing.clear();
        self->notify_server();
    });
}

void Link::client_close() {
    is_closed_by_client_ = true;
    client_listener_ = nullptr;
    if (down_.arrived.empty()) {
        client_end();
    } else {
        client_reset();
    }
}

std::string Link::server_receive(std::size_t bytes_max) {
    const std::size_t count = std::min(bytes_max, up_.arrived.size());
    std::string received = up_.arrived.substr(0, count);
    up_.arrived.erase(0, count);
    carry(up_);
    return received;
}

void Link::server_send(std::string_view bytes) {
    down_.outgoing += bytes;
    carry(down_);
}

void Link::server_end() {
    down_.ends = true;
    carry(down_);
}

void Link::server_reset() {
    if (std::exchange(is_reset_by_server_, true)) {
        return;
    }
    down_.outgoing.clear();
    machine_.after(latency_, [self = shared_from_this()] {
        self->client_is_told_of_reset_ = true;
        // Some systems throw away what their program has not read yet.
        self->down_.arrived.clear();
        self->notify_client();
    });
}

void Link::server_close() {
    is_closed_by_server_ = true;
    server_listener_ = nullptr;
    if (!up_.arrived.empty()) {
        server_reset();
    } else {
        server_end();
    }
}

void Link::carry(Stream& stream) {
    const bool has_bytes = !stream.outgoing.empty();
    const bool has_room = stream.arrived.size() < stream.arrived_bytes_max;
    const bool has_end = !has_bytes && stream.ends && !stream.has_ended;
    if (stream.is_carrying || is_reset_by_client_ || is_reset_by_server_ ||
        !((has_bytes && has_room) || has_end)) {
        return;
    }
    stream.is_carrying = true;
    machine_.after(latency_, [self = shared_from_this(), &stream] { self->carried(stream); });
}

void Link::carried(Stream& stream) {
    stream.is_carrying = false;
    if (is_reset_by_client_ || is_reset_by_server_) {
        return;
    }
    const std::size_t room = stream.arrived_bytes_max - stream.arrived.size();
    const std::size_t count = std::min(stream.outgoing.size(), room);
    stream.arrived.append(stream.outgoing, 0, count);
    stream.outgoing.erase(0, count);
    stream.carried_bytes += count;
    stream.has_ended = stream.ends && stream.outgoing.empty();
    if (&stream == &up_ && is_closed_by_server_ && count > 0) {
        server_reset();
        return;
    }
    if (&stream == &down_ && is_closed_by_client_ && count > 0) {
        client_reset();
        return;
    }
    carry(stream);
    notify_server();
    notify_client();
}

void Link::notify_client() {
    if (client_listener_) {
        client_listener_();
    }
}

void Link::notify_server() {
    if (server_listener_) {
        server_listener_();
    }
}

}  // namespace torc::sim
