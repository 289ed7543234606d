#pragma once

#include <torc/base/clock.hpp>
#include <torc/io/proactor.hpp>

#include "blocking_pool.hpp"
#include "file_send.hpp"

#include <sys/socket.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace torc::io {

/// What is left of a message after its first `sent_bytes`.
struct MessageRest {
    /// Outlives the operation.
    const msghdr* message = nullptr;
    std::size_t sent_bytes = 0;
    /// As MSG_MORE of send(2).
    bool more_follows = false;
};

/// One `send_rest` or `send_file` of a proactor, as a state machine that both backends drive. It
/// sends by system calls that never wait, and says what it needs before it can go on: room on the
/// socket, or bytes of the file that are not in memory. How that is waited for is the backend's.
///
/// | state         | event   | next state (Step::need)                                           |
/// |---------------|---------|-------------------------------------------------------------------|
/// | any           | start   | message, file, or threaded_file where reading may wait            |
/// | message       | advance | message (room, more_room), ended (nothing)                        |
/// | file          | advance | file (room), reading_pages (pages), ended (nothing, room_for_next) |
/// | reading_pages | on_read | file, or ended if that failed                                     |
/// | threaded_file | advance | reading_chunk (chunk)                                             |
/// | reading_chunk | on_read | chunk, or ended if that failed                                    |
/// | chunk         | advance | chunk (room, more_room), ended (nothing)                          |
/// | ended         | advance | ended (nothing), with the same result                             |
/// | any           | abandon | ended                                                             |
///
/// One object serves one operation after the other, so that a reading which nobody waits for any
/// more is told from the one under way.
class SocketSender {
public:
    /// What has to come about before the next `advance`.
    enum class Need : std::uint8_t {
        /// Nothing: the operation has ended.
        nothing,
        /// Room: the socket took nothing.
        room,
        /// Room: the socket took a part, so it is full, as a rule.
        more_room,
        /// Room too, but for the operation that follows: this one has sent all that it will.
        room_for_next,
        /// The bytes of `read_call` in the page cache; then `on_read`.
        pages,
        /// `read_call` made by a thread of the lane; then `on_read`.
        chunk,
    };
    struct Step {
        Need need = Need::nothing;
        /// Of the operation, as `send_rest` and `send_file` say. Counts for `nothing` and
        /// `room_for_next`.
        std::int32_t result = 0;
    };

    void start(int socket, const MessageRest& rest) noexcept;
    void start(const FileSlice& slice) noexcept;

    /// Sends what can be sent now: at most one send(2), sendmsg(2) or sendfile(2) that was not
    /// interrupted. Throws std::bad_alloc, and nothing has happened then. Precondition: no reading
    /// is under way.
    [[nodiscard]] Step advance(const FileSender& file_sender);

    /// The read that is needed, to be submitted to a BlockingPool or done otherwise. Its token
    /// tells this reading from others of the same `slot`. Precondition: `pages` or `chunk` is the
    /// need.
    [[nodiscard]] BlockingCall read_call(std::uint8_t operation, std::uint32_t slot) const;
    /// That read has ended with `result`, as read(2). Go on with `advance`.
    void on_read(std::int32_t result) noexcept;
    /// Whether a reading is under way: the need is `pages` or `chunk`.
    [[nodiscard]] bool is_reading() const noexcept {
        return state_ == State::reading_pages || state_ == State::reading_chunk;
    }
    /// Whether that is the one whose `read_call` had this token.
    [[nodiscard]] bool is_reading(Token token) const noexcept {
        return is_reading() && token.generation == reading_;
    }
    /// Whether the need is `chunk`, which a file system that hangs may never fulfil.
    [[nodiscard]] bool is_reading_chunk() const noexcept { return state_ == State::reading_chunk; }

    /// Ends the operation without a result. A reading under way is not wanted any more.
    void abandon() noexcept;

    [[nodiscard]] int socket() const noexcept { return socket_; }
    /// How long the operation has waited for readings.
    [[nodiscard]] std::chrono::duration<std::uint32_t, std::micro> read_wait() const noexcept {
        return read_wait_;
    }

private:
    enum class State : std::uint8_t {
        message,
        /// The slice of a file that sendfile(2), or a copy, sends once it is in memory.
        file,
        reading_pages,
        /// The slice of a file that only a thread may read.
        threaded_file,
        reading_chunk,
        chunk,
        ended,
    };

    [[nodiscard]] Step send_message() noexcept;
    // Not inlined: messages are by far the most frequent, and would save registers for these.
    [[nodiscard, gnu::noinline]] Step send_file(const FileSender& file_sender) noexcept;
    [[nodiscard, gnu::noinline]] Step send_chunk() noexcept;
    [[gnu::noinline]] void begin_chunk();
    [[gnu::noinline]] void release_chunk() noexcept { chunk_.reset(); }
    /// After a system call that gave `sent` and would have sent all up to `total` bytes, of which
    /// the operation began with the first `skipped` sent.
    [[nodiscard]] Step after_send(ssize_t sent, std::size_t total, std::size_t skipped) noexcept;
    void begin_reading() noexcept;
    [[nodiscard]] Step end(std::int32_t result) noexcept;

    State state_ = State::ended;
    int socket_ = -1;
    std::int32_t result_ = 0;
    MessageRest rest_{};
    FileSlice slice_{};
    /// Of the message or of the chunk, from its beginning.
    std::size_t sent_bytes_ = 0;
    /// From the slice's offset on: how much to read, or how much is known to be in memory or in the
    /// chunk. 0: not known.
    std::size_t read_bytes_ = 0;
    /// What a thread has read, or is reading.
    std::shared_ptr<FileChunk> chunk_{};
    /// When the reading under way was begun, and how long all of the operation have taken.
    MonotonicTime read_begun_at_{};
    std::chrono::duration<std::uint32_t, std::micro> read_wait_{};
    /// Goes up with each reading; 24 bits, as in Token.
    std::uint32_t reading_ = 0;
};

}  // namespace torc::io
