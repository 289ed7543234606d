#pragma once

#include <torc/io/proactor.hpp>

#include <linux/openat2.h>
#include <linux/stat.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace torc::io {

/// One call that may block on a disk or a network file system. Which members count depends on
/// `kind`.
struct BlockingCall {
    enum class Kind : std::uint8_t {
        open,
        stat,
        read,
        write,
        /// Reads file pages into memory for `send_file` and forgets them.
        warm,
        /// Runs `job`.
        run,
    };
    Kind kind = Kind::open;
    Token token;
    /// The directory for `open`.
    int fd = -1;
    const char* path = nullptr;
    const open_how* how = nullptr;
    struct statx* status = nullptr;
    /// `write` only reads it.
    std::byte* buffer = nullptr;
    std::size_t length = 0;
    std::uint64_t offset = 0;
    BlockingJob* job = nullptr;
};

/// A few threads that make blocking calls for one proactor, started when first needed: for epoll,
/// which knows nothing of files, all of them; for io_uring, which has kernel threads of its own,
/// those that are no operation of a ring.
class BlockingPool {
public:
    struct Done {
        BlockingCall call;
        /// The call's result or a negated errno(3).
        std::int32_t result = 0;
    };

    /// `notify_fd`: an eventfd that is written to whenever a call is done; outlives the pool.
    explicit BlockingPool(int notify_fd) : notify_fd_(notify_fd) {}
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;
    /// Waits for the calls under way; those not begun are dropped.
    ~BlockingPool();

    /// Where not even one thread can be made, makes the call itself.
    void submit(const BlockingCall& call);
    /// Moves what is done since the last call into `done`, which must be empty.
    void take_done(std::vector<Done>& done);

private:
    void work();
    /// False when the limit of processes (RLIMIT_NPROC, a container's pids.max) is used up; the
    /// next call tries again.
    [[nodiscard]] bool start_thread();
    /// Records a result and notifies the owner. Precondition: the mutex is held.
    void finish(const BlockingCall& call, std::int32_t result);

    const int notify_fd_;
    std::mutex mutex_;
    std::condition_variable wanted_;
    std::deque<BlockingCall> queue_;
    std::vector<Done> done_;
    std::size_t idle_threads_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

/// openat2(2) by its number: the C library has no wrapper. A descriptor or a negated errno(3).
[[nodiscard]] std::int32_t open_beneath(int directory, const char* path,
                                        const open_how& how) noexcept;

}  // namespace torc::io
