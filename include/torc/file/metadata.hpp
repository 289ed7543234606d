#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/errno.hpp>

#include <linux/stat.h>

#include <cstdint>

namespace torc::file {

enum class Kind : std::uint8_t {
    regular,
    directory,
    /// A FIFO, a socket, a device: never served.
    other,
};

/// What torc knows of an open file.
struct Metadata {
    Kind kind = Kind::other;
    std::uint64_t size = 0;
    /// When the contents last changed, as the file system says (and any tool may set).
    WallTime modified{};
    /// When the inode last changed, which no tool can set.
    WallTime changed{};
    std::uint64_t inode = 0;
    std::uint64_t device = 0;
    /// How many names the file has (hard links), on its whole file system.
    std::uint32_t links = 1;

    /// From the result of statx(2) with STATX_BASIC_STATS.
    [[nodiscard]] static Metadata from(const struct statx& status) noexcept;

    /// Of the open file behind a descriptor, as far as the kernel has it in memory: never waits for
    /// a disk or a network (AT_STATX_DONT_SYNC). Errors: as statx(2).
    [[nodiscard]] static Result<Metadata> of(int descriptor) noexcept;

    /// Equal members mean the same bytes, if the file was not written just before one of the looks
    /// (see site::is_settled).
    friend bool operator==(const Metadata&, const Metadata&) noexcept = default;
};

}  // namespace torc::file
