#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/worker/log_queue.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace torc::worker {
namespace {

/// Buffers beyond these are freed when a burst is over.
constexpr std::size_t spares_max = 16;

}  // namespace

std::uint64_t count_lines(std::string_view text) noexcept {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

void LogQueue::push(std::string& lines) noexcept {
    if (lines.empty()) {
        return;
    }
    {
        const std::scoped_lock lock(mutex_);
        push_locked(lines);
    }
    signal();
}

void LogQueue::push_copy(std::string_view lines) noexcept {
    if (!try_push_copy(lines)) {
        {
            const std::scoped_lock lock(mutex_);
            dropped_lines_ += count_lines(lines);
        }
        signal();
    }
}

void LogQueue::drop_line() noexcept {
    {
        const std::scoped_lock lock(mutex_);
        ++dropped_lines_;
    }
    signal();
}

bool LogQueue::try_push_copy(std::string_view lines) noexcept {
    try {
        const std::scoped_lock lock(mutex_);
        if (lines.size() > bytes_max_ - waiting_bytes_) {
            return false;
        }
        if (!join_to_last(lines)) {
            const auto batch = spare();
            batch->lines = lines;
            waiting_.splice(waiting_.end(), spares_, batch);
        }
        waiting_bytes_ += lines.size();
    } catch (const std::bad_alloc&) {
        return false;
    }
    signal();
    return true;
}

void LogQueue::push_locked(std::string& lines) noexcept {
    if (!put(lines)) {
        dropped_lines_ += count_lines(lines);
        lines.clear();
    }
}

bool LogQueue::put(std::string& lines) noexcept {
    const std::size_t bytes = lines.size();
    if (bytes > bytes_max_ - waiting_bytes_) {
        return false;
    }
    try {
        if (!join_to_last(lines)) {
            const auto batch = spare();
            batch->lines.swap(lines);
            waiting_.splice(waiting_.end(), spares_, batch);
        }
    } catch (const std::bad_alloc&) {
        return false;
    }
    lines.clear();
    waiting_bytes_ += bytes;
    return true;
}

bool LogQueue::join_to_last(std::string_view lines) {
    if (waiting_.empty() || waiting_.back().is_cut ||
        waiting_.back().lines.size() + lines.size() > waiting_.back().lines.capacity()) {
        return false;
    }
    waiting_.back().lines += lines;
    return true;
}

std::list<LogQueue::Batch>::iterator LogQueue::spare() {
    if (spares_.empty()) {
        std::list<Batch> made(1);
        made.back().lines.reserve(limits::access_log_buffer_bytes);
        spares_.splice(spares_.end(), made);
    }
    return spares_.begin();
}

std::uint64_t LogQueue::join() noexcept {
    const std::scoped_lock lock(mutex_);
    ++producers_;
    return cuts_.load(std::memory_order_relaxed);
}

std::uint64_t LogQueue::push_before_cut(std::string& lines) noexcept {
    std::uint64_t cuts = 0;
    {
        const std::scoped_lock lock(mutex_);
        push_locked(lines);
        pushed_before_cut();
        cuts = cuts_.load(std::memory_order_relaxed);
    }
    signal();
    return cuts;
}

void LogQueue::leave(std::string& lines, std::uint64_t cuts) noexcept {
    {
        const std::scoped_lock lock(mutex_);
        push_locked(lines);
        TORC_ASSERT(producers_ > 0);
        --producers_;
        if (wants_cut(cuts)) {
            pushed_before_cut();
        }
    }
    signal();
}

void LogQueue::ask_for_cut() noexcept {
    {
        const std::scoped_lock lock(mutex_);
        cuts_.fetch_add(1, std::memory_order_relaxed);
        awaited_producers_ = producers_;
        if (awaited_producers_ == 0) {
            cut();
        }
    }
    signal();
}

void LogQueue::pushed_before_cut() noexcept {
    // None is awaited when the writer's patience was over before.
    if (awaited_producers_ > 0 && --awaited_producers_ == 0) {
        cut();
    }
}

void LogQueue::cut() noexcept {
    try {
        const auto batch = spare();
        batch->is_cut = true;
        waiting_.splice(waiting_.end(), spares_, batch);
    } catch (const std::bad_alloc&) {
        // Without memory for a mark no cut comes, and the writer's patience ends the wait for it.
        return;
    }
}

LogQueue::Next LogQueue::take(std::string& batch) noexcept {
    const std::scoped_lock lock(mutex_);
    if (waiting_.empty()) {
        return Next::nothing;
    }
    Batch& first = waiting_.front();
    const Next next = first.is_cut ? Next::cut : Next::lines;
    if (next == Next::lines) {
        waiting_bytes_ -= first.lines.size();
        batch.clear();
        batch.swap(first.lines);
    }
    first.is_cut = false;
    if (spares_.size() < spares_max && first.lines.capacity() >= limits::access_log_buffer_bytes) {
        spares_.splice(spares_.begin(), waiting_, waiting_.begin());
    } else {
        waiting_.pop_front();
    }
    return next;
}

bool LogQueue::awaits_cut() noexcept {
    const std::scoped_lock lock(mutex_);
    return awaited_producers_ > 0 || std::ranges::any_of(waiting_, &Batch::is_cut);
}

void LogQueue::cut_now() noexcept {
    const std::scoped_lock lock(mutex_);
    awaited_producers_ = 0;
    waiting_.remove_if([](const Batch& batch) { return batch.is_cut; });
}

std::uint64_t LogQueue::take_dropped_lines() noexcept {
    const std::scoped_lock lock(mutex_);
    return std::exchange(dropped_lines_, 0);
}

std::uint64_t LogQueue::waiting_lines() noexcept {
    const std::scoped_lock lock(mutex_);
    std::uint64_t lines = 0;
    for (const Batch& batch : waiting_) {
        lines += count_lines(batch.lines);
    }
    return lines;
}

}  // namespace torc::worker
