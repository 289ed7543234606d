#pragma once

#include <torc/base/clock.hpp>
#include <torc/server/observation.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <vector>

namespace torc::server {

/// Makes rates of observations, of which it keeps what it needs.
class RateMeter {
public:
    /// How often something is to be observed, so that rates are of the last moments.
    static constexpr std::chrono::seconds interval{5};

    /// `began_at`: from when the first rates count.
    explicit RateMeter(MonotonicTime began_at) : samples_{Sample{.at = began_at}} {}

    /// When the next observation is due.
    [[nodiscard]] MonotonicTime due_at() const noexcept { return samples_.back().at + interval; }
    /// Sets the rates of `observation`, which was made `now`: since one that is at least
    /// `interval` old, if there is one.
    void measure(Observation& observation, MonotonicTime now);

private:
    struct Sample {
        MonotonicTime at{};
        std::uint64_t responses = 0;
        std::uint64_t sent_bytes = 0;
        std::vector<std::chrono::nanoseconds> cpu_times{};
    };

    /// The two last that were due.
    std::deque<Sample> samples_;
};

}  // namespace torc::server
