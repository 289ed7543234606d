#include <torc/worker/statistics.hpp>

#include <numeric>

namespace torc::worker {

void ConnectionCensus::add(const ConnectionCensus& other) noexcept {
    for (std::size_t state = 0; state < by_state.size(); ++state) {
        by_state[state] += other.by_state[state];
    }
}

std::uint32_t ConnectionCensus::total() const noexcept {
    return std::accumulate(by_state.begin(), by_state.end(), std::uint32_t{0});
}

std::uint32_t ConnectionCensus::with_requests() const noexcept {
    return of(State::loading) + of(State::sending) + of(State::sending_file);
}

}  // namespace torc::worker
