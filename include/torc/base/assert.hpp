#pragma once

#include <source_location>

namespace torc {

/// Prints the broken invariant and where it stands to stderr, then aborts. Never returns.
[[noreturn]] void assertion_failed(
    const char* condition,
    std::source_location location = std::source_location::current()) noexcept;

}  // namespace torc

/// Checks an invariant of the program in every build, release included: a server that goes on with
/// a broken invariant serves wrong bytes. Never for what a peer, a file or the kernel may do.
#define TORC_ASSERT(condition)                    \
    do {                                          \
        if (!(condition)) [[unlikely]] {          \
            ::torc::assertion_failed(#condition); \
        }                                         \
    } while (false)
