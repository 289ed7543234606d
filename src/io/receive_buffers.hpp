#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/mapping.hpp>
#include <torc/base/poison.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace torc::io {

/// The buffers that receives land in: limits::receive_buffers of limits::receive_buffer_bytes, of
/// which so many are ready for use as were wanted at once so far; the others cost no memory.
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

    /// Those with a lower index are ready. None is at first.
    [[nodiscard]] std::uint16_t ready() const noexcept { return ready_; }
    /// Twice as many as before, if there are as many. Brings them into memory: else it is the
    /// kernel that meets a page fault for each of a burst's first receives.
    void make_more_ready() noexcept {
        const std::uint32_t wanted =
            std::max(limits::receive_buffers_at_first, std::uint32_t{ready_} * 2);
        const std::uint32_t count = std::min(wanted, limits::receive_buffers) - ready_;
        if (count > 0) {
            populate(address(ready_), std::size_t{count} * limits::receive_buffer_bytes);
            ready_ = static_cast<std::uint16_t>(ready_ + count);
        }
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
    std::uint16_t ready_ = 0;
};

}  // namespace torc::io
