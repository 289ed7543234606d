#pragma once

namespace torc::test {

// What the tests, and the server that they drive, are built with.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool has_address_sanitizer = true;
#elif defined(__has_feature)
inline constexpr bool has_address_sanitizer = __has_feature(address_sanitizer) != 0;
#else
inline constexpr bool has_address_sanitizer = false;
#endif

/// It makes a thread of its own in each process.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool has_thread_sanitizer = true;
#elif defined(__has_feature)
inline constexpr bool has_thread_sanitizer = __has_feature(thread_sanitizer) != 0;
#else
inline constexpr bool has_thread_sanitizer = false;
#endif

}  // namespace torc::test
