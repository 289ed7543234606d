#include "ring_buffers.hpp"

#include <torc/base/limits.hpp>

#include <cerrno>
#include <utility>

namespace torc::io {
namespace {

constexpr std::uint16_t receive_buffer_group = 0;

}  // namespace

Result<void> RingBuffers::open(Ring& ring) {
    auto buffers = ReceiveBuffers::create();
    auto ring_memory = Mapping::create(sizeof(io_uring_buf) * limits::receive_buffers);
    if (!buffers || !ring_memory) {
        return std::unexpected(Errno(ENOMEM));
    }
    buffers_ = std::move(*buffers);
    ring_memory_ = std::move(*ring_memory);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(ring_memory_.data());
    registration.ring_entries = limits::receive_buffers;
    registration.bgid = receive_buffer_group;
    if (const int error = io_uring_register_buf_ring(ring.get(), &registration, 0); error < 0) {
        return std::unexpected(Errno(-error));
    }
    buffer_ring_ = reinterpret_cast<io_uring_buf_ring*>(ring_memory_.data());
    io_uring_buf_ring_init(buffer_ring_);
    provide_more();
    lent_.reserve(limits::receive_buffers);
    return {};
}

void RingBuffers::prepare_receive(io_uring_sqe* submission, int socket) noexcept {
    io_uring_prep_recv(submission, socket, nullptr, limits::receive_buffer_bytes, 0);
    submission->flags |= IOSQE_BUFFER_SELECT;
    submission->buf_group = receive_buffer_group;
    // The peer has just been answered and thinks: polling first saves a receive that would find
    // nothing.
    submission->ioprio |= IORING_RECVSEND_POLL_FIRST;
}

std::span<const std::byte> RingBuffers::lend(const io_uring_cqe& entry) {
    if ((entry.flags & IORING_CQE_F_BUFFER) == 0) {
        has_run_out_ |= entry.res == -ENOBUFS;
        return {};
    }
    const auto index = static_cast<std::uint16_t>(entry.flags >> IORING_CQE_BUFFER_SHIFT);
    lent_.push_back(index);
    return buffers_.lend(index, entry.res > 0 ? static_cast<std::size_t>(entry.res) : 0);
}

void RingBuffers::give_back() {
    int offset = 0;
    for (const std::uint16_t index : lent_) {
        buffers_.take_back(index);
        add(index, offset++);
    }
    if (offset > 0) {
        io_uring_buf_ring_advance(buffer_ring_, offset);
    }
    lent_.clear();
    if (std::exchange(has_run_out_, false)) {
        provide_more();
    }
}

void RingBuffers::provide_more() noexcept {
    std::uint16_t index = buffers_.ready();
    buffers_.make_more_ready();
    int offset = 0;
    while (index < buffers_.ready()) {
        add(index++, offset++);
    }
    io_uring_buf_ring_advance(buffer_ring_, offset);
}

void RingBuffers::add(std::uint16_t index, int offset) noexcept {
    io_uring_buf_ring_add(buffer_ring_, buffers_.address(index), limits::receive_buffer_bytes,
                          index, io_uring_buf_ring_mask(limits::receive_buffers), offset);
}

}  // namespace torc::io
