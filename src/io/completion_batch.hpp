#pragma once

#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/io/proactor.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace torc::io {

/// The completions that one call of `wait` reports, at most limits::completions_per_wait_max, and
/// those that came about without waiting and are reported by the next.
class CompletionBatch {
public:
    CompletionBatch() {
        // More than come about at once but in the worst of cases: `add_ready` should not allocate.
        ready_.reserve(16 * limits::completions_per_wait_max);
    }

    /// Begins the next batch with what is ready; half of it at the most, so that what completes at
    /// once can't delay what is waited for.
    void begin() {
        count_ = 0;
        take_ready(limits::completions_per_wait_max / 2);
    }
    /// Fills what is left of the batch with what is ready.
    void fill() { take_ready(limits::completions_per_wait_max); }

    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] bool has_room() const noexcept { return count_ < batch_.size(); }
    /// Precondition: has_room().
    void add(const Completion& completion) noexcept {
        TORC_ASSERT(has_room());
        batch_[count_++] = completion;
    }
    /// Keeps a completion for the next `begin` or `fill`.
    void add_ready(Token token, std::int32_t result) {
        add_ready(Completion{.token = token, .result = result, .data = {}});
    }
    void add_ready(const Completion& completion) { ready_.push_back(completion); }

    /// Lives until the next `begin`.
    [[nodiscard]] std::span<const Completion> completions() const noexcept {
        return std::span(batch_).first(count_);
    }

private:
    void take_ready(std::size_t size_max) {
        if (ready_.empty()) {
            return;
        }
        const std::size_t room = size_max - std::min(size_max, count_);
        const auto end =
            ready_.begin() + static_cast<std::ptrdiff_t>(std::min(room, ready_.size()));
        std::copy(ready_.begin(), end, batch_.begin() + static_cast<std::ptrdiff_t>(count_));
        count_ += static_cast<std::size_t>(end - ready_.begin());
        ready_.erase(ready_.begin(), end);
    }

    // No vector: of that, to tell its size is to divide by that of a completion.
    std::array<Completion, limits::completions_per_wait_max> batch_{};
    std::size_t count_ = 0;
    std::vector<Completion> ready_;
};

}  // namespace torc::io
