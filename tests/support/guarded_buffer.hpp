#pragma once

#include <torc/base/assert.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace torc::test {

/// Memory that ends where an inaccessible page begins: one byte read beyond what is placed in it
/// kills the test, with every compiler and without a sanitizer.
class GuardedBuffer {
public:
    explicit GuardedBuffer(std::size_t capacity)
        : page_bytes_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
          bytes_((capacity + page_bytes_ - 1) / page_bytes_ * page_bytes_) {
        void* memory = ::mmap(nullptr, bytes_ + page_bytes_, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        TORC_ASSERT(memory != MAP_FAILED);
        begin_ = static_cast<char*>(memory);
        TORC_ASSERT(::mprotect(end(), page_bytes_, PROT_NONE) == 0);
    }
    GuardedBuffer(const GuardedBuffer&) = delete;
    GuardedBuffer& operator=(const GuardedBuffer&) = delete;
    ~GuardedBuffer() { ::munmap(begin_, bytes_ + page_bytes_); }

    /// Copies `text` right before the guard page. The view lives until the next call.
    std::string_view place(std::string_view text) {
        TORC_ASSERT(text.size() <= bytes_);
        char* const place = end() - text.size();
        std::ranges::copy(text, place);
        return {place, text.size()};
    }

    /// Makes all whole pages before `place`, which is in the buffer, inaccessible too.
    void lock_before(const char* place) {
        const auto offset = static_cast<std::size_t>(place - begin_);
        const std::size_t locked_bytes = offset / page_bytes_ * page_bytes_;
        TORC_ASSERT(::mprotect(begin_, locked_bytes, PROT_NONE) == 0);
    }
    void unlock() { TORC_ASSERT(::mprotect(begin_, bytes_, PROT_READ | PROT_WRITE) == 0); }

private:
    [[nodiscard]] char* end() const { return begin_ + bytes_; }

    std::size_t page_bytes_;
    std::size_t bytes_;
    char* begin_ = nullptr;
};

}  // namespace torc::test
