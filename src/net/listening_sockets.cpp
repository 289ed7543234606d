#include <torc/net/listening_sockets.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <limits>

namespace torc::net {
namespace {

void take_queue(int listener, std::vector<int>& accepted, std::size_t sockets_max) {
    while (accepted.size() < sockets_max) {
        UniqueFd socket(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            accepted.push_back(socket.get());
            static_cast<void>(socket.release());  // Not before: the line above may throw.
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

}  // namespace

void ListeningSockets::close(std::size_t index, std::vector<int>& accepted) {
    const std::scoped_lock lock(mutex_);
    take_queue(sockets_[index].get(), accepted, std::numeric_limits<std::size_t>::max());
    sockets_[index].reset();
}

void ListeningSockets::take_waiting(std::vector<int>& accepted, std::size_t sockets_max) {
    const std::scoped_lock lock(mutex_);
    for (const UniqueFd& socket : sockets_) {
        if (socket) {
            take_queue(socket.get(), accepted, accepted.size() + sockets_max);
        }
    }
}

}  // namespace torc::net
