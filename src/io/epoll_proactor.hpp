#pragma once

#include <torc/base/event_fd.hpp>
#include <torc/io/backend.hpp>
#include <torc/io/proactor.hpp>

#include "blocking_calls.hpp"
#include "completion_batch.hpp"
#include "epoll_sends.hpp"
#include "readiness_table.hpp"
#include "receive_buffers.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace torc::io {

/// The proactor over epoll(7), for kernels where io_uring is forbidden or missing. Sockets are
/// registered once, edge-triggered, and a ReadinessTable keeps what is known of them; an operation
/// is attempted when its half of the descriptor is ready. Calls on files that may block go to a
/// BlockingPool.
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
    [[nodiscard]] Now now() const override { return now_; }
    void wake() noexcept override;
    [[nodiscard]] bool has_blocking_calls() const override { return calls_.are_under_way(); }

private:
    EpollProactor() = default;
    [[nodiscard]] Result<void> initialise();

    /// Begins an operation on the read half of a descriptor that is registered, or could not be.
    void begin(Descriptor& descriptor, const Result<void>& registered, ReadHalf::Pending pending,
               Token token);
    /// Waits once for any of `events` of epoll(7).
    void await_event(Token token, int fd, std::uint32_t events);
    /// Ends the operation of a read half in the batch that is being filled. Precondition: the batch
    /// has room.
    void finish(ReadHalf& half, std::int32_t result);

    void run_queue();
    void attempt_read(Descriptor& descriptor);
    void attempt_accept(Descriptor& descriptor);
    void attempt_receive(Descriptor& descriptor);
    /// Gives how many events there were.
    std::size_t poll(MonotonicTime deadline);

    CompletionBatch batch_;
    ReadinessTable readiness_;
    EpollSends sends_{readiness_, calls_, batch_};
    ReceiveBuffers buffers_;
    std::uint16_t lent_buffers_ = 0;
    /// The last poll found one event at most, so that the next is not likely to find any at once.
    bool is_quiet_ = false;
    Now now_{};
    EventFd wake_;
    // Last, so that its threads end first.
    BlockingCalls calls_{wake_};
};

}  // namespace torc::io
