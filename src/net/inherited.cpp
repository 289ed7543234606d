#include <torc/net/inherited.hpp>
#include <torc/net/listening_sockets.hpp>

#include "claim.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace torc::net {
namespace {

int option_of(int socket, int option) noexcept {
    int value = -1;
    socklen_t length = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

/// As torc's own listeners are.
void prepare(int socket, const Endpoint& endpoint) noexcept {
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    // One that blocks would hang whoever accepts until there is nothing left.
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    if (!endpoint.is_unix()) {
        set_tcp_options(socket);
    }
    // A process that ended while it closed them may have left that.
    heed_new_connections(socket);
    // Only the length of the queue: it listens already.
    (void)::listen(socket, std::numeric_limits<int>::max());
}

}  // namespace

std::optional<Endpoint> listening_endpoint(int socket) noexcept {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    const bool is_listener =
        option_of(socket, SO_ACCEPTCONN) == 1 && option_of(socket, SO_TYPE) == SOCK_STREAM &&
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &length) == 0;
    const bool is_known = storage.ss_family == AF_INET || storage.ss_family == AF_INET6 ||
                          storage.ss_family == AF_UNIX;
    if (!is_listener || !is_known) {
        return std::nullopt;
    }
    return Endpoint(reinterpret_cast<const sockaddr*>(&storage), length);
}

std::vector<InheritedGroup> group_inherited(std::vector<Inherited> inherited) {
    std::vector<InheritedGroup> groups;
    for (Inherited& each : inherited) {
        const std::optional<Endpoint> endpoint = listening_endpoint(each.socket.get());
        if (!endpoint) {
            continue;
        }
        prepare(each.socket.get(), *endpoint);
        auto group = std::ranges::find(groups, *endpoint, &InheritedGroup::endpoint);
        if (group == groups.end()) {
            groups.push_back({.endpoint = *endpoint, .opened_by = each.opened_by, .sockets = {}});
            group = groups.end() - 1;
        }
        group->sockets.push_back(std::move(each.socket));
    }
    return groups;
}

}  // namespace torc::net
