#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/event_fd.hpp>
#include <torc/base/lane.hpp>
#include <torc/io/proactor.hpp>

#include <linux/openat2.h>
#include <linux/stat.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

namespace torc::io {

/// A part of a file that a thread has read, or is to read.
struct FileChunk {
    /// Null until it is read.
    std::unique_ptr<std::byte[]> bytes{};
};

/// One call that may block on a disk or a network file system. Which members count depends on
/// `kind`.
struct BlockingCall {
    enum class Kind : std::uint8_t {
        open,
        stat,
        read,
        /// Reads into a new buffer of `shared_chunk`; ESTALE when the file is not `version` then.
        read_chunk,
        /// Reads file pages into memory for `send_file` and forgets them.
        warm,
        /// Runs `job`.
        run,
        /// Closes `fd`. Has no result.
        close,
    };
    Kind kind = Kind::open;
    Token token{};
    Lane lane = Lane::local_threads;
    /// The directory for `open`.
    int fd = -1;
    const char* path = nullptr;
    const open_how* how = nullptr;
    struct statx* status = nullptr;
    std::byte* buffer = nullptr;
    std::size_t length = 0;
    std::uint64_t offset = 0;
    BlockingJob* job = nullptr;
    /// For `read_chunk`: the version that the file must have once it was read, if any.
    std::optional<FileVersion> version{};
    /// For `read_chunk`. Once nobody else owns it, the result is not wanted any more and the call
    /// need not be made.
    std::shared_ptr<FileChunk> shared_chunk{};
};

/// Threads that make blocking calls for one proactor, started when first needed. Each lane may use
/// only so many of them at once, so that calls to a file system that hangs wait for each other and
/// hold up nobody else. They run on any CPU that the process may use, not on the worker's alone.
class BlockingPool {
public:
    struct Done {
        BlockingCall call;
        /// The call's result or a negated errno(3).
        std::int32_t result = 0;
    };

    /// `notify`: signalled whenever a call is done; outlives the pool.
    explicit BlockingPool(const EventFd& notify) : notify_(notify) {}
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;
    /// Waits for the calls under way; closes what was to be closed; drops other calls not begun.
    ~BlockingPool();

    /// Throws std::bad_alloc, and nothing has happened then.
    /// When too many calls of a lane wait whose file system seems to hang, it is done at once, with
    /// EBUSY, but for the close of a file and a call with a buffer of its own. When not even
    /// one thread can be made, the calling thread makes the call, but for one to a file system that
    /// may hang, which is done with ENOMEM.
    void submit(BlockingCall call);
    /// Moves what is done since the last call into `done`, which must be empty. Throws
    /// std::bad_alloc, and notifies again then.
    void take_done(std::vector<Done>& done);

    /// Whether calls are under way or wait, those that close files among them.
    [[nodiscard]] bool is_busy() const;

private:
    struct LaneState {
        std::deque<BlockingCall> waiting{};
        /// Calls of the lane that may begin and wait for a thread: so often is it in `turns_`.
        std::size_t turns = 0;
        unsigned running = 0;
        /// When the last call ended, or the first one came.
        MonotonicTime turned_at{};
    };

    // Precondition of each: the mutex is held.
    /// Lets as many calls of the lane begin as may.
    void give_turns(Lane lane, LaneState& state);
    /// Once a call of the lane has been made.
    void end_turn(Lane lane);
    void give_turns_to_hanging();
    void add_threads();
    /// False when the limit of processes (RLIMIT_NPROC, a container's pids.max) is used up; the
    /// next call tries again.
    [[nodiscard]] bool start_thread();
    void make_without_threads();
    /// Never allocates.
    void finish(BlockingCall call, std::int32_t result) noexcept;
    [[nodiscard]] BlockingCall take_next();

    void work();

    const EventFd& notify_;
    mutable std::mutex mutex_;
    std::condition_variable wanted_;
    std::unordered_map<Lane, LaneState> lanes_;
    /// Lanes with a call that may begin, the first one next.
    std::deque<Lane> turns_;
    /// Has room for all `unfinished_` calls.
    std::vector<Done> done_;
    /// Submitted, and not in `done_`; those to close a file do not count.
    std::size_t unfinished_ = 0;
    /// Calls that may hang and have a thread or a turn.
    std::size_t hanging_ = 0;
    std::size_t idle_threads_ = 0;
    /// Made, but not at work yet.
    std::size_t starting_threads_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

/// Closes the file if that can't wait: on a local file system, unless its name is gone, so that
/// this may be its last use and the disk has to give up its blocks. False: it is still open.
[[nodiscard]] bool close_at_once(int fd, Lane lane) noexcept;

/// openat2(2) by its number: the C library has no wrapper. A descriptor or a negated errno(3).
[[nodiscard]] std::int32_t open_beneath(int directory, const char* path,
                                        const open_how& how) noexcept;

}  // namespace torc::io
