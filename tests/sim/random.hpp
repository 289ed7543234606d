#pragma once

#include <cstdint>

namespace torc::sim {

/// Numbers that follow from a seed alone (SplitMix64), the same on every machine.
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

    constexpr std::uint64_t next() noexcept {
        state_ += 0x9e37'79b9'7f4a'7c15;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58'476d'1ce4'e5b9;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d0'49bb'1331'11eb;
        return mixed ^ (mixed >> 31U);
    }
    /// Less than `bound`, which is not 0.
    constexpr std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
    /// Both included.
    constexpr std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept {
        return least + below(most - least + 1);
    }
    constexpr bool chance(std::uint64_t per_mille) noexcept { return below(1000) < per_mille; }
    /// Another sequence, so that how much is drawn from it changes nothing here.
    constexpr Random fork() noexcept { return Random(next()); }

private:
    std::uint64_t state_;
};

}  // namespace torc::sim
