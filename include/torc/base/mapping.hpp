#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/poison.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace torc {

/// Has the kernel bring the pages of these bytes into memory: one call for all of them, where each
/// would be a page fault when it is touched for the first time, which in a virtual machine can take
/// 10 µs. Pages that are in memory stay as they are. What the kernel can't do is no error; it is
/// done by page faults then. madvise(2), MADV_POPULATE_WRITE.
inline void populate(void* memory, std::size_t bytes) noexcept {
    const auto page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const std::uintptr_t in_page = reinterpret_cast<std::uintptr_t>(memory) % page_bytes;
    ::madvise(static_cast<std::byte*>(memory) - in_page, bytes + in_page, MADV_POPULATE_WRITE);
}

/// Anonymous page-aligned memory, unmapped on destruction; mmap(2).
class Mapping {
public:
    Mapping() noexcept = default;
    Mapping(Mapping&& other) noexcept
        : memory_(std::exchange(other.memory_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(memory_, other.memory_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (memory_ != nullptr) {
            unpoison(memory_, bytes_);
            ::munmap(memory_, bytes_);
        }
    }

    /// Pages are zero and cost nothing until they are touched. Errors: as mmap(2), ENOMEM above
    /// all.
    [[nodiscard]] static Result<Mapping> create(std::size_t bytes) noexcept {
        void* memory =
            ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            return std::unexpected(Errno::last());
        }
        Mapping mapping;
        mapping.memory_ = memory;
        mapping.bytes_ = bytes;
        return mapping;
    }

    [[nodiscard]] std::byte* data() const noexcept { return static_cast<std::byte*>(memory_); }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_; }

private:
    void* memory_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace torc
