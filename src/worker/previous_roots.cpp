#include <torc/worker/previous_roots.hpp>

#include <algorithm>
#include <ranges>
#include <utility>

namespace torc::worker {

void PreviousRoots::replaced(const SharedRoot& root, MonotonicTime now) {
    const std::scoped_lock lock(mutex_);
    keep(root, now);
}

void PreviousRoots::keep(const SharedRoot& root, MonotonicTime replaced_at) {
    former_.reserve(former_.size() + 1);
    std::erase_if(former_, [&root](const Former& one) { return one.root->is(*root); });
    former_.push_back({.root = root, .replaced_at = replaced_at, .number = ++last_number_});
    if (former_.size() > kept_max) {
        former_.erase(former_.begin());
    }
}

void PreviousRoots::take_over(const PreviousRoots& other) {
    const std::scoped_lock lock(mutex_, other.mutex_);
    for (const Former& one : other.former_) {
        keep(one.root, one.replaced_at);
    }
}

std::optional<PreviousRoots::Kept> PreviousRoots::next(const file::Root& current,
                                                       std::uint64_t number,
                                                       MonotonicTime now) const {
    const std::scoped_lock lock(mutex_);
    for (const Former& one : std::views::reverse(former_)) {
        if (one.number < number && !is_over(one, now) && !one.root->is(current)) {
            return Kept{
                .root = one.root, .until = one.replaced_at + kept_for_, .number = one.number};
        }
    }
    return std::nullopt;
}

void PreviousRoots::forget_expired(MonotonicTime now) noexcept {
    // One after the other without the lock: closing the last descriptor of a directory that was
    // deleted may wait for its disk, and workers take the lock.
    while (const SharedRoot expired = take_expired(now)) {
    }
}

SharedRoot PreviousRoots::take_expired(MonotonicTime now) noexcept {
    const std::scoped_lock lock(mutex_);
    const auto found =
        std::ranges::find_if(former_, [&](const Former& one) { return is_over(one, now); });
    if (found == former_.end()) {
        return nullptr;
    }
    SharedRoot root = std::move(found->root);
    former_.erase(found);
    return root;
}

}  // namespace torc::worker
