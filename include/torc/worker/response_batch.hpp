#pragma once

#include <torc/base/assert.hpp>
#include <torc/base/clock.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/mapping.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/site/cache/representation.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace torc::worker {

/// The responses that leave in one send: heads and small bodies copied one behind the other, larger
/// bodies by reference to their representation, which is kept alive until `clear`.
class ResponseBatch {
public:
    ResponseBatch() noexcept = default;
    /// `resident_bytes`: goes up with what the batch touches of its memory beyond the first page.
    explicit ResponseBatch(std::size_t& resident_bytes) noexcept
        : resident_bytes_(&resident_bytes) {}
    ResponseBatch(const ResponseBatch&) = delete;
    ResponseBatch& operator=(const ResponseBatch&) = delete;
    ~ResponseBatch() = default;

    [[nodiscard]] bool is_empty() const noexcept { return total_bytes_ == 0; }
    /// Of all responses together.
    [[nodiscard]] std::size_t total_bytes() const noexcept { return total_bytes_; }

    /// Whether another response fits, whose head needs at most `head_bytes`.
    [[nodiscard]] bool has_room(std::size_t head_bytes) const noexcept {
        // There is room for its source too: before each that there is stand two pieces, one of a
        // head and its own.
        return head_bytes <= storage_.size() - used_bytes_ && pieces_count_ + 2 <= pieces_.size();
    }

    /// Whether it has room, or is empty: then it makes room for any head.
    [[nodiscard]] bool takes(std::size_t head_bytes) const noexcept {
        return has_room(head_bytes) || is_empty();
    }

    /// Writes the next head, of at most `head_bytes`, into what is free, or into memory of its own
    /// where it is larger than a batch. It is no part of the batch until it is given to
    /// `append_head`. Throws std::bad_alloc. Precondition: takes(head_bytes).
    [[nodiscard]] http::HeadWriter writer(std::size_t head_bytes) {
        const std::span<char> free = std::span(storage_).subspan(used_bytes_);
        return head_bytes <= free.size() ? http::HeadWriter(free) : long_head_writer(head_bytes);
    }
    /// Adds the head that `writer` has written. Precondition: the writer is the last one given.
    void append_head(const http::HeadWriter& writer) noexcept;
    /// Adds a body behind its head. `body` is a part of the contents of `source`.
    void append_body(std::string_view body, site::Representation& source) noexcept;

    /// The whole batch, for sendmsg(2). Lives until the next change.
    [[nodiscard]] const msghdr& message() noexcept;

    /// Counts `bytes` more of `message()` as sent.
    void note_sent(std::size_t bytes) noexcept {
        TORC_ASSERT(bytes <= total_bytes_ - sent_bytes_);
        sent_bytes_ += bytes;
    }
    /// How many bytes of `message()` were sent.
    [[nodiscard]] std::size_t sent_bytes() const noexcept { return sent_bytes_; }
    [[nodiscard]] bool is_sent() const noexcept { return sent_bytes_ == total_bytes_; }

    /// Makes it empty, and lets go of the representations. Precondition: no send of `message()` is
    /// in flight.
    void clear() noexcept;

    /// Memory that was ever touched, in whole pages: the first, and all up to the last.
    [[nodiscard]] std::size_t touched_bytes() const noexcept { return touched_bytes_; }

private:
    /// Of memory that is kept until `clear`.
    [[nodiscard, gnu::noinline]] http::HeadWriter long_head_writer(std::size_t head_bytes);
    void append_stored(std::size_t bytes) noexcept;
    void count_touched() noexcept;
    [[gnu::noinline]] void release_sources() noexcept;

    msghdr message_{};
    std::size_t total_bytes_ = 0;
    std::size_t sent_bytes_ = 0;
    std::size_t used_bytes_ = 0;
    std::size_t pieces_count_ = 0;
    std::size_t sources_count_ = 0;
    std::size_t touched_bytes_ = limits::page_bytes;
    std::size_t* resident_bytes_ = nullptr;
    /// True when the last piece ends where `storage_` is free.
    bool is_last_piece_stored_ = false;
    std::unique_ptr<char[]> long_head_;
    std::array<iovec, limits::response_batch_pieces_max> pieces_;
    std::array<site::BodyInUse, limits::response_batch_pieces_max / 2> sources_;
    std::array<char, limits::response_batch_bytes> storage_;  // Not initialised: 32 KiB.
};

/// The batches of one worker. A connection has one while it makes and sends responses, and none
/// while it is idle. The most recently released one is acquired first: its memory is still in the
/// CPU's cache. Memory of batches that no connection wanted for a while goes back to the kernel.
/// Under AddressSanitizer a batch may be touched only between `acquire` and `release`.
class ResponseBatchPool {
public:
    ResponseBatchPool() noexcept = default;
    ResponseBatchPool(const ResponseBatchPool&) = delete;
    ResponseBatchPool& operator=(const ResponseBatchPool&) = delete;
    ~ResponseBatchPool();

    /// An empty batch. Throws std::bad_alloc.
    [[nodiscard]] ResponseBatch& acquire();
    /// Takes back a batch, and clears it. Never allocates.
    void release(ResponseBatch& batch);

    /// Memory of all batches, whether a connection has them or not, in bytes.
    [[nodiscard]] std::size_t resident_bytes() const noexcept { return resident_bytes_; }
    /// When `give_back_unused` is worth a call; `never` while none can be spared.
    [[nodiscard]] MonotonicTime due_at() const noexcept {
        return free_.size() > limits::response_batches_at_once ? due_at_ : never;
    }
    /// Gives back the memory of batches that no connection had since the last call; some at a
    /// time. Without effect before `due_at()`.
    void give_back_unused(MonotonicTime now) noexcept;

private:
    /// From one batch to the next: whole pages, and always some bytes between the two, which
    /// AddressSanitizer guards.
    static constexpr std::size_t stride_bytes =
        (sizeof(ResponseBatch) / limits::page_bytes + 1) * limits::page_bytes;

    [[gnu::cold]] void make_more();
    void make_slab();

    /// limits::response_batches_at_once in each.
    std::vector<Mapping> slabs_;
    std::vector<ResponseBatch*> free_;
    /// Where there is room for others, without memory.
    std::vector<std::byte*> bare_;
    std::size_t resident_bytes_ = 0;
    /// The fewest that were free at once since the last `give_back_unused`: so many at the front of
    /// `free_` no connection had.
    std::size_t unused_ = 0;
    MonotonicTime due_at_ = MonotonicTime::min();
};

}  // namespace torc::worker
