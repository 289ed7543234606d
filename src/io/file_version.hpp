#pragma once

#include <torc/io/proactor.hpp>

namespace torc::io {

/// Whether the open file has been written since it was `version`, other than by making it longer;
/// true, too, when that can't be told. One statx(2), which may wait where the file system is not
/// local.
[[nodiscard]] bool has_changed(int file, const FileVersion& version) noexcept;

/// The same for a piece of `length` bytes at the beginning of `slice`, which matters only where it
/// is the last one.
[[nodiscard]] bool ends_changed(const FileSlice& slice, std::uint64_t length) noexcept;

}  // namespace torc::io
