#pragma once

#include <torc/base/clock.hpp>
#include <torc/worker/current_root.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

namespace torc::worker {

/// The directories that were the root of a tree before, each open for a while after another one
/// took its place: a page that was loaded from one asks for its scripts there after a deploy.
/// Shared by all workers, since any of them may get such a request. Thread-safe.
class PreviousRoots final : public CurrentRoot::Follower {
public:
    /// Of several deploys in a short time, so many directories are kept at the most, the youngest.
    static constexpr std::size_t kept_max = 4;

    /// `kept_for`: from the moment on at which a directory was found to be the root no more.
    explicit PreviousRoots(std::chrono::seconds kept_for) noexcept : kept_for_(kept_for) {}

    /// `root` was the root until `now`. Throws std::bad_alloc, and then it is not kept.
    void replaced(const SharedRoot& root, MonotonicTime now) override;
    /// Keeps what `other` keeps as well, as if it had been this one's. Throws std::bad_alloc.
    void take_over(const PreviousRoots& other);

    struct Kept {
        SharedRoot root;
        /// When it is served from no more.
        MonotonicTime until;
        /// Younger ones have a higher one.
        std::uint64_t number = 0;
    };
    /// The youngest that is older than `number`, but for those that `current`, the root now, is as
    /// well: after a deploy was taken back.
    [[nodiscard]] std::optional<Kept> next(const file::Root& current, std::uint64_t number,
                                           MonotonicTime now) const;
    static constexpr std::uint64_t younger_than_all = std::numeric_limits<std::uint64_t>::max();

    /// Closes those whose time is over.
    void forget_expired(MonotonicTime now) noexcept;

private:
    struct Former {
        SharedRoot root;
        MonotonicTime replaced_at;
        std::uint64_t number = 0;
    };
    /// Precondition: the mutex is held.
    void keep(const SharedRoot& root, MonotonicTime replaced_at);
    /// Null: there is none.
    [[nodiscard]] SharedRoot take_expired(MonotonicTime now) noexcept;
    [[nodiscard]] bool is_over(const Former& one, MonotonicTime now) const noexcept {
        return now >= one.replaced_at + kept_for_;
    }

    const std::chrono::seconds kept_for_;
    mutable std::mutex mutex_;
    /// The oldest first; no two of the same directory.
    std::vector<Former> former_;
    std::uint64_t last_number_ = 0;
};

}  // namespace torc::worker
