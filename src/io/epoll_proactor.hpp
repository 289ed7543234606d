#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/io/backend.hpp>
#include <torc/io/proactor.hpp>

#include "blocking_pool.hpp"
#include "completion_batch.hpp"
#include "file_send.hpp"
#include "receive_buffers.hpp"
#include "socket_sender.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace torc::io {

/// The proactor over epoll(7), for kernels where io_uring is forbidden or missing. Sockets are
/// registered once, edge-triggered, and what is known of their readiness is kept here; calls on
/// files that may block go to a BlockingPool.
class EpollProactor final : public Proactor {
public:
    [[nodiscard]] static Result<std::unique_ptr<Proactor>> create(const ProactorOptions& options);

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

private:
    enum class Pending : std::uint8_t { nothing, accept, receive, send, await_event };

    /// What is known of one socket, listener or inotify instance.
    struct Descriptor {
        int fd = -1;
        Pending pending = Pending::nothing;
        bool is_registered = false;
        /// Until a call says EAGAIN or falls short; the next edge sets it again.
        bool is_readable = true;
        bool is_writable = true;
        /// The peer has sent its last byte: no further edge will say that there is something to
        /// read.
        bool has_peer_ended = false;
        bool is_queued = false;
        Token token;
        /// Of a pending `send` or `send_file`.
        SocketSender sender;
    };

    EpollProactor() = default;
    [[nodiscard]] Result<void> initialise();

    /// Lives until `forget`.
    [[nodiscard]] Descriptor& descriptor(int fd) {
        const auto number = static_cast<std::size_t>(fd);
        const bool is_known = number < places_.size() && places_[number] != no_place;
        return is_known ? at(places_[number]) : new_descriptor(fd);
    }
    [[nodiscard]] Descriptor& at(std::uint32_t place) noexcept {
        return (*chunks_[place / chunk_places])[place % chunk_places];
    }
    [[nodiscard]] Descriptor& new_descriptor(int fd);
    /// As if the descriptor had never been given to an operation.
    void forget(const Descriptor& state);
    void begin(Descriptor& state, Pending pending, Token token);
    /// Waits once for any of `events` of epoll(7).
    void await_event(Token token, int fd, std::uint32_t events);
    void enqueue(Descriptor& state);
    /// Ends the operation of `state` in the batch that is being filled. Precondition: the batch has
    /// room.
    void finish(Descriptor& state, std::int32_t result);

    void run_queue();
    void attempt(Descriptor& state);
    void attempt_accept(Descriptor& state);
    void attempt_receive(Descriptor& state);
    void attempt_send(Descriptor& state);
    /// Has a thread read what `state.sender` needs.
    void start_reading(const Descriptor& state);
    void has_read(const BlockingPool::Done& done);
    /// After a send that fell short: the next one waits until the kernel says that there is room.
    /// It says so when a third of the buffer is free, so what follows is worth its system calls.
    void await_room(Descriptor& state);

    /// Gives how many events there were.
    std::size_t poll(MonotonicTime deadline);
    void take_event(int fd, std::uint32_t events);
    void take_pool_results();

    /// By the number of a descriptor, which counts those of all workers: a place in `chunks_`,
    /// which have those of this one alone.
    static constexpr std::uint32_t no_place = ~std::uint32_t{0};
    std::vector<std::uint32_t> places_;
    static constexpr std::uint32_t chunk_places = 64;
    /// Of chunks that never move.
    std::vector<std::unique_ptr<std::array<Descriptor, chunk_places>>> chunks_;
    std::uint32_t places_made_ = 0;
    std::vector<std::uint32_t> free_places_;
    /// Descriptors whose operation may get on without waiting; who came first has the first turn.
    std::vector<int> queue_;
    CompletionBatch batch_;
    std::vector<BlockingPool::Done> pool_results_;
    ReceiveBuffers buffers_;
    FileSender file_sender_;
    std::uint16_t lent_buffers_ = 0;
    /// The last poll found one event at most, so that the next is not likely to find any at once.
    bool is_quiet_ = false;
    MonotonicTime now_{};
    UniqueFd epoll_fd_;
    UniqueFd wake_fd_;
    std::unique_ptr<BlockingPool> pool_;
};

}  // namespace torc::io
