#pragma once

#include <torc/base/clock.hpp>
#include <torc/config/settings.hpp>
#include <torc/worker/stop.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace torc::worker {

/// How long listeners that are to be closed stay open when the drain begins: closing one resets
/// handshakes that are half done, and connections that the kernel does not show before their
/// request is there.
inline constexpr std::chrono::milliseconds drain_listening{250};

/// What becomes of the listening sockets of a worker as a drain begins.
enum class ListenersAfterwards : std::uint8_t {
    /// Nobody has any of them any more: who comes in the end is refused.
    closed,
    /// Another process has some, or gets them as soon as this one has ended: who comes waits there.
    /// The others are closed after `drain_listening` all the same.
    kept,
};

/// Decides how one worker ends: which phase it is in, by its orders, the time and what is still in
/// flight. Performs nothing: the worker does what `due_step` and `next_cut_off` say, and tells what
/// came of it; what it could not do stays due.
///
/// | phase            | event                             | next             | due step        |
/// |------------------|-----------------------------------|------------------|-----------------|
/// | running          | an order, and its delay has passed| draining         | begin_drain     |
/// | draining         | see below                         | listeners_closed | close_listeners |
/// | draining         | order to stop now, drain timeout  | listeners_closed | close_listeners |
/// | listeners_closed | order to stop now, drain timeout  | cutting_off      | begin_cut_off   |
/// | listeners_closed | nothing is in flight              | left             |                 |
/// | listeners_closed | for 250 ms loads alone            | left             |                 |
/// | cutting_off      | nothing is in flight              | left             |                 |
/// | cutting_off      | for 250 ms loads alone            | left             |                 |
/// | cutting_off      | 1 s after the last was shut down  | left             |                 |
///
/// No other event changes the phase, and none is ever gone back to. Only an order to drain has a
/// delay. An order to stop at once that comes while running goes through all of them to cutting_off
/// in one iteration.
///
/// `draining` is over as soon as nobody gains by it. Of listeners that are closed: after 250 ms,
/// which those need whose handshakes are half done. Of those that are kept for a process that takes
/// over already: at once. Of those that a process gets that can't start before this one has ended:
/// when nobody is waited for any more (see SharedDrain), or a second before the drain timeout;
/// until then those who come are served one response, instead of waiting for all that time.
class Shutdown {
public:
    enum class Phase : std::uint8_t {
        running,
        /// Listeners are open. Every response is its connection's last.
        draining,
        /// The same without listeners.
        listeners_closed,
        /// Every connection is shut down, a bounded number an iteration.
        cutting_off,
        /// The loop is over; operations that did not end are left behind.
        left,
    };

    /// What the worker has to do for a phase to begin.
    enum class Step : std::uint8_t { none, begin_drain, close_listeners, begin_cut_off };

    /// What is in flight in a worker.
    enum class Remaining : std::uint8_t {
        nothing,
        /// Operations of loads alone, for which nobody waits: a file system that does not answer
        /// must not hold up the end.
        loads,
        /// Operations of connections or listeners.
        clients,
    };

    /// How long connections have, by the order; see Stop.
    explicit Shutdown(const config::Timeouts& timeouts) noexcept : timeouts_(timeouts) {}

    /// Of a drain that has not begun.
    void set_timeouts(const config::Timeouts& timeouts) noexcept { timeouts_ = timeouts; }

    /// Takes an order; one that is less urgent than an earlier one has no effect.
    void on_order(Stop order, MonotonicTime now) noexcept;

    /// What is to be done now. Call until it gives `none`, and tell what was done.
    [[nodiscard]] Step due_step(MonotonicTime now) const noexcept;
    /// Step::begin_drain was done.
    void on_drain_begun(ListenersAfterwards listeners, MonotonicTime now) noexcept;
    /// Whether those are served who come in the drain.
    [[nodiscard]] bool serves_late_clients() const noexcept {
        return phase_ == Phase::draining && serves_late_clients_;
    }
    /// They need not be any more: nobody else is waited for.
    void on_early_clients_gone(MonotonicTime now) noexcept { listening_ends_at_ = now; }
    /// Step::close_listeners was done.
    void on_listeners_closed() noexcept;
    /// Step::begin_cut_off was done, which is nothing yet: `next_cut_off` says more.
    void on_cut_off_begun() noexcept;

    /// The slot from which on connections are to be cut off in this iteration; nothing: none are.
    [[nodiscard]] std::optional<std::uint32_t> next_cut_off() const noexcept {
        return next_cut_off_;
    }
    /// The connections before `next` were shut down; 0: all were.
    void on_cut_off(std::uint32_t next, MonotonicTime now) noexcept;
    /// A connection was cut off that was not idle.
    void on_unfinished_connection() noexcept { has_unfinished_ = true; }

    /// At the end of each iteration: leaves if there is nothing to wait for any more.
    void on_remaining(Remaining remaining, MonotonicTime now) noexcept;

    /// By when `due_step` or `on_remaining` is to be called again; `never`: not by the time alone.
    [[nodiscard]] MonotonicTime next_deadline() const noexcept;

    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    /// Connections may finish, and each response is its connection's last.
    [[nodiscard]] bool is_draining() const noexcept {
        return phase_ == Phase::draining || phase_ == Phase::listeners_closed;
    }
    /// Whether connections end that are idle. Before, they may ask for something once more.
    [[nodiscard]] bool ends_idle(MonotonicTime now) noexcept {
        if (now >= idle_ends_at_) {
            ends_idle_ = true;
            idle_ends_at_ = never;
        }
        return ends_idle_ && is_draining();
    }
    /// Whoever still comes in is closed at once.
    [[nodiscard]] bool is_cutting_off() const noexcept { return phase_ == Phase::cutting_off; }
    [[nodiscard]] bool has_left() const noexcept { return phase_ == Phase::left; }
    /// Whether a connection was cut off that was not idle.
    [[nodiscard]] bool has_unfinished_connections() const noexcept { return has_unfinished_; }

private:
    /// The drain's end by the most urgent order so far.
    void hurry(MonotonicTime now) noexcept;

    config::Timeouts timeouts_;
    Phase phase_ = Phase::running;
    Stop ordered_ = Stop::no;
    /// When the drain is due.
    MonotonicTime drain_begins_at_ = never;
    /// When listeners are closed.
    MonotonicTime listening_ends_at_ = never;
    bool serves_late_clients_ = false;
    MonotonicTime idle_ends_at_ = never;
    bool ends_idle_ = false;
    /// When connections that drain are cut off.
    MonotonicTime drain_ends_at_ = never;
    /// When those that were cut off are left behind.
    MonotonicTime cut_off_ends_at_ = never;
    /// When loads alone are no reason to stay any more.
    MonotonicTime loads_end_at_ = never;
    std::optional<std::uint32_t> next_cut_off_;
    bool has_unfinished_ = false;
};

}  // namespace torc::worker
