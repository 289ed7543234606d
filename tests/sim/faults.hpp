#pragma once

#include "sim/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace torc::sim {

/// What may go wrong, or come about as it rarely does.
enum class Fault : std::uint8_t {
    /// A receive gives a byte of what is there.
    small_receives,
    /// No buffer is free for a receive.
    no_buffers,
    /// A send gives up before all is sent.
    short_sends,
    /// A read gives a part of what is there.
    short_reads,
    /// A file is not in memory, and the disk takes up to a second.
    slow_disk,
    /// A read or a look at a file fails with EIO.
    disk_errors,
    /// The process has no descriptor left for a file.
    descriptor_shortage,
    /// An open finds no thread of the kernel's, or a rename in its way.
    open_again,
    /// A completion comes up to 20 ms late, behind others.
    late_completions,
    /// Changes of the tree are lost (IN_Q_OVERFLOW).
    lost_notices,
    /// The wall clock is set.
    clock_jumps,
    /// Clients reset connections in any phase.
    client_resets,
    /// Clients end their own stream before they have read everything.
    client_half_closes,
    /// Clients read little at a time, and late.
    slow_readers,
    /// Files are written, replaced, deleted and moved while they are served.
    tree_changes,
};
inline constexpr std::size_t fault_kinds = 15;

[[nodiscard]] std::string_view name_of(Fault fault) noexcept;

/// Which faults a run has, and how often each strikes where it may.
class Faults {
public:
    /// None.
    Faults() = default;
    /// Each seed draws its own: a few kinds rather than all, since some hide others.
    [[nodiscard]] static Faults draw(Random& random);
    /// By names, separated by commas; "none", "all". Empty: as a seed draws them. False: one is not
    /// known.
    [[nodiscard]] static bool are_known(std::string_view names);
    [[nodiscard]] static Faults named(std::string_view names, Random& random);

    [[nodiscard]] bool has(Fault fault) const noexcept { return rate(fault) > 0; }
    /// Of a thousand times.
    [[nodiscard]] std::uint32_t rate(Fault fault) const noexcept {
        return rates_[static_cast<std::size_t>(fault)];
    }
    [[nodiscard]] std::string text() const;

private:
    std::array<std::uint32_t, fault_kinds> rates_{};
};

}  // namespace torc::sim
