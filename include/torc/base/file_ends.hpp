#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace torc {

/// Hashes (XXH3, 64 bits) of the first and of the last bytes of one version of a file. Who writes
/// another over it changes one of them as a rule, and who appends to it changes neither.
struct FileEnds {
    /// Of each end so much, or all that there is.
    static constexpr std::size_t bytes_max = 4096;

    std::uint64_t beginning = 0;
    std::uint64_t end = 0;

    /// Of one end.
    [[nodiscard]] static std::uint64_t hash(std::span<const std::byte> bytes) noexcept;

    friend bool operator==(const FileEnds&, const FileEnds&) noexcept = default;
};

}  // namespace torc
