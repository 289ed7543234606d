#pragma once

#include <torc/base/clock.hpp>
#include <torc/worker/stop.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace torc::worker {

/// Decides how one worker ends: which phase it is in, by its orders, the time and what is still in
/// flight. Performs nothing: the worker does what `next_step` and `next_cut_off` say, and tells
/// what came of it.
///
/// | phase            | event                             | next             | step            |
/// |------------------|-----------------------------------|------------------|-----------------|
/// | running          | an order, to drain or to stop now | draining         | begin_drain     |
/// | draining         | 250 ms have passed                | listeners_closed | close_listeners |
/// | draining         | order to stop now, drain timeout  | cutting_off      | close_listeners |
/// | listeners_closed | order to stop now, drain timeout  | cutting_off      |                 |
/// | listeners_closed | nothing is in flight              | left             |                 |
/// | listeners_closed | for 250 ms loads alone            | left             |                 |
/// | cutting_off      | nothing is in flight              | left             |                 |
/// | cutting_off      | for 250 ms loads alone            | left             |                 |
/// | cutting_off      | 1 s after the last was shut down  | left             |                 |
///
/// No other event changes the phase, and none is ever gone back to. An order to stop at once that
/// comes while running goes through draining to cutting_off in one iteration.
class Shutdown {
public:
    enum class Phase : std::uint8_t {
        running,
        /// Listeners are open, for handshakes that are half done and for connections that the
        /// kernel keeps back until their first request. Idle connections end, others finish.
        draining,
        /// The same without listeners.
        listeners_closed,
        /// Every connection is shut down, a bounded number an iteration.
        cutting_off,
        /// The loop is over; operations that did not end are left behind.
        left,
    };

    /// What the worker has to do as a phase begins.
    enum class Step : std::uint8_t { none, begin_drain, close_listeners };

    /// What is in flight in a worker whose listeners are closed.
    enum class Remaining : std::uint8_t {
        nothing,
        /// Operations of loads alone, for which nobody waits: a file system that does not answer
        /// must not hold up the end.
        loads,
        /// Operations of connections or listeners.
        clients,
    };

    /// `drain_timeout`: how long connections have to finish before they are cut off.
    explicit Shutdown(std::chrono::nanoseconds drain_timeout) noexcept
        : drain_timeout_(drain_timeout) {}

    /// Of a drain that has not begun.
    void set_drain_timeout(std::chrono::nanoseconds timeout) noexcept { drain_timeout_ = timeout; }

    /// Takes an order; one that is less urgent than an earlier one has no effect.
    void on_order(Stop order) noexcept;

    /// Moves on by one phase, if an order or the time says so. Call until it gives `none`.
    [[nodiscard]] Step next_step(MonotonicTime now) noexcept;

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

    /// By when `next_step` or `on_remaining` is to be called again; `never`: not by the time alone.
    [[nodiscard]] MonotonicTime next_deadline() const noexcept;

    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    /// Connections may finish, and each response is its connection's last.
    [[nodiscard]] bool is_draining() const noexcept {
        return phase_ == Phase::draining || phase_ == Phase::listeners_closed;
    }
    /// Whoever still comes in is closed at once.
    [[nodiscard]] bool is_cutting_off() const noexcept { return phase_ == Phase::cutting_off; }
    [[nodiscard]] bool has_left() const noexcept { return phase_ == Phase::left; }
    /// Whether a connection was cut off that was not idle.
    [[nodiscard]] bool has_unfinished_connections() const noexcept { return has_unfinished_; }

private:
    std::chrono::nanoseconds drain_timeout_;
    Phase phase_ = Phase::running;
    Stop ordered_ = Stop::no;
    /// When the phase is over by itself.
    MonotonicTime phase_ends_at_ = never;
    /// When connections that drain are cut off.
    MonotonicTime drain_ends_at_ = never;
    /// When loads alone are no reason to stay any more.
    MonotonicTime loads_end_at_ = never;
    std::optional<std::uint32_t> next_cut_off_;
    bool has_unfinished_ = false;
};

}  // namespace torc::worker
