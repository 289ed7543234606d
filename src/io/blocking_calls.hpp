#pragma once

#include <torc/io/proactor.hpp>

#include "blocking_pool.hpp"
#include "completion_batch.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace torc::io {

/// The operations of a proactor that threads of a BlockingPool carry out, for both backends. The
/// parameters are those of the Proactor's operations.
class BlockingCalls {
public:
    /// `notify`: signalled when there are results to take. All of this outlives the calls.
    explicit BlockingCalls(const EventFd& notify) noexcept : notify_(notify) {}

    // Each throws std::bad_alloc, and nothing has happened then.
    void open(Token token, int directory, const char* path, const open_how& how, Lane lane);
    void stat(Token token, int fd, struct statx& status, Lane lane);
    void read(Token token, int fd, std::span<std::byte> buffer, std::uint64_t offset, Lane lane);
    void run(Token token, BlockingJob& job, Lane lane);
    void submit(BlockingCall call) { pool().submit(std::move(call)); }

    /// Closes a file, at once where that can't wait.
    void close_file(int fd, Lane lane) noexcept;

    /// Whether calls are under way, closes among them.
    [[nodiscard]] bool are_under_way() const { return pool_ != nullptr && pool_->is_busy(); }

    /// Reports what has been done since the last call in `batch`, but gives what the proactor asked
    /// for itself (Token::reserved_operations) to `on_internal(token, result)`. Throws
    /// std::bad_alloc; what was not reported is lost then.
    template <typename OnInternal>
    void take_results(CompletionBatch& batch, OnInternal on_internal) {
        if (pool_ == nullptr) {
            return;
        }
        done_.clear();
        pool_->take_done(done_);
        for (const BlockingPool::Done& done : done_) {
            if (done.call.token.operation >= Token::reserved_operations) {
                on_internal(done.call.token, done.result);
            } else {
                batch.add_ready(done.call.token, done.result);
            }
        }
    }

private:
    /// Made when the first call needs it.
    [[nodiscard]] BlockingPool& pool();

    const EventFd& notify_;
    std::unique_ptr<BlockingPool> pool_;
    /// What the last `take_results` took.
    std::vector<BlockingPool::Done> done_;
};

}  // namespace torc::io
