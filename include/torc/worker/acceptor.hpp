#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/errno.hpp>
#include <torc/io/proactor.hpp>
#include <torc/net/accepted.hpp>
#include <torc/net/listening_sockets.hpp>
#include <torc/worker/report.hpp>
#include <torc/worker/report_limiter.hpp>
#include <torc/worker/shutdown.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace torc::worker {

/// The listeners of one worker, from the first accept to their end. Gives the connections that it
/// accepts to the worker, which owns them from then on.
///
/// | a listener is | event                              | next                      |
/// |---------------|------------------------------------|---------------------------|
/// | none          | `follow`: the process has added it | open                      |
/// | open          | `follow`: it was retired           | closing, for 1.5 s        |
/// | open          | `begin_stop`: nobody keeps it      | closing, for 250 ms       |
/// | open, closing | `stop`, or that time is over       | cancelled, or none if     |
/// |               |                                    | nothing is in flight      |
/// | cancelled     | its last completion                | none                      |
///
/// An open one may rest: the kernel could not accept. While it is closing, new handshakes are
/// ignored and those that are half done end: closing at once would reset them.
class Acceptor {
public:
    /// All of them outlive it.
    Acceptor(io::Proactor& proactor, net::ListeningSockets& sockets, const ReportSink& reports);

    /// Starts accepting on every listener that is open and not accepting yet.
    void start();

    /// Accepts on what the process has added to the sockets, and begins to close what it has
    /// retired. Without effect once `begin_stop` was called. Throws std::bad_alloc: call it again.
    void follow(MonotonicTime now);

    /// Takes a completion of Operation::accept; appends to `accepted` the connection that came
    /// with it. Returns how many connections wait because the kernel ran out of descriptors or
    /// memory. Accepting then rests for 100 ms, or until `resume`: closing a connection makes room.
    [[nodiscard]] std::size_t completed(const io::Completion& completion, MonotonicTime now,
                                        std::vector<net::Accepted>& accepted);

    /// Accepts again if it rests because the kernel ran out of descriptors or memory. Call it when
    /// something was closed.
    void resume();

    /// When `expire` is due; `never`: not at all.
    [[nodiscard]] MonotonicTime next_deadline() const noexcept {
        return std::min(accept_again_at_, close_at_);
    }
    /// Accepts again if the rest is over by `now`, and closes what has been closing for long
    /// enough, see `stop`.
    void expire(MonotonicTime now, std::vector<net::Accepted>& accepted);

    /// Says what becomes of the listeners. Those that nobody keeps are closed after
    /// `drain_listening`: from now on the kernel ignores new handshakes with them, and no longer
    /// keeps connections back until their first request. Call it some time before `stop`, which
    /// closes them at once: that resets handshakes that are half done.
    [[nodiscard]] ListenersAfterwards begin_stop(MonotonicTime now) noexcept;

    /// Ends accepting and closes the listeners. One with an operation in flight is closed when
    /// `completed` is told of its end. Either appends to `accepted` the connections that wait in
    /// the queue, which closing would reset.
    void stop(std::vector<net::Accepted>& accepted);

    /// Whether an operation is in flight on a listener.
    [[nodiscard]] bool is_busy() const noexcept;

private:
    struct Listener {
        enum class State : std::uint8_t { none, open, closing, cancelled };

        /// Valid but in `none`.
        int socket = -1;
        State state = State::none;
        /// An operation is in flight on it.
        bool is_accepting = false;
        /// Of `closing`.
        MonotonicTime close_at = never;
        /// See net::Accepted.
        const net::ProxyPeers* proxies = nullptr;
    };

    /// Has the kernel ignore new handshakes, and show the connections that it keeps back.
    void begin_to_close(Listener& listener, MonotonicTime close_at) noexcept;
    void stop(std::uint32_t index, std::vector<net::Accepted>& accepted);
    void close(std::uint32_t index, std::vector<net::Accepted>& accepted);

    /// Appends a connection, or closes it when there is no memory for that.
    void keep(const net::Accepted& connection, std::vector<net::Accepted>& accepted);
    void rest(MonotonicTime now, Errno reason);

    io::Proactor& proactor_;
    net::ListeningSockets& sockets_;
    const ReportSink& reports_;
    /// By the index of the socket.
    std::vector<Listener> listeners_;
    /// When to try again, after the kernel ran out of something or for some other reason could not
    /// accept.
    MonotonicTime accept_again_at_ = never;
    bool is_short_ = false;
    /// When the first that is closing is to be closed.
    MonotonicTime close_at_ = never;
    bool is_stopping_ = false;
    ReportLimiter warning_;
};

}  // namespace torc::worker
