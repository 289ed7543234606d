#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/mapping.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/io/proactor.hpp>

#include "blocking_calls.hpp"
#include "completion_batch.hpp"
#include "file_send.hpp"
#include "ring.hpp"
#include "socket_sender.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace torc::io {

/// The sends that UringProactor does not leave to the ring alone, `send_file` and `send_rest`: a
/// SocketSender each, and the ring waits for what it needs.
class UringSends {
public:
    /// All three outlive this, and the ring's operations end before this does.
    UringSends(Ring& ring, BlockingCalls& calls, CompletionBatch& batch) noexcept
        : ring_(ring), calls_(calls), batch_(batch) {}

    /// Call once. Errors: ENOMEM.
    [[nodiscard]] Result<void> open();

    // Throws std::bad_alloc, and then the operation has not begun.
    void start(Token token, int socket, const MessageRest& rest);
    void start(Token token, const FileSlice& slice);

    // Completions of the operations that this has started; `slot` is that of their token.
    void on_pages_read(std::uint32_t slot, std::int32_t result);
    void on_room_polled(std::uint32_t slot, std::int32_t result);
    void on_room_events();
    /// A thread has made the call of this token.
    void on_chunk_read(Token token, std::int32_t result);
    /// The socket was shut down in both directions.
    void on_shutdown(int socket);

private:
    /// An operation under way. Its index is the slot of what is started for it.
    struct Sending {
        Token token;
        SocketSender sender;
    };

    /// A free place in `sendings_`.
    [[nodiscard]] std::uint32_t add(Token token);
    /// The first `advance`; gives the place back where that finds no memory.
    void begin(std::uint32_t index);
    void advance(std::uint32_t index);
    void finish(std::uint32_t index, std::int32_t result);

    void read_pages(std::uint32_t index);
    void read_chunk(std::uint32_t index);

    /// Waits until the kernel says that there is room in the socket, for a send that fell short or
    /// found none. It says so when a third of the buffer is free, so what follows is worth its
    /// system calls.
    void await_room(std::uint32_t index);
    /// The same for a socket whose peer has ended its own stream. A poll of the ring always asks
    /// for that end too (POLLRDHUP) and so completes at once, room or not; an epoll(7) instance,
    /// which the ring polls in the socket's place, asks for nothing but room.
    void await_room_behind_epoll(std::uint32_t index);
    void await_room_events();

    Ring& ring_;
    BlockingCalls& calls_;
    CompletionBatch& batch_;
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
};

}  // namespace torc::io
