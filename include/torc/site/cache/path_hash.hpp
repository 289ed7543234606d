#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace torc::site {

/// Hashes paths with a random per-process seed, against hash flooding: a client can't choose paths
/// that collide.
class PathHash {
public:
    /// std::string_view and std::string hash alike, so that either finds the other.
    using is_transparent = void;

    PathHash();

    [[nodiscard]] std::size_t operator()(std::string_view path) const noexcept;

private:
    std::uint64_t seed_;
};

}  // namespace torc::site
