#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/net/accepted.hpp>
#include <torc/net/socket_file.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace torc::net {

/// Lets a listener of `Listeners` hand over connections as soon as they are there. Until then it
/// keeps one back for up to a second, until its first request has come too.
void show_silent_connections(int listener) noexcept;

/// From now on the kernel drops, unanswered, every SYN that comes to a listener of `Listeners`;
/// what has begun its handshake goes on. A client that is dropped tries again after a second.
void ignore_new_connections(int listener) noexcept;

/// Takes that back.
void heed_new_connections(int listener) noexcept;

/// Whether somebody beside this process has a listening socket.
enum class Keeps : std::uint8_t { no, yes };

/// The sockets that one worker listens on. They belong to the process, which adds and retires some
/// while it runs; the worker's thread accepts on them and closes them when they are needed no more.
/// Another thread may take what waits in their queues, in place of a worker that hangs.
/// Thread-safe.
class ListeningSockets {
public:
    ListeningSockets() = default;
    ListeningSockets(const ListeningSockets&) = delete;
    ListeningSockets& operator=(const ListeningSockets&) = delete;
    /// The files of those that somebody else has too stay.
    ~ListeningSockets();

    // For the thread that owns the process's listeners.

    /// Whether there is no socket at `index`: there never was, or the worker has closed it.
    [[nodiscard]] bool is_free(std::size_t index) const noexcept;
    /// Takes the memory for so many. Throws std::bad_alloc.
    void reserve(std::size_t count);
    /// The worker is to accept on `socket` too, or nothing if that is empty: another one does.
    /// `file`: by which clients find it, if that is to be removed when it is closed. Precondition:
    /// is_free(index), and there is memory.
    void add(std::size_t index, UniqueFd socket, SocketFile file = {}) noexcept;
    /// From now on connections that come to the socket at `index` are those of `proxies`; see
    /// Accepted. The worker has to look at its places.
    void set_proxies(std::size_t index, const ProxyPeers* proxies) noexcept;
    /// Who may connect to it, if it has a file.
    void set_mode(std::size_t index, mode_t mode) noexcept;
    /// The worker is to take what has come to the socket at `index`, and close it. A file is
    /// removed at once.
    void retire(std::size_t index) noexcept;
    /// From now on somebody else has the socket at `index` too, and serves who waits in its queue,
    /// until it is retired; or with Keeps::no nobody else has.
    void keep(std::size_t index, Keeps keeps = Keeps::yes) noexcept;
    /// The socket at `index`, which was inherited, is this process's from now on, and somebody
    /// else's too only as `keeps` says. What its process before may have done to it as it ended is
    /// undone.
    void settle(std::size_t index, Keeps keeps) noexcept;

    // For the worker's thread.

    struct Place {
        /// -1: none.
        int socket = -1;
        bool is_retired = false;
        const ProxyPeers* proxies = nullptr;
    };
    /// What there is by now, by index. Throws std::bad_alloc.
    [[nodiscard]] std::vector<Place> places() const;
    /// Whether somebody else has that socket too; see `keep`.
    [[nodiscard]] bool is_kept(std::size_t index) const noexcept;
    /// When no operation is in flight on the socket: closes it, at once. Appends to `accepted` what
    /// waits in its queue, as much as there is memory for. Closing would reset that; and if
    /// somebody else has the socket too, the kernel may have woken this process alone for it.
    void close(std::size_t index, std::vector<Accepted>& accepted) noexcept;

    /// For any thread: appends to `accepted` connections that wait in the queues, at most
    /// `sockets_max` of each.
    void take_waiting(std::vector<Accepted>& accepted, std::size_t sockets_max);

private:
    struct Slot {
        UniqueFd socket;
        SocketFile file{};
        bool is_retired = false;
        bool is_kept = false;
        const ProxyPeers* proxies = nullptr;
    };

    /// What its connections have but for their sockets. Called with the mutex held.
    [[nodiscard]] Accepted kind_of(std::size_t index) const noexcept;

    /// Held by whoever takes from a queue and by who closes: a number that was closed may be that
    /// of another socket the moment after.
    mutable std::mutex mutex_;
    std::vector<Slot> slots_;
};

}  // namespace torc::net
