#include <torc/worker/response_batch.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace torc::worker {
namespace {

constexpr std::chrono::seconds give_back_interval{1};
/// How many batches go back at once, each by a system call, and how long until the next.
constexpr std::size_t given_back_at_once = 64;
constexpr std::chrono::milliseconds give_back_pause{10};

}  // namespace

void ResponseBatch::append_stored(std::size_t bytes) noexcept {
    if (is_last_piece_stored_) {
        pieces_[pieces_count_ - 1].iov_len += bytes;
    } else {
        TORC_ASSERT(pieces_count_ < pieces_.size());
        pieces_[pieces_count_++] =
            iovec{.iov_base = storage_.data() + used_bytes_, .iov_len = bytes};
        is_last_piece_stored_ = true;
    }
    used_bytes_ += bytes;
    total_bytes_ += bytes;
    count_touched();
}

void ResponseBatch::count_touched() noexcept {
    const auto end = static_cast<std::size_t>(storage_.data() + used_bytes_ -
                                              reinterpret_cast<const char*>(this));
    if (end <= touched_bytes_) {
        return;
    }
    const std::size_t touched =
        (end + limits::page_bytes - 1) / limits::page_bytes * limits::page_bytes;
    if (resident_bytes_ != nullptr) {
        *resident_bytes_ += touched - touched_bytes_;
    }
    touched_bytes_ = touched;
}

http::HeadWriter ResponseBatch::long_head_writer(std::size_t head_bytes) {
    TORC_ASSERT(is_empty());
    long_head_ = std::make_unique_for_overwrite<char[]>(head_bytes);
    return http::HeadWriter(std::span(long_head_.get(), head_bytes));
}

void ResponseBatch::append_head(const http::HeadWriter& writer) noexcept {
    if (long_head_ && writer.written().data() == long_head_.get()) {
        pieces_[pieces_count_++] =
            iovec{.iov_base = long_head_.get(), .iov_len = writer.written().size()};
        total_bytes_ += writer.written().size();
        return;
    }
    TORC_ASSERT(writer.written().data() == storage_.data() + used_bytes_);
    append_stored(writer.written().size());
}

void ResponseBatch::append_body(std::string_view body, site::Representation& source) noexcept {
    if (body.size() <= limits::response_batch_copied_body_bytes_max &&
        body.size() <= storage_.size() - used_bytes_) {
        std::memcpy(storage_.data() + used_bytes_, body.data(), body.size());
        append_stored(body.size());
        return;
    }
    TORC_ASSERT(pieces_count_ < pieces_.size() && sources_count_ < sources_.size());
    // iovec has no const; sendmsg(2) only reads.
    pieces_[pieces_count_++] =
        iovec{.iov_base = const_cast<char*>(body.data()), .iov_len = body.size()};
    sources_[sources_count_++] = site::BodyInUse(source);
    is_last_piece_stored_ = false;
    total_bytes_ += body.size();
}

const msghdr& ResponseBatch::message() noexcept {
    message_.msg_iov = pieces_.data();
    message_.msg_iovlen = pieces_count_;
    return message_;
}

void ResponseBatch::release_sources() noexcept {
    for (std::size_t index = 0; index < sources_count_; ++index) {
        sources_[index] = site::BodyInUse();
    }
    sources_count_ = 0;
}

void ResponseBatch::clear() noexcept {
    if (sources_count_ > 0) {
        release_sources();
    }
    total_bytes_ = 0;
    sent_bytes_ = 0;
    used_bytes_ = 0;
    pieces_count_ = 0;
    is_last_piece_stored_ = false;
    long_head_.reset();
}

ResponseBatchPool::~ResponseBatchPool() {
    // What is not free was left behind by its connection, and refers to nothing.
    for (ResponseBatch* const batch : free_) {
        unpoison(batch, sizeof *batch);
        std::destroy_at(batch);
    }
}

ResponseBatch& ResponseBatchPool::acquire() {
    if (free_.empty()) {
        make_more();
    }
    ResponseBatch& batch = *free_.back();
    free_.pop_back();
    unused_ = std::min(unused_, free_.size());
    unpoison(&batch, sizeof batch);
    return batch;
}

void ResponseBatchPool::release(ResponseBatch& batch) {
    batch.clear();
    poison(&batch, sizeof batch);
    TORC_ASSERT(free_.size() != free_.capacity());
    free_.push_back(&batch);
}

void ResponseBatchPool::make_more() {
    if (bare_.empty()) {
        make_slab();
    }
    for (std::size_t count = 0; count < limits::response_batches_at_once && !bare_.empty();
         ++count) {
        std::byte* const place = bare_.back();
        bare_.pop_back();
        // What a small response touches. A burst that needs more batches than ever before would
        // wait for as many page faults.
        populate(place, limits::page_bytes);
        unpoison(place, sizeof(ResponseBatch));
        free_.push_back(new (place) ResponseBatch(resident_bytes_));
        poison(place, sizeof(ResponseBatch));
        resident_bytes_ += limits::page_bytes;
    }
}

void ResponseBatchPool::make_slab() {
    auto slab = Mapping::create(limits::response_batches_at_once * stride_bytes);
    if (!slab) {
        throw std::bad_alloc();
    }
    // Room for all of them, so that neither `release` nor `give_back_unused` ever allocates.
    const std::size_t batches = (slabs_.size() + 1) * limits::response_batches_at_once;
    free_.reserve(batches);
    bare_.reserve(batches);
    const Mapping& memory = slabs_.emplace_back(*std::move(slab));
    poison(memory.data(), memory.size());
    for (std::size_t index = 0; index < limits::response_batches_at_once; ++index) {
        bare_.push_back(memory.data() + index * stride_bytes);
    }
}

void ResponseBatchPool::give_back_unused(MonotonicTime now) noexcept {
    if (now < due_at()) {
        return;
    }
    // Some always stay, for the next few connections.
    const std::size_t spare = std::min(unused_, free_.size() - limits::response_batches_at_once);
    const std::size_t count = std::min(spare, given_back_at_once);
    for (std::size_t index = 0; index < count; ++index) {
        ResponseBatch* const batch = free_[index];
        unpoison(batch, sizeof *batch);
        resident_bytes_ -= batch->touched_bytes();
        std::destroy_at(batch);
        auto* const place = reinterpret_cast<std::byte*>(batch);
        poison(place, sizeof(ResponseBatch));
        ::madvise(place, stride_bytes, MADV_DONTNEED);
        bare_.push_back(place);
    }
    free_.erase(free_.begin(), free_.begin() + static_cast<std::ptrdiff_t>(count));
    if (count < spare) {
        unused_ -= count;
        due_at_ = now + give_back_pause;
    } else {
        unused_ = free_.size();
        due_at_ = now + give_back_interval;
    }
}

}  // namespace torc::worker
