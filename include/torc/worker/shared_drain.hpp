#pragma once

#include <atomic>
#include <cstdint>

namespace torc::worker {

/// What the workers of a process know of each other in a drain in which they go on accepting: all
/// that have a listener that is kept do, until none has a connection left that the drain waits for.
/// If one stopped alone, the kernel would go on dealing connections to its listener, where nobody
/// would accept them. Thread-safe.
class SharedDrain {
public:
    /// Each of `workers` is taken to have such connections until it says otherwise.
    explicit SharedDrain(std::uint32_t workers) noexcept : waiting_(workers) {}

    /// A worker has no such connection any more.
    void end_wait() noexcept { waiting_.fetch_sub(1, std::memory_order_acq_rel); }
    /// It has some again.
    void wait_again() noexcept { waiting_.fetch_add(1, std::memory_order_acq_rel); }

    /// Whether all may stop accepting. Once it is true it stays so.
    [[nodiscard]] bool is_over() noexcept {
        if (waiting_.load(std::memory_order_acquire) == 0) {
            is_over_.store(true, std::memory_order_release);
        }
        return is_over_.load(std::memory_order_acquire);
    }

private:
    std::atomic<std::uint32_t> waiting_;
    std::atomic<bool> is_over_ = false;
};

}  // namespace torc::worker
