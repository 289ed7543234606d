#pragma once

// Which of the compiler's sanitizers this is built with: g++ defines macros, clang has features.
#if defined(__SANITIZE_ADDRESS__)
#define TORC_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TORC_ADDRESS_SANITIZER 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define TORC_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TORC_THREAD_SANITIZER 1
#endif
#endif
