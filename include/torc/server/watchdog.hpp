#pragma once

#include <torc/base/clock.hpp>
#include <torc/net/listener.hpp>
#include <torc/server/worker_thread.hpp>
#include <torc/worker/balance.hpp>
#include <torc/worker/mailbox.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace torc::server {

/// Notices a worker whose loop hangs, and sees to it that the others serve its new clients.
///
/// A worker in its wait looks like one that hangs, so each is woken now and then; one that has not
/// begun an iteration a quarter of a second later is stalled. It gets no connections handed over,
/// those that it was handed and did not take go to others, and so do those that the kernel puts
/// into the queues of its listeners, until it begins an iteration again.
class Watchdog {
public:
    /// `threads` and `mailboxes`: by worker. All of them outlive it; `balance` is null when there
    /// is one worker.
    Watchdog(std::span<const std::unique_ptr<WorkerThread>> threads,
             std::span<worker::Mailbox> mailboxes, net::Listeners& listeners,
             worker::Balance* balance);
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    ~Watchdog();

    /// When to look next.
    [[nodiscard]] MonotonicTime next_look() const noexcept { return next_look_; }
    /// Looks at every worker, if it is time.
    void look(MonotonicTime now);

    /// Whether a worker has begun no iteration for too long though it was woken.
    [[nodiscard]] bool is_stalled(std::size_t worker) const {
        return pulses_[worker].is_stalled && !has_iterated(worker);
    }

private:
    /// What is known of a worker.
    struct Pulse {
        /// As of the last ping.
        std::uint64_t iterations = 0;
        MonotonicTime pinged_at{};
        bool is_stalled = false;
        bool is_reported = false;
    };

    /// Whether the worker has begun an iteration since the last ping, or has ended.
    [[nodiscard]] bool has_iterated(std::size_t worker) const;
    void ping(std::size_t worker, MonotonicTime now);
    void look_at(std::size_t worker, MonotonicTime now);
    void on_stall(std::size_t worker);
    void on_recovery(std::size_t worker, MonotonicTime now);
    void report(std::size_t worker, MonotonicTime now);
    /// Hands what waits for a stalled worker to others.
    void relieve(std::size_t worker);
    void place_orphans();

    std::span<const std::unique_ptr<WorkerThread>> threads_;
    std::span<worker::Mailbox> mailboxes_;
    net::Listeners& listeners_;
    worker::Balance* balance_;
    std::vector<Pulse> pulses_;
    /// Connections that were taken for others and have no worker yet.
    std::vector<net::Accepted> orphans_;
    MonotonicTime next_look_{};
};

}  // namespace torc::server
