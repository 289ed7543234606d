#pragma once

#include <torc/io/proactor.hpp>

#include <cstdint>

namespace torc::io {

/// How the ends of a file are looked at.
enum class EndsRead : std::uint8_t {
    /// As far as they are in memory: what was written just now is.
    resident,
    /// For a thread that may wait.
    waiting,
};

/// Whether the open file has been written since it was `version`, other than by making it longer.
/// A statx(2), which may wait where the file system is not local; and when that tells of a change
/// that need not be one of these bytes, a read of both ends.
[[nodiscard]] bool has_changed(int file, const FileVersion& version, EndsRead read) noexcept;

/// The same for a piece of `length` bytes at the beginning of `slice`, which matters only where it
/// is the last one.
[[nodiscard]] bool ends_changed(const FileSlice& slice, std::uint64_t length) noexcept;

}  // namespace torc::io
