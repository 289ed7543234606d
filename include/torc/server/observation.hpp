#pragma once

#include <torc/base/event_fd.hpp>
#include <torc/server/server_state.hpp>
#include <torc/worker/counters.hpp>
#include <torc/worker/mailbox.hpp>
#include <torc/worker/statistics.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace torc::server {

/// How much was done in a while that has just ended.
struct Rates {
    std::chrono::nanoseconds window{};
    double responses_per_second = 0;
    double bytes_per_second = 0;
    /// By worker: of one CPU.
    std::vector<double> worker_cpu_shares;
};

/// All that metrics and status tell, at one moment.
struct Observation {
    struct Worker {
        std::chrono::nanoseconds cpu_time{};
        bool is_stalled = false;
        std::uint32_t connections = 0;
        std::uint64_t responses = 0;
    };

    WallTime at{};
    ServerState state;
    std::vector<Worker> workers;

    // Of all workers together.

    /// By name; "" is no site.
    std::map<std::string, worker::SiteCounters> sites;
    worker::WorkerCounters counters;
    worker::ConnectionCensus connections;
    std::uint64_t connections_max = 0;
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_misses = 0;
    std::uint64_t cache_evictions = 0;
    std::uint64_t cache_bytes = 0;
    std::uint64_t cache_limit_bytes = 0;

    /// Since an earlier observation; of the whole time if there was none.
    Rates rates;

    /// Adds what one worker has left; gives its own figures.
    Worker& add(const worker::Statistics& statistics);
    /// Responses of all sites.
    [[nodiscard]] std::uint64_t responses() const noexcept;
    [[nodiscard]] std::uint64_t sent_bytes() const noexcept;
};

/// Asks workers for what they have counted.
class Observer {
public:
    /// How long one that hangs is waited for; what it left the last time counts then.
    static constexpr std::chrono::milliseconds patience{50};

    /// All of them outlive it. `boxes`, `mailboxes`: by worker. The boxes signal to `updated`.
    Observer(const SharedServerState& state, std::span<worker::StatisticsBox> boxes,
             std::span<worker::Mailbox> mailboxes, const EventFd& updated) noexcept
        : state_(state), boxes_(boxes), mailboxes_(mailboxes), updated_(updated) {}

    /// Waits for the workers, for `patience` at the most. For one thread.
    [[nodiscard]] Observation observe();

private:
    void ask_and_wait();

    const SharedServerState& state_;
    const std::span<worker::StatisticsBox> boxes_;
    const std::span<worker::Mailbox> mailboxes_;
    const EventFd& updated_;
};

}  // namespace torc::server
