// What a worker tells of itself when it is asked to.

#include <torc/base/limits.hpp>
#include <torc/worker/worker.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <utility>
#include <vector>

namespace torc::worker {
namespace {

/// Slots that are looked at in one iteration to count the connections by their states.
constexpr std::uint32_t census_connections_per_iteration = 4096;

std::chrono::nanoseconds thread_cpu_time() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

void Worker::take_census() {
    if (statistics_ == nullptr) {
        return;
    }
    census_next_ = connections_.visit(
        census_next_, census_connections_per_iteration, [this](ConnectionSlot& slot) {
            const State state = slot.connection->state();
            if (state != State::closed) {
                ++census_.by_state.at(static_cast<std::size_t>(state));
            }
        });
    if (census_next_ > 0) {
        mailbox_.ask_for_statistics();  // The next iteration goes on.
        return;
    }
    const ConnectionCensus census = std::exchange(census_, ConnectionCensus());
    statistics_->update([&](Statistics& statistics) {
        statistics.connections = census;
        write_statistics(statistics);
    });
}

void Worker::write_statistics(Statistics& statistics) const {
    const std::vector<CountedSiteRef>& counted = hosting_.counted();
    statistics.sites.resize(counted.size());
    for (std::size_t i = 0; i < counted.size(); ++i) {
        statistics.sites[i].name = counted[i]->name;
        statistics.sites[i].counters = counted[i]->counters;
    }
    statistics.counters = services_.counters;
    statistics.connections_max = connections_.size_max() - limits::connections_spare;
    statistics.cache_hits = budgets_.hits;
    statistics.cache_misses = budgets_.misses;
    statistics.cache_evictions = budgets_.present.evictions() + budgets_.missing.evictions();
    statistics.cache_bytes = budgets_.present.memory_bytes() + budgets_.missing.memory_bytes();
    statistics.cache_limit_bytes = budgets_.present.limit_bytes() + budgets_.missing.limit_bytes();
    statistics.cpu_time = thread_cpu_time();
}

}  // namespace torc::worker
