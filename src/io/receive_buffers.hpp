#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/poison.hpp>

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace torc::io {

/// Anonymous page-aligned memory, unmapped on destruction.
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

/// The buffers that receives land in: limits::receive_buffers of limits::receive_buffer_bytes.
/// Under AddressSanitizer a buffer may be touched only between `lend` and `take_back`.
class ReceiveBuffers {
public:
    [[nodiscard]] static Result<ReceiveBuffers> create() noexcept {
        auto mapping =
            Mapping::create(std::size_t{limits::receive_buffers} * limits::receive_buffer_bytes);
        if (!mapping) {
            return std::unexpected(mapping.error());
        }
        ReceiveBuffers buffers;
        buffers.mapping_ = std::move(*mapping);
        poison(buffers.mapping_.data(), buffers.mapping_.size());
        return buffers;
    }

    [[nodiscard]] std::byte* address(std::uint16_t index) const noexcept {
        return mapping_.data() + std::size_t{index} * limits::receive_buffer_bytes;
    }
    [[nodiscard]] std::span<const std::byte> lend(std::uint16_t index,
                                                  std::size_t bytes) const noexcept {
        unpoison(address(index), bytes);
        return {address(index), bytes};
    }
    void take_back(std::uint16_t index) const noexcept {
        poison(address(index), limits::receive_buffer_bytes);
    }

private:
    Mapping mapping_;
};

}  // namespace torc::io
