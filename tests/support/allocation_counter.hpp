#pragma once

#include <cstdint>

namespace torc::test {

/// How often this thread has called operator new so far. For tests that assert that something does
/// not allocate: take the difference, which is 0 whatever happened under ThreadSanitizer.
[[nodiscard]] std::uint64_t allocations_of_this_thread() noexcept;

/// While it lives, operator new has no memory for this thread; without effect under
/// ThreadSanitizer.
class FailingAllocations {
public:
    FailingAllocations() noexcept;
    FailingAllocations(const FailingAllocations&) = delete;
    FailingAllocations& operator=(const FailingAllocations&) = delete;
    ~FailingAllocations();
};

}  // namespace torc::test
