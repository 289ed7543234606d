#include <torc/net/listening_sockets.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <limits>

namespace torc::net {
namespace {

/// What waits in the queue of `listener`, with its index, until there are `accepted_max` in all.
void take_queue(const UniqueFd& listener, std::size_t index, std::vector<Accepted>& accepted,
                std::size_t accepted_max) {
    while (accepted.size() < accepted_max) {
        UniqueFd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            accepted.push_back(
                {.socket = socket.get(), .listener = static_cast<std::uint32_t>(index)});
            static_cast<void>(socket.release());  // Not before: the line above may throw.
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

}  // namespace

void ListeningSockets::close(std::size_t index, std::vector<Accepted>& accepted) {
    const std::scoped_lock lock(mutex_);
    take_queue(sockets_[index], index, accepted, std::numeric_limits<std::size_t>::max());
    sockets_[index].reset();
}

void ListeningSockets::take_waiting(std::vector<Accepted>& accepted, std::size_t sockets_max) {
    const std::scoped_lock lock(mutex_);
    for (std::size_t index = 0; index < sockets_.size(); ++index) {
        if (sockets_[index]) {
            take_queue(sockets_[index], index, accepted, accepted.size() + sockets_max);
        }
    }
}

}  // namespace torc::net
