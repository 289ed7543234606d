#pragma once

#include <torc/base/intrusive_list.hpp>
#include <torc/base/local_ref.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/cache/memory_account.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace torc::site {

/// How much the caches of one worker may hold together.
struct CacheLimits {
    std::size_t memory_bytes_max = std::size_t{64} * 1024 * 1024;
    /// Files too large for memory are held by an open descriptor.
    std::size_t descriptors_max = 4096;
    /// Shared by all workers; null: this one has no others beside it.
    std::shared_ptr<OversizeTurn> oversize_turn{};
};

/// What several caches may hold together, in bytes and in descriptors, and which of all their
/// assets go first: those that were used the longest time ago.
///
/// The bytes are those of all bodies that were reserved here, whether an asset is cached still or
/// only kept by responses that refer to it: what slow readers hold is taken from the caches. What
/// is in use is not let go of, for that would free nothing. An asset that would take more than half
/// of the bytes is not kept, and pushes nothing out.
class CacheBudget {
public:
    explicit CacheBudget(const CacheLimits& limits);
    CacheBudget(const CacheBudget&) = delete;
    CacheBudget& operator=(const CacheBudget&) = delete;
    /// Precondition: no cache is left.
    ~CacheBudget() = default;

    class Member;

    /// Who keeps members.
    class Keeper {
    public:
        Keeper() = default;
        Keeper(const Keeper&) = delete;
        Keeper& operator=(const Keeper&) = delete;

        /// Lets go of `member`, which is one of its own, and counts it out.
        virtual void evict(Member& member) noexcept = 0;

    protected:
        ~Keeper() = default;
    };

    struct ByUse;
    struct WithDescriptorsByUse;

    /// An asset that is kept, as the base class of a cache's entry.
    class Member : ListLink<ByUse>, ListLink<WithDescriptorsByUse> {
    public:
        AssetRef asset;

    private:
        friend class CacheBudget;
        template <typename Element, typename Tag>
        friend class torc::IntrusiveList;

        Keeper* keeper_ = nullptr;
        std::size_t bytes_ = 0;
        std::size_t descriptors_ = 0;
    };

    /// Counts `member`, whose asset is set, as used just now. `own_bytes`: what it costs beside its
    /// asset.
    void count_in(Member& member, Keeper& keeper, std::size_t own_bytes) noexcept;
    void count_out(Member& member) noexcept;
    /// Makes `member` the most recently used.
    void note_use(Member& member) noexcept {
        if (by_use_.back() != &member) {
            move_to_back(member);
        }
    }
    /// What a keeper has beside its members now takes `after` bytes instead of `before`.
    void recount(std::size_t before, std::size_t after) noexcept { index_bytes_ += after - before; }
    /// Lets go of the least recently used beyond the limits.
    void enforce() noexcept;

    /// Memory for a body of `bytes`, which counts from now on; the least recently used are let go
    /// of for it. Nothing: the bound leaves no room, or it would be more than a quarter of it, and
    /// the body is to be sent from its file.
    [[nodiscard]] std::optional<MemoryCharge> reserve(std::size_t bytes) noexcept;
    /// The same for a page, which has no file that it could be sent from: it may be a half, and
    /// readers that hold much are in the way of large ones alone. One at
    /// a time, of all workers, may be larger, and is cached for as long as a response refers to it.
    [[nodiscard]] std::optional<MemoryCharge> reserve_page(std::size_t bytes) noexcept;
    /// Whether an asset may take so much beside contents that were reserved.
    [[nodiscard]] bool may_keep(std::size_t bytes) const noexcept;
    /// Lets go of such a page once no response refers to it.
    void drop_unused_page() noexcept {
        if (oversize_page_ != nullptr && oversize_account_->bytes_in_use() == 0) {
            evict(*oversize_page_);
        }
    }
    /// What else the worker has in memory for responses under way, which the caches make room for
    /// with up to a half of their own.
    void set_other_bytes(std::size_t bytes) noexcept { other_bytes_ = bytes; }
    /// Lets go of the least recently used asset that holds a descriptor; false when there is none.
    bool evict_descriptor() noexcept;

    /// What counts against the limit: assets, and bodies that were reserved and still live.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return members_bytes_ + index_bytes_ + account_->bytes();
    }
    [[nodiscard]] std::size_t descriptors() const noexcept { return descriptors_; }
    /// What `memory_bytes` may come to.
    [[nodiscard]] std::size_t limit_bytes() const noexcept { return limits_.memory_bytes_max; }
    /// Assets that were let go of for others so far.
    [[nodiscard]] std::uint64_t evictions() const noexcept { return evictions_; }

private:
    [[nodiscard]] std::size_t memory_bytes_max() const noexcept {
        return limits_.memory_bytes_max - std::min(other_bytes_, limits_.memory_bytes_max / 2);
    }
    /// When others are let go of for a body.
    enum class Shrink : std::uint8_t { while_readers_hold_less_than_half, always };
    [[nodiscard]] std::optional<MemoryCharge> reserve_within_bound(std::size_t bytes,
                                                                   Shrink shrink) noexcept;
    /// Lets go of the least recently used that are not in use. False: that was not enough.
    bool shrink_to(std::size_t bytes_max) noexcept;
    [[gnu::noinline]] void move_to_back(Member& member) noexcept;
    void evict(Member& member) noexcept {
        ++evictions_;
        member.keeper_->evict(member);
    }

    CacheLimits limits_;
    /// Least recently used first.
    IntrusiveList<Member, ByUse> by_use_;
    /// Of these the ones that hold descriptors.
    IntrusiveList<Member, WithDescriptorsByUse> with_descriptors_by_use_;
    /// Of all bodies that were reserved, but for the one page that may be too large.
    LocalRef<MemoryAccount> account_;
    LocalRef<MemoryAccount> oversize_account_;
    /// Who has that page; null: nobody.
    Member* oversize_page_ = nullptr;
    std::size_t other_bytes_ = 0;
    std::size_t members_bytes_ = 0;
    std::size_t index_bytes_ = 0;
    std::size_t descriptors_ = 0;
    std::uint64_t evictions_ = 0;
};

/// The two budgets of a worker.
struct CacheBudgets {
    /// Shares `all` out among the two.
    explicit CacheBudgets(const CacheLimits& all);

    /// Gives back one cached descriptor, when there are too few; false when none is held.
    bool release_descriptor() noexcept {
        return missing.evict_descriptor() || present.evict_descriptor();
    }

    CacheBudget present;
    /// For paths at which there is nothing, and errors: apart from what exists, which a scan for
    /// names that do not must not push out.
    CacheBudget missing;
    /// Looks for an asset that found one to respond with, and that found none.
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
};

}  // namespace torc::site
