#include <torc/worker/counters.hpp>

#include <numeric>

namespace torc::worker {
namespace {

template <typename Numbers>
void add_each(Numbers& sums, const Numbers& numbers) noexcept {
    for (std::size_t i = 0; i < sums.size(); ++i) {
        sums[i] += numbers[i];
    }
}

}  // namespace

void DurationHistogram::add(const DurationHistogram& other) noexcept {
    sum_ns_ += other.sum_ns_;
    add_each(buckets_, other.buckets_);
}

void SiteCounters::add(const SiteCounters& other) noexcept {
    for (std::size_t method = 0; method < responses.size(); ++method) {
        add_each(responses[method], other.responses[method]);
    }
    sent_bytes += other.sent_bytes;
    durations.add(other.durations);
}

std::uint64_t SiteCounters::responses_in_all() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& by_status : responses) {
        sum = std::accumulate(by_status.begin(), by_status.end(), sum);
    }
    return sum;
}

void WorkerCounters::add(const WorkerCounters& other) noexcept {
    accepted += other.accepted;
    add_each(closed, other.closed);
    proxy_header_errors += other.proxy_header_errors;
}

}  // namespace torc::worker
