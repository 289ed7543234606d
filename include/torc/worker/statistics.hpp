#pragma once

#include <torc/base/event_fd.hpp>
#include <torc/worker/connection.hpp>
#include <torc/worker/counters.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace torc::worker {

/// How many connections wait for what.
struct ConnectionCensus {
    /// By State.
    std::array<std::uint32_t, static_cast<std::size_t>(State::closed)> by_state{};

    [[nodiscard]] std::uint32_t of(State state) const noexcept {
        return by_state.at(static_cast<std::size_t>(state));
    }
    void add(const ConnectionCensus& other) noexcept;
    /// In all.
    [[nodiscard]] std::uint32_t total() const noexcept;
    /// Those with a request that has no response yet, or whose response leaves.
    [[nodiscard]] std::uint32_t with_requests() const noexcept;
};

/// What was in one worker between two of its iterations.
struct Statistics {
    struct Site {
        /// See CountedSite::name.
        std::string name;
        SiteCounters counters;
    };
    /// Those that were asked for something. The first is of no site.
    std::vector<Site> sites;
    WorkerCounters counters;
    ConnectionCensus connections;
    std::uint32_t connections_max = 0;
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_misses = 0;
    std::uint64_t cache_evictions = 0;
    std::size_t cache_bytes = 0;
    std::size_t cache_limit_bytes = 0;
    /// Of the worker's thread.
    std::chrono::nanoseconds cpu_time{};
};

/// Where a worker leaves its statistics for other threads, when it is asked to
/// (Mailbox::ask_for_statistics). The memory is kept from one time to the next.
class alignas(64) StatisticsBox {
public:
    StatisticsBox() = default;
    StatisticsBox(const StatisticsBox&) = delete;
    StatisticsBox& operator=(const StatisticsBox&) = delete;
    ~StatisticsBox() = default;

    /// `updated`: is signalled by each update until the next call; null: nothing is.
    void signal_to(const EventFd* updated) {
        const std::scoped_lock lock(mutex_);
        updated_ = updated;
    }

    /// For the worker: has `write` change the statistics. Waits for nobody: while somebody reads,
    /// they stay as they are. May throw what `write` does.
    template <typename Write>
    void update(Write write) {
        const std::unique_lock lock(mutex_, std::try_to_lock);
        if (!lock) {
            return;
        }
        write(statistics_);
        ++updates_;
        if (updated_ != nullptr) {
            updated_->signal();
        }
    }

    /// For any other thread. `read` must not wait.
    template <typename Read>
    void read(Read read) const {
        const std::scoped_lock lock(mutex_);
        read(statistics_);
    }
    /// How often they were updated.
    [[nodiscard]] std::uint64_t updates() const {
        const std::scoped_lock lock(mutex_);
        return updates_;
    }

private:
    mutable std::mutex mutex_;
    Statistics statistics_;
    std::uint64_t updates_ = 0;
    const EventFd* updated_ = nullptr;
};

}  // namespace torc::worker
