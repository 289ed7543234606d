#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/io/proactor.hpp>

#include <cstdint>
#include <vector>

namespace torc::server {

/// The listeners of one worker, from the first accept to their end. Gives the sockets that it
/// accepts to the worker, which owns them from then on.
class Acceptor {
public:
    Acceptor(io::Proactor& proactor, std::vector<UniqueFd> sockets);

    /// Accepts on every listener on which it does not.
    void start();

    /// Takes a completion of Operation::accept; appends to `accepted` the sockets that came with
    /// it. True: the kernel ran out of descriptors or memory while a connection waits. Accepting
    /// then rests for a moment; the worker had better make room.
    [[nodiscard]] bool completed(const io::Completion& completion, MonotonicTime now,
                                 std::vector<int>& accepted);

    /// When `expire` is due; `never`: not at all.
    [[nodiscard]] MonotonicTime next_deadline() const noexcept { return accept_again_at_; }
    /// Accepts again after a rest that is over by `now`.
    void expire(MonotonicTime now);

    /// Has connections shown that the kernel keeps back until their first request.
    void show_silent_connections() noexcept;

    /// Ends accepting and closes the listeners, some of them only when `completed` is told that the
    /// kernel has stopped. Appends to `accepted` what waits in their queues, here or there.
    void stop(std::vector<int>& accepted);

    /// Whether an operation is in flight on a listener.
    [[nodiscard]] bool is_busy() const noexcept;

private:
    struct Listener {
        UniqueFd socket;
        bool is_accepting = false;
        bool is_cancelled = false;
    };

    void close(Listener& listener, std::vector<int>& accepted);

    io::Proactor& proactor_;
    std::vector<Listener> listeners_;
    /// When to try again, after the kernel ran out of something.
    MonotonicTime accept_again_at_ = never;
};

}  // namespace torc::server
