#pragma once

#include "sim/faults.hpp"

#include <array>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace torc::sim {

/// One run: everything follows from `seed` and `faults`.
struct RunOptions {
    std::uint64_t seed = 0;
    /// Names of faults; see Faults::named. Empty: as the seed draws them.
    std::string faults{};
    /// Where every event is written; null: nowhere.
    std::ostream* trace = nullptr;
};

struct RunResult {
    std::uint64_t seed = 0;
    /// What happened first that must never happen; empty: nothing.
    std::string failure{};
    /// Of all that happened.
    std::uint64_t digest = 0;
    std::string faults{};
    std::uint64_t requests = 0;
    std::uint64_t responses = 0;
    std::uint64_t events = 0;
    /// How often each fault struck.
    std::array<std::uint64_t, fault_kinds> struck{};
};

/// Simulates one worker, its clients and who changes its files, until the worker was told to stop
/// and has ended.
[[nodiscard]] RunResult run(const RunOptions& options);

/// The seed of the run under way, for who has to tell of a crash.
[[nodiscard]] std::uint64_t current_seed() noexcept;

}  // namespace torc::sim
