#pragma once

#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/io/proactor.hpp>

#include <algorithm>
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
        batch_.reserve(limits::completions_per_wait_max);
        // More than come about at once but in the worst of cases: `add_ready` should not allocate.
        ready_.reserve(16 * limits::completions_per_wait_max);
    }

    /// Begins the next batch with what is ready; half of it at the most, so that what completes at
    /// once can't delay what is waited for.
    void begin() {
        batch_.clear();
        take_ready(limits::completions_per_wait_max / 2);
    }
    /// Fills what is left of the batch with what is ready.
    void fill() { take_ready(limits::completions_per_wait_max); }

    [[nodiscard]] bool empty() const noexcept { return batch_.empty(); }
    [[nodiscard]] bool has_room() const noexcept {
        return batch_.size() < limits::completions_per_wait_max;
    }
    /// Precondition: has_room().
    void add(const Completion& completion) noexcept {
        TORC_ASSERT(batch_.size() != batch_.capacity());
        batch_.push_back(completion);
    }
    /// Keeps a completion for the next `begin` or `fill`.
    void add_ready(Token token, std::int32_t result) {
        ready_.push_back(Completion{.token = token, .result = result, .more = false, .data = {}});
    }

    /// Lives until the next `begin`.
    [[nodiscard]] std::span<const Completion> completions() const noexcept { return batch_; }

private:
    void take_ready(std::size_t size_max) {
        if (ready_.empty()) {
            return;
        }
        const std::size_t room = size_max - std::min(size_max, batch_.size());
        const auto end =
            ready_.begin() + static_cast<std::ptrdiff_t>(std::min(room, ready_.size()));
        batch_.insert(batch_.end(), ready_.begin(), end);
        ready_.erase(ready_.begin(), end);
    }

    std::vector<Completion> batch_;
    std::vector<Completion> ready_;
};

}  // namespace torc::io
