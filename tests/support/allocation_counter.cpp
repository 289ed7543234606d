#include "support/allocation_counter.hpp"

#include <torc/base/sanitizers.hpp>

#include <cstdlib>
#include <new>

namespace {
thread_local std::uint64_t allocation_count = 0;
thread_local bool has_memory = true;
}  // namespace

namespace torc::test {

std::uint64_t allocations_of_this_thread() noexcept {
    return allocation_count;
}

FailingAllocations::FailingAllocations() noexcept {
    has_memory = false;
}

FailingAllocations::~FailingAllocations() {
    has_memory = true;
}

}  // namespace torc::test

// ThreadSanitizer brings its own and does not let them be replaced; nothing is counted then.
#ifndef TORC_THREAD_SANITIZER

// The replaceable allocation functions; array and sized forms call these by default. So does the
// one that throws nothing, but AddressSanitizer has one of its own.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    ++allocation_count;
    return has_memory ? std::malloc(size == 0 ? 1 : size) : nullptr;
}

void* operator new(std::size_t size) {
    if (void* const memory = operator new(size, std::nothrow)) {
        return memory;
    }
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

#endif
