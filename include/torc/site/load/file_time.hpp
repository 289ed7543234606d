#pragma once

#include <torc/base/clock.hpp>
#include <torc/file/metadata.hpp>

#include <chrono>

namespace torc::site {

/// A file that is written this shortly after a look at it may keep the times that the look found:
/// file systems count in steps, of 2 s (FAT), of 1 s (ext3, NFSv2, many archives' mounts) or of a
/// clock tick of 1 to 10 ms (all others before Linux 6.13).
inline constexpr std::chrono::seconds file_time_step_max{2};

/// Whether a modification time is that of a modification, so that it may be told to clients: not
/// one after `now`, and none of those that tools give to whatever they write, so that builds and
/// archives are the same each time (0 and 1: Nix, OSTree, container images; the first days of
/// MS-DOS's calendar: ZIP, Gradle, RubyGems, buildpacks; npm's, Yarn's, Cargo's, Bazel's and
/// Hatch's own).
[[nodiscard]] bool has_useful_time(const file::Metadata& metadata, WallTime now) noexcept;

/// Whether the modification time in nanoseconds tells this version of a file from every other that
/// is written from `now` on: it is useful, and so old that no later write can leave it there.
[[nodiscard]] bool has_distinct_time(const file::Metadata& metadata, WallTime now) noexcept;

/// Whether metadata, found at `looked_at`, are lasting: a later write of the file shows in them.
/// Not if one of their times is that of the look, to the step of a file system.
[[nodiscard]] bool is_settled(const file::Metadata& metadata, WallTime looked_at) noexcept;

}  // namespace torc::site
