#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/io/backend.hpp>
#include <torc/io/proactor.hpp>

#include "blocking_pool.hpp"
#include "completion_batch.hpp"
#include "file_send.hpp"
#include "receive_buffers.hpp"
#include "socket_sender.hpp"

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace torc::io {

/// An initialised ring, torn down on destruction. Neither moves nor copies: liburing keeps pointers
/// into it.
class Ring {
public:
    Ring() = default;
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    /// Submits what is queued first: a descriptor whose close was asked for must not stay open.
    ~Ring();

    /// Makes the ring with the set-up flags that torc needs (see the .cpp) and at least
    /// `completions` places in its completion queue. Call once.
    [[nodiscard]] Result<void> open(std::uint32_t submissions, std::uint32_t completions) noexcept;

    [[nodiscard]] io_uring* get() noexcept { return &ring_; }

private:
    io_uring ring_{};
    bool is_open_ = false;
};

/// The proactor over io_uring; kernel 6.1 and liburing 2.3.
class UringProactor final : public Proactor {
public:
    [[nodiscard]] static Result<std::unique_ptr<Proactor>> create(const ProactorOptions& options);
    ~UringProactor() override;

    void accept(Token token, int listener) override;
    void cancel_accept(Token token, int listener) override;
    void receive(Token token, int socket) override;
    void send(Token token, int socket, const msghdr& message, bool more_follows) override;
    void send_rest(Token token, int socket, const msghdr& message, std::size_t sent,
                   bool more_follows) override;
    void send_file(Token token, const FileSlice& slice) override;
    void open(Token token, int directory, const char* path, const open_how& how,
              Lane lane) override;
    void stat(Token token, int fd, struct statx& status, Lane lane) override;
    void read(Token token, int fd, std::span<std::byte> buffer, std::uint64_t offset,
              Lane lane) override;
    void await_input(Token token, int fd) override;
    void await_priority(Token token, int fd) override;
    void run(Token token, BlockingJob& job, Lane lane) override;
    void close(int fd) override;
    void close_file(int fd, Lane lane) noexcept override;
    void shutdown(int socket, int how) override;
    [[nodiscard]] std::span<const Completion> wait(MonotonicTime deadline) override;
    [[nodiscard]] MonotonicTime now() const override { return now_; }
    void wake() noexcept override;
    [[nodiscard]] bool has_blocking_calls() const override {
        return pool_ != nullptr && pool_->is_busy();
    }
    [[nodiscard]] bool has_lost_completions() const noexcept override {
        return has_lost_completions_;
    }

private:
    /// A `send_file` or `send_rest` under way: what the proactor sends by system calls of its own,
    /// waiting for room in between. Its index is the slot of the ring operations made for it.
    struct Sending {
        Token token;
        SocketSender sender;
    };

    UringProactor() = default;
    [[nodiscard]] Result<void> initialise(const ProactorOptions& options);
    [[nodiscard]] Result<void> register_receive_buffers();

    /// Lives until the next call.
    [[nodiscard]] io_uring_sqe* next_submission();
    /// Moves submissions that found no room into the ring, as far as there is room now.
    void queue_waiting_submissions() noexcept;
    /// Puts `token` on a prepared submission.
    static void tag(io_uring_sqe* submission, Token token) noexcept;

    void arm_timer(MonotonicTime deadline);
    void arm_wake();
    void submit(bool block);
    void reap();
    void take_completion(const io_uring_cqe& entry);
    void take_internal_completion(Token token, std::int32_t result);
    [[nodiscard]] BlockingPool& pool();
    void take_pool_results();
    void give_back_buffers();
    /// Without effect when there are no more.
    void provide_more_buffers() noexcept;
    /// The `offset`-th since the ring was last advanced.
    void add_buffer(std::uint16_t index, int offset) noexcept;

    /// A place in `sendings_` for an operation that is to be started.
    [[nodiscard]] std::uint32_t add_sending(Token token);
    /// Throws std::bad_alloc, and then the operation has not begun and its place is free.
    void start_sending(std::uint32_t index);
    void continue_sending(std::uint32_t index);
    /// Reads file pages on the ring.
    void read_pages(std::uint32_t index);
    /// Has a thread read the chunk that is needed.
    void read_chunk(std::uint32_t index);
    void chunk_read(Token token, std::int32_t result);
    void finish_sending(std::uint32_t index, std::int32_t result);

    /// Waits until the kernel says that there is room in the socket, for a send that fell short or
    /// found none. It says so when a third of the buffer is free, so what follows is worth its
    /// system calls.
    void await_room(std::uint32_t index);
    /// The same for a socket whose peer has ended its own stream. A poll of the ring always asks
    /// for that end too (POLLRDHUP) and so completes at once, room or not; an epoll(7) instance,
    /// which the ring polls in the socket's place, asks for nothing but room.
    void await_room_behind_epoll(std::uint32_t index);
    void await_room_events();
    void take_room_events();
    void polled_for_room(std::uint32_t index, std::int32_t result);

    ReceiveBuffers buffers_;
    Mapping buffer_ring_memory_;
    io_uring_buf_ring* buffer_ring_ = nullptr;
    bool ran_out_of_buffers_ = false;
    /// Buffers whose bytes the last `wait` reported; the next gives them back to the kernel.
    std::vector<std::uint16_t> lent_buffers_;

    CompletionBatch batch_;
    bool has_lost_completions_ = false;
    /// Those that found the ring full when the kernel, short of memory, took none; in their order.
    std::vector<io_uring_sqe> waiting_submissions_;

    std::vector<Sending> sendings_;
    std::vector<std::uint32_t> free_sendings_;
    /// By socket: those whose chunk is being read.
    std::unordered_map<int, std::uint32_t> reading_chunks_;
    /// Made when the first half-closed peer is waited for.
    UniqueFd room_epoll_;
    /// Sockets registered there.
    std::size_t awaited_by_epoll_ = 0;
    bool is_polling_room_epoll_ = false;
    /// Cold file pages are read into this and forgotten: only their coming into memory counts, so
    /// every read under way may share it.
    Mapping scratch_;
    FileSender file_sender_;

    UniqueFd wake_fd_;
    std::uint64_t wake_count_ = 0;
    /// Made when the first call needs it.
    std::unique_ptr<BlockingPool> pool_;
    std::vector<BlockingPool::Done> pool_results_;
    /// When the ring's one timer fires; `never`: it is not armed.
    MonotonicTime armed_deadline_ = never;
    __kernel_timespec timer_{};
    MonotonicTime now_{};

    // Last, so that it goes first: no operation outlives the memory that it uses.
    Ring ring_;
};

}  // namespace torc::io
