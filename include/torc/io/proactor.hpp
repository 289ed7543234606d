#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/errno.hpp>
#include <torc/base/file_ends.hpp>
#include <torc/base/file_handle.hpp>
#include <torc/base/lane.hpp>

#include <linux/openat2.h>
#include <linux/stat.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace torc::io {

/// What its owner wants to find again when an operation completes.
struct Token {
    /// The owner's own enumeration. Values from `reserved_operations` on belong to the proactor.
    std::uint8_t operation = 0;
    /// 24 bits. Lets the owner assert that a slot was not given to somebody else meanwhile.
    std::uint32_t generation = 0;
    std::uint32_t slot = 0;

    static constexpr std::uint8_t reserved_operations = 0xf0;

    [[nodiscard]] constexpr std::uint64_t pack() const noexcept {
        return (std::uint64_t{operation} << 56) | (std::uint64_t{generation & 0xff'ffffU} << 32) |
               slot;
    }
    [[nodiscard]] static constexpr Token unpack(std::uint64_t bits) noexcept {
        return Token{.operation = static_cast<std::uint8_t>(bits >> 56),
                     .generation = static_cast<std::uint32_t>(bits >> 32) & 0xff'ffffU,
                     .slot = static_cast<std::uint32_t>(bits)};
    }
    friend constexpr bool operator==(const Token&, const Token&) noexcept = default;
};

/// The end of an operation, or one more item of a stream.
struct Completion {
    Token token;
    /// A count, a descriptor or 0, as the operation says; negative: an errno(3) value negated.
    std::int32_t result = 0;
    /// True when the operation goes on and will complete again (only `accept` does).
    bool more = false;
    /// Of `send_file`: how long it waited for bytes that were not in memory.
    std::chrono::duration<std::uint32_t, std::micro> file_wait{};
    /// What `receive` received. Lives until the next call of `wait`.
    std::span<const std::byte> data;

    [[nodiscard]] bool failed() const noexcept { return result < 0; }
    /// Precondition: failed().
    [[nodiscard]] Errno error() const noexcept { return Errno(-result); }
};

/// What the peer of a connected socket has done.
enum class PeerState : std::uint8_t {
    connected,
    /// It has ended its own stream, and may or may not still read.
    half_closed,
    /// It has reset the connection, or both streams are at their end.
    gone,
};

/// What tells one version of a file's bytes from another.
struct FileVersion {
    std::uint64_t bytes = 0;
    WallTime modified{};
    /// Of the inode, which changes as well when a file is replaced, deleted or renamed.
    WallTime changed{};
    /// Looked at when the others can't tell. Nothing: they are not known, and what became longer
    /// counts as appended to.
    std::optional<FileEnds> ends{};
};

/// What the peer of a connected socket has taken.
struct PeerProgress {
    std::uint64_t acknowledged_bytes = 0;
    /// Of a socket that does not count that, a Unix-domain one: what the kernel holds for the peer,
    /// which changes when the peer takes some, and when more is sent. Nothing: it counts.
    std::optional<std::uint32_t> queued_bytes{};
    /// Some of what was sent is not acknowledged.
    bool has_unacknowledged = false;
    /// Everything that is on its way has arrived and more waits: the peer has no room for it,
    /// because its program does not read.
    bool is_window_closed = false;
    /// It has reset the connection, or both streams are at their end.
    bool has_gone = false;
};

/// The address of one end of a socket, as getsockname(2) and getpeername(2) give it.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

/// A part of a file that is to go out on a socket.
struct FileSlice {
    /// How the bytes of a file in Lane::local get to the socket.
    enum class Way : std::uint8_t {
        /// As the page cache has them, without a copy (sendfile(2)): a network card takes them from
        /// there. Pieces are large.
        referred,
        /// The same for a peer on this machine: pieces are small and end where a TCP segment ends,
        /// so that the peer takes one while the next is sent.
        referred_by_segment,
        /// Copied through one small buffer, by such pieces, for a peer on this machine: its own
        /// copy is then made from a processor's cache and not from memory.
        copied_by_segment,
    };

    int socket = -1;
    int file = -1;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    /// Of the file's file system.
    Lane lane = Lane::local;
    Way way = Way::referred;
    /// Sent just before in the same run of segments, such as a response's head.
    std::uint64_t preceding_bytes = 0;
    /// What the file is to be until all of the slice is sent; nothing: whatever it is.
    std::optional<FileVersion> version{};
};

/// Work that makes system calls which may block and which are no operations of their own, such as
/// reading a directory. Runs once, on another thread.
class BlockingJob {
public:
    BlockingJob() = default;
    BlockingJob(const BlockingJob&) = delete;
    BlockingJob& operator=(const BlockingJob&) = delete;
    virtual ~BlockingJob() = default;

    /// Touches nothing but what the job owns. Gives a result as a system call does: 0 or more, or a
    /// negated errno(3).
    [[nodiscard]] virtual std::int32_t run() noexcept = 0;
};

/// torc's one seam to the kernel: what a server asks of it, as operations that start now and
/// complete later. One thread owns a proactor and calls everything but `wake`.
///
/// Every operation ends in exactly one completion (`accept` in any number with `more`, then one
/// without). Whatever it was given by pointer, reference, span or descriptor stays the caller's and
/// must stay valid until then. There is no cancellation but that of a stream: to end an operation
/// on a socket early, `shutdown` it and wait for the completion.
///
/// An implementation may report `-ENOBUFS` for `receive` when every buffer is in use by the same
/// batch of completions; the caller receives again. It is never a reason to close.
class Proactor : public FileCloser {
public:
    Proactor() = default;
    Proactor(const Proactor&) = delete;
    Proactor& operator=(const Proactor&) = delete;
    virtual ~Proactor() = default;

    /// Accepts connections on a listening socket as they come: each completes with the descriptor
    /// of a non-blocking, close-on-exec socket that the caller owns, and `more`. Ends with an error
    /// (EMFILE, ENFILE, ENOBUFS, ENOMEM: start it again when there is room) or by `cancel_accept`.
    virtual void accept(Token token, int listener) = 0;
    /// Ends the stream of `accept` on `listener`; its last completion is ECANCELED, without `more`.
    /// Once a stream's last completion was reported, nothing is known of the listener any more: it
    /// is closed by close(2), at once and by any thread.
    virtual void cancel_accept(Token token, int listener) = 0;

    /// Receives what is there, at most limits::receive_buffer_bytes, as soon as anything is.
    /// Completes with the count and `data`; 0 is the peer's orderly end.
    virtual void receive(Token token, int socket) = 0;

    /// Sends `message` (msg_iov alone is looked at). Completes with how many bytes were sent: all
    /// of them, or fewer, or EAGAIN for none, and then `send_rest` goes on; or with the error of a
    /// peer that is gone. A peer that has ended its own stream (a half-close) and reads slowly is
    /// where a ring's send gives up early. `more_follows`: as MSG_MORE, the kernel may hold back a
    /// partial segment because the rest comes in the next operation.
    virtual void send(Token token, int socket, const msghdr& message, bool more_follows) = 0;

    /// Sends what is left of `message` after its first `sent` bytes, however slowly the peer reads
    /// and whether or not it has ended its own stream. Completes with the number of bytes left, or
    /// with the error of a peer that is gone. Costs a system call for each piece that the socket
    /// has room for: for what `send` left over.
    virtual void send_rest(Token token, int socket, const msghdr& message, std::size_t sent,
                           bool more_follows) = 0;

    /// Sends from a regular file, without blocking the thread: on a local file system as
    /// FileSlice::way says, once the pages are in memory; elsewhere by reading on a thread of the
    /// file's lane and sending what was read. Completes with how much was sent, at least 1 and at
    /// most limits::send_file_chunk_bytes; 0 when the file ends before `offset` (it was truncated).
    /// Before the last bytes of the slice the file is looked at once more: ESTALE, and they are not
    /// sent, when it is another version by then.
    /// A shutdown of the socket for both directions ends it at once with ECANCELED, even while such
    /// a thread waits for the file system.
    virtual void send_file(Token token, const FileSlice& slice) = 0;

    // Operations on files. `lane`: of the file system that the path leads to, or of the open file.
    // Where its threads are all waiting and limits::device_calls_waiting_max calls wait for them,
    // an operation ends with EBUSY. One that could not be begun for want of threads ends with
    // ECANCELED or EAGAIN; Lane::local_threads is then worth a try.

    /// openat2(2). Completes with a descriptor that the caller owns.
    virtual void open(Token token, int directory, const char* path, const open_how& how,
                      Lane lane) = 0;
    /// statx(2) of an open descriptor, with STATX_BASIC_STATS. Completes with 0.
    virtual void stat(Token token, int fd, struct statx& status, Lane lane) = 0;
    /// The same at once, for a file of Lane::local: the inode is in memory while it is open. A ring
    /// would leave it to another thread.
    [[nodiscard]] virtual Result<void> stat_at_once(int fd, struct statx& status) const noexcept;
    /// pread(2). Completes with the count; 0 at the end of the file.
    virtual void read(Token token, int fd, std::span<std::byte> buffer, std::uint64_t offset,
                      Lane lane) = 0;

    /// Waits until there is something to read from a descriptor that is neither a socket nor a
    /// regular file: an inotify(7) instance. Completes with a positive number; the caller then
    /// reads it. As it uses no memory of the caller's, it may be left behind when the proactor
    /// goes.
    virtual void await_input(Token token, int fd) = 0;
    /// The same until the mounts change, for a descriptor of /proc/self/mountinfo, which says so by
    /// POLLPRI (a ring does not hear of that from a socket). May complete for nothing, and what was
    /// so before need not count: look after this call.
    virtual void await_priority(Token token, int fd) = 0;

    /// Runs a job on a thread of the lane. Completes with what it returned.
    virtual void run(Token token, BlockingJob& job, Lane lane) = 0;

    /// Closes a socket, or another descriptor whose closing can't wait, that no operation is using.
    /// No completion. What was ever given to an operation must be closed by this or by `close_file`
    /// and not by close(2): something may be known of its number.
    virtual void close(int fd) = 0;
    /// FileCloser: closes a file that no operation is using, on a thread where that may wait. No
    /// completion.
    void close_file(int fd, Lane lane) noexcept override = 0;
    /// shutdown(2) at once; `how` is SHUT_RD, SHUT_WR or SHUT_RDWR. Errors are ignored: the peer
    /// may be gone.
    virtual void shutdown(int socket, int how) = 0;

    /// Looks at a socket on which no operation is in flight, at once (poll(2)).
    [[nodiscard]] virtual PeerState peer_state(int socket) const noexcept;
    /// What the peer of a socket has taken of the bytes sent to it, at once (TCP_INFO of
    /// tcp(7)). Tells a slow reader from one that takes nothing, which the completions of sends do
    /// not: the kernel says that there is room only when a third of the buffer is free.
    [[nodiscard]] virtual PeerProgress peer_progress(int socket) const noexcept;
    /// The address of a connected socket's peer, at once (getpeername(2)). ENOTCONN: it is gone.
    [[nodiscard]] virtual Result<SocketAddress> peer_address(int socket) const noexcept;
    /// The socket's own address, at once (getsockname(2)).
    [[nodiscard]] virtual Result<SocketAddress> own_address(int socket) const noexcept;
    /// How many connections wait in a listener's queue to be accepted, at once: of a Unix-domain
    /// socket 1 if there are any. 0 for a socket that is no listener.
    [[nodiscard]] virtual std::size_t waiting_connections(int listener) const noexcept;

    /// From now on `close` of the socket resets the connection and frees what its peer has not
    /// taken (SO_LINGER of socket(7)), which the kernel would keep and go on to offer otherwise:
    /// for a peer that does not read.
    virtual void reset_on_close(int socket) const noexcept;
    /// From now on, and after `close` of the socket too, the kernel gives up the connection once
    /// its peer has taken nothing of what is there for it for `patience` (TCP_USER_TIMEOUT of
    /// tcp(7)): for a peer that may still read and may not.
    virtual void give_up_after(int socket, std::chrono::milliseconds patience) const noexcept;

    /// Whether threads of the proactor's own are in calls that may not end, such as a close: its
    /// destructor would wait for them.
    [[nodiscard]] virtual bool has_blocking_calls() const { return false; }

    /// Whether the kernel had no memory to report the end of some operations, which then never
    /// complete.
    [[nodiscard]] virtual bool has_lost_completions() const noexcept { return false; }

    /// Starts what was asked since the last call and blocks until something completes, `deadline`
    /// passes or `wake` is called. The completions, at most limits::completions_per_wait_max, live
    /// until the next call; none when it returned for another reason, which may be the proactor's
    /// own: call it in a loop.
    [[nodiscard]] virtual std::span<const Completion> wait(MonotonicTime deadline) = 0;

    /// What the clocks said when `wait` last returned, or when the proactor was made.
    [[nodiscard]] virtual Now now() const = 0;

    /// Makes `wait`, the current call or the next, return. May be called from any thread and from a
    /// signal handler. Wakes may be merged.
    virtual void wake() noexcept = 0;
};

}  // namespace torc::io
