#pragma once

#include <torc/base/errno.hpp>

#include <cstddef>
#include <string>

namespace torc::file {

/// The bytes of an open file from where its offset is to its end, but no more than `bytes_max`: who
/// asks for one more than there may be sees that there are too many. Blocks. Errors: as read(2).
[[nodiscard]] Result<std::string> read_up_to(int descriptor, std::size_t bytes_max);

}  // namespace torc::file
