#pragma once

#include <torc/base/sanitizers.hpp>

#include <cstddef>

#ifdef TORC_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace torc {

// AddressSanitizer does not see what the kernel writes, nor that a recycled buffer is nobody's.
// These two tell it; in other builds they are nothing.

/// From here on, reading or writing these bytes is a bug.
inline void poison([[maybe_unused]] const void* memory,
                   [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef TORC_ADDRESS_SANITIZER
    ASAN_POISON_MEMORY_REGION(memory, bytes);
#endif
}

/// These bytes may be used again.
inline void unpoison([[maybe_unused]] const void* memory,
                     [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef TORC_ADDRESS_SANITIZER
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
#endif
}

}  // namespace torc
