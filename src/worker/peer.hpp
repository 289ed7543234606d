#pragma once

#include <torc/base/errno.hpp>
#include <torc/io/proactor.hpp>
#include <torc/net/endpoint.hpp>

namespace torc::worker {

/// The peer of a connected socket. ENOTCONN: it is gone.
[[nodiscard]] Result<net::Endpoint> peer_of(const io::Proactor& proactor, int socket) noexcept;

/// Whether the peer of a connected socket is on this machine, so that what is sent is copied to it
/// by one of this machine's CPUs: it has a loopback address, or one that is the socket's own too,
/// or the socket is none of the internet.
[[nodiscard]] bool is_peer_here(const io::Proactor& proactor, int socket) noexcept;

}  // namespace torc::worker
