#pragma once

#include <torc/base/errno.hpp>
#include <torc/http/status.hpp>
#include <torc/site/load/file_load.hpp>

namespace torc::site {

/// The status of a response in place of a file that could not be opened or read.
[[nodiscard]] http::Status status_for(Errno error) noexcept;

/// The same for what was found where a regular file was looked for: 404 (Not Found) for a directory
/// or a device.
[[nodiscard]] http::Status status_for(const FileLoad::Outcome& file) noexcept;

/// Whether it was not looked at for want of something (descriptors, memory), and may well be there.
[[nodiscard]] bool is_short_of_something(const FileLoad::Outcome& file) noexcept;

}  // namespace torc::site
