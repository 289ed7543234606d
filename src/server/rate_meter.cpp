#include <torc/server/rate_meter.hpp>

#include <cstddef>
#include <utility>

namespace torc::server {

void RateMeter::measure(Observation& observation, MonotonicTime now) {
    Sample sample{
        .at = now, .responses = observation.responses(), .sent_bytes = observation.sent_bytes()};
    for (const Observation::Worker& worker : observation.workers) {
        sample.cpu_times.push_back(worker.cpu_time);
    }
    const Sample& before = samples_.front();
    const double seconds = std::chrono::duration<double>(now - before.at).count();
    if (seconds > 0) {
        Rates& rates = observation.rates;
        rates.window = now - before.at;
        rates.responses_per_second =
            static_cast<double>(sample.responses - before.responses) / seconds;
        rates.bytes_per_second =
            static_cast<double>(sample.sent_bytes - before.sent_bytes) / seconds;
        for (std::size_t worker = 0; worker < sample.cpu_times.size(); ++worker) {
            const auto cpu_before = worker < before.cpu_times.size() ? before.cpu_times[worker]
                                                                     : std::chrono::nanoseconds(0);
            const auto cpu_time = sample.cpu_times[worker] - cpu_before;
            rates.worker_cpu_shares.push_back(std::chrono::duration<double>(cpu_time).count() /
                                              seconds);
        }
    }
    if (now >= due_at()) {
        samples_.push_back(std::move(sample));
        if (samples_.size() > 2) {
            samples_.pop_front();
        }
    }
}

}  // namespace torc::server
