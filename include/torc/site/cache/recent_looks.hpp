#pragma once

#include <torc/base/clock.hpp>
#include <torc/file/metadata.hpp>
#include <torc/site/cache/path_hash.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace torc::site {

/// The last looks at some files, which tell one that is written all the time (a log) from one that
/// was written once, or replaced. Some dozens are remembered, of which
/// any may be forgotten for another.
class RecentLooks {
public:
    /// How long a look is recent.
    static constexpr std::chrono::seconds recent_for{5};

    /// Notes what a look at `path` found, at `now`. Whether a recent one found the same file with
    /// another size or time, and it was written just now, as its time tells.
    [[nodiscard]] bool note(std::string_view path, const file::Metadata& found,
                            WallTime now) noexcept;

private:
    struct Look {
        std::size_t path_hash = 0;
        file::Metadata found;
        WallTime at{};
    };

    PathHash hash_;
    /// By the hashes of their paths.
    std::array<Look, 64> looks_;
};

}  // namespace torc::site
