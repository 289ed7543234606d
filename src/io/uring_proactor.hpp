#pragma once

#include <torc/base/event_fd.hpp>
#include <torc/io/backend.hpp>
#include <torc/io/proactor.hpp>

#include "blocking_calls.hpp"
#include "completion_batch.hpp"
#include "ring.hpp"
#include "ring_buffers.hpp"
#include "uring_sends.hpp"

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace torc::io {

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
    [[nodiscard]] Now now() const override { return now_; }
    void wake() noexcept override;
    [[nodiscard]] bool has_blocking_calls() const override { return calls_.are_under_way(); }
    [[nodiscard]] bool has_lost_completions() const noexcept override {
        return ring_.has_lost_completions();
    }

private:
    UringProactor() = default;
    [[nodiscard]] Result<void> initialise(const ProactorOptions& options);

    void arm_timer(MonotonicTime deadline);
    void arm_wake();
    void reap();
    void take_completion(const io_uring_cqe& entry);
    void take_internal_completion(Token token, std::int32_t result);

    CompletionBatch batch_;
    RingBuffers buffers_;
    UringSends sends_{ring_, calls_, batch_};

    EventFd wake_;
    std::uint64_t wake_count_ = 0;
    BlockingCalls calls_{wake_};
    /// When the ring's one timer fires; `never`: it is not armed.
    MonotonicTime armed_deadline_ = never;
    __kernel_timespec timer_{};
    Now now_{};

    // Last, so that it goes first: no operation outlives the memory that it uses.
    Ring ring_;
};

}  // namespace torc::io
