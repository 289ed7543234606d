#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/net/accepted.hpp>

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace torc::net {

/// The sockets that one worker listens on. They belong to the process; the worker's thread accepts
/// on them and closes them when it needs no more. Another thread may take what waits in their
/// queues, in place of a worker that hangs.
class ListeningSockets {
public:
    explicit ListeningSockets(std::vector<UniqueFd> sockets) : sockets_(std::move(sockets)) {}
    ListeningSockets(const ListeningSockets&) = delete;
    ListeningSockets& operator=(const ListeningSockets&) = delete;
    ~ListeningSockets() = default;

    /// For the worker's thread.
    [[nodiscard]] std::size_t size() const noexcept { return sockets_.size(); }
    /// For the worker's thread; -1: closed.
    [[nodiscard]] int at(std::size_t index) const noexcept { return sockets_[index].get(); }
    /// For the worker's thread, when no operation is in flight on the socket: closes it, at once.
    /// Appends to `accepted` what waits in its queue, for closing would reset that.
    void close(std::size_t index, std::vector<Accepted>& accepted);

    /// For any thread: appends to `accepted` connections that wait in the queues, at most
    /// `sockets_max` of each.
    void take_waiting(std::vector<Accepted>& accepted, std::size_t sockets_max);

private:
    /// Held by whoever takes from a queue and by who closes: a number that was closed may be that
    /// of another socket the moment after.
    std::mutex mutex_;
    std::vector<UniqueFd> sockets_;
};

}  // namespace torc::net
