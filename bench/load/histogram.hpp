#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace torc::bench {

/// Counts of latencies in buckets that are 1.6 % wide at most.
class Histogram {
public:
    void add(std::chrono::nanoseconds latency) {
        const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
        ++counts_[index_of(value)];
        ++total_;
        max_ = std::max(max_, value);
    }

    /// In microseconds.
    [[nodiscard]] double percentile(double percent) const {
        const auto wanted = static_cast<std::uint64_t>(percent / 100 * static_cast<double>(total_));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen > wanted) {
                return std::min(middle_of(i), static_cast<double>(max_)) / 1e3;
            }
        }
        return max_us();
    }

    [[nodiscard]] double max_us() const { return static_cast<double>(max_) / 1e3; }

private:
    /// Up to 2^7 each value has its bucket; each power of two above has 2^6.
    static constexpr unsigned exact_bits = 7;
    static constexpr std::size_t buckets_per_power = std::size_t{1} << (exact_bits - 1);

    static std::size_t index_of(std::uint64_t value) {
        const auto bits = static_cast<unsigned>(std::bit_width(value));
        const unsigned shift = bits > exact_bits ? bits - exact_bits : 0;
        return shift * buckets_per_power + (value >> shift);
    }

    static double middle_of(std::size_t index) {
        if (index < 2 * buckets_per_power) {
            return static_cast<double>(index);
        }
        const std::size_t shift = index / buckets_per_power - 1;
        const std::uint64_t lowest = (index - shift * buckets_per_power) << shift;
        return static_cast<double>(lowest) + static_cast<double>(1ULL << shift) / 2;
    }

    std::array<std::uint64_t, (64 - exact_bits + 2) * buckets_per_power> counts_{};
    std::uint64_t total_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace torc::bench
