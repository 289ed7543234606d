#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/net/endpoint.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace torc::net {

/// Who bound a listening socket.
enum class OpenedBy : std::uint8_t {
    /// torc, by its configuration: it is closed when that no longer names its address.
    torc,
    /// Somebody else, such as a socket unit of systemd's: torc listens on it whatever its
    /// configuration says.
    others,
};

/// A listening socket that this process was given instead of having to bind it.
struct Inherited {
    UniqueFd socket;
    OpenedBy opened_by = OpenedBy::torc;
};

/// Those of one endpoint.
struct InheritedGroup {
    Endpoint endpoint;
    OpenedBy opened_by = OpenedBy::torc;
    std::vector<UniqueFd> sockets;
};

/// Where a socket listens; nothing: it is no listening stream socket.
[[nodiscard]] std::optional<Endpoint> listening_endpoint(int socket) noexcept;

/// Puts those of one endpoint together and sets all options that torc's own listeners have: who
/// opened them may have left them blocking. What is no listening stream socket is closed.
[[nodiscard]] std::vector<InheritedGroup> group_inherited(std::vector<Inherited> inherited);

}  // namespace torc::net
