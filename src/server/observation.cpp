#include <torc/base/clock.hpp>
#include <torc/server/observation.hpp>

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace torc::server {
Observation::Worker& Observation::add(const worker::Statistics& statistics) {
    Worker& worker = workers.emplace_back(
        Worker{.cpu_time = statistics.cpu_time, .connections = statistics.connections.total()});
    for (const worker::Statistics::Site& site : statistics.sites) {
        sites[site.name].add(site.counters);
        worker.responses += site.counters.responses_in_all();
    }
    counters.add(statistics.counters);
    connections.add(statistics.connections);
    connections_max += statistics.connections_max;
    cache_hits += statistics.cache_hits;
    cache_misses += statistics.cache_misses;
    cache_evictions += statistics.cache_evictions;
    cache_bytes += statistics.cache_bytes;
    cache_limit_bytes += statistics.cache_limit_bytes;
    return worker;
}

std::uint64_t Observation::responses() const noexcept {
    return std::accumulate(
        workers.begin(), workers.end(), std::uint64_t{0},
        [](std::uint64_t sum, const Worker& worker) { return sum + worker.responses; });
}

std::uint64_t Observation::sent_bytes() const noexcept {
    return std::accumulate(
        sites.begin(), sites.end(), std::uint64_t{0},
        [](std::uint64_t sum, const auto& site) { return sum + site.second.sent_bytes; });
}

void Observer::ask_and_wait() {
    std::vector<std::uint64_t> before;
    before.reserve(boxes_.size());
    for (std::size_t worker = 0; worker < boxes_.size(); ++worker) {
        before.push_back(boxes_[worker].updates());
        mailboxes_[worker].ask_for_statistics();
    }
    const MonotonicTime give_up_at = monotonic_now() + patience;
    const auto is_updated = [&](std::size_t worker) {
        return boxes_[worker].updates() != before[worker];
    };
    for (std::size_t worker = 0; worker < boxes_.size();) {
        if (is_updated(worker)) {
            ++worker;
            continue;
        }
        pollfd event{.fd = updated_.descriptor(), .events = POLLIN, .revents = 0};
        if (::poll(&event, 1, milliseconds_until(give_up_at)) <= 0) {
            return;
        }
        updated_.clear();
    }
}

Observation Observer::observe() {
    ask_and_wait();
    Observation observation;
    observation.at = read_clocks().wall;
    observation.state = state_.copy();
    for (std::size_t worker = 0; worker < boxes_.size(); ++worker) {
        const std::vector<bool>& stalled = observation.state.stalled;
        const bool is_stalled = worker < stalled.size() && stalled[worker];
        boxes_[worker].read([&](const worker::Statistics& statistics) {
            observation.add(statistics).is_stalled = is_stalled;
        });
    }
    return observation;
}

}  // namespace torc::server
