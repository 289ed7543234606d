#pragma once

#include <cstdint>

namespace torc::file {

/// Which symbolic links are followed on the way to a served file.
enum class SymlinkPolicy : std::uint8_t {
    /// Those whose target is beneath the root: containment is the kernel's.
    inside,
    /// Every one: whoever can make a link in the root can publish any file that torc can read.
    all,
    /// None, neither at the end of a path nor within it.
    none,
};

}  // namespace torc::file
