#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/mapping.hpp>

#include "receive_buffers.hpp"
#include "ring.hpp"

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace torc::io {

/// The receive buffers as a provided-buffer ring of io_uring: the kernel picks one when bytes have
/// come, so a connection that waits holds none.
class RingBuffers {
public:
    /// Registers the buffers with the ring. Call once; outlives the ring. Errors: ENOMEM, and those
    /// of io_uring_register(2).
    [[nodiscard]] Result<void> open(Ring& ring);

    /// Prepares a receive into a buffer that the kernel picks.
    static void prepare_receive(io_uring_sqe* submission, int socket) noexcept;
    /// The bytes of a completed receive, until the next `give_back`. Empty: it took no buffer.
    [[nodiscard]] std::span<const std::byte> lend(const io_uring_cqe& entry);
    /// Gives the buffers that were lent back to the kernel, and more than these if a receive has
    /// found none.
    void give_back();

private:
    /// Without effect when there are no more.
    void provide_more() noexcept;
    /// The `offset`-th since the ring was last advanced.
    void add(std::uint16_t index, int offset) noexcept;

    ReceiveBuffers buffers_;
    Mapping ring_memory_;
    io_uring_buf_ring* buffer_ring_ = nullptr;
    bool has_run_out_ = false;
    std::vector<std::uint16_t> lent_;
};

}  // namespace torc::io
