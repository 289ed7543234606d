#pragma once

#include <torc/base/errno.hpp>
#include <torc/io/proactor.hpp>

#include "blocking_calls.hpp"
#include "completion_batch.hpp"
#include "file_send.hpp"
#include "readiness_table.hpp"
#include "socket_sender.hpp"

#include <cstdint>

namespace torc::io {

/// The sends of an EpollProactor: drives the SocketSender of each descriptor's write half.
class EpollSends {
public:
    /// All three outlive this.
    EpollSends(ReadinessTable& readiness, BlockingCalls& calls, CompletionBatch& batch) noexcept
        : readiness_(readiness), calls_(calls), batch_(batch) {}

    /// Call once. Errors: ENOMEM.
    [[nodiscard]] Result<void> open();

    // Precondition of each: no sending is in flight on the socket. Throws std::bad_alloc.
    void start(Token token, int socket, const MessageRest& rest);
    void start(Token token, const FileSlice& slice);

    /// Goes on with the sending of a descriptor, if there is one. Precondition: the batch has room.
    void attempt(Descriptor& descriptor);
    /// A thread has made the call of this token, which is of the proactor's own.
    void on_read(Token token, std::int32_t result);
    /// The socket was shut down in both directions.
    void on_shutdown(Descriptor& descriptor);

private:
    void begin(Descriptor& descriptor, Token token);
    void advance(Descriptor& descriptor);
    void finish(Descriptor& descriptor, std::int32_t result);

    ReadinessTable& readiness_;
    BlockingCalls& calls_;
    CompletionBatch& batch_;
    FileSender file_sender_;
};

}  // namespace torc::io
