#pragma once

#include <torc/base/sanitizers.hpp>

#ifdef TORC_THREAD_SANITIZER
#include <sanitizer/linux_syscall_hooks.h>
#endif

namespace torc::io {

/// Tells ThreadSanitizer, which sees only the C library's calls, that the ring closes `fd`.
/// Otherwise it takes what was done with the number before, and what another thread does with it
/// once the kernel has given it out again, for a race. In other builds it is nothing.
inline void note_closed_by_ring([[maybe_unused]] int fd) noexcept {
#ifdef TORC_THREAD_SANITIZER
    __sanitizer_syscall_pre_close(fd);
#endif
}

}  // namespace torc::io
