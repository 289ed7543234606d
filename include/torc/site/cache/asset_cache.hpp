#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/intrusive_list.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/cache/directory_tree.hpp>
#include <torc/site/cache/look_index.hpp>
#include <torc/site/cache/memory_account.hpp>
#include <torc/site/cache/path_hash.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

/// How much a cache may hold.
struct CacheLimits {
    std::size_t memory_bytes_max = std::size_t{64} * 1024 * 1024;
    /// Files too large for memory are held by an open descriptor.
    std::size_t descriptors_max = 4096;
    /// Shared by the caches of all workers; null: this one has no others beside it.
    std::shared_ptr<OversizeTurn> oversize_turn{};
};

/// One worker's assets by path, least recently used first to go; bounded in bytes and in
/// descriptors.
///
/// The bytes are those of all bodies that were reserved here, whether an asset is cached still or
/// only kept by responses that refer to it: what slow readers hold is taken from the cache. What is
/// in use is not let go of, for that would free nothing. An asset that would take more than half of
/// the bytes is not kept, and pushes nothing out.
///
/// What is beneath a directory is forgotten at once, however much it is: it is found no more, and
/// `reclaim` lets go of it, a little at a time. Until then it counts as kept.
class AssetCache {
public:
    explicit AssetCache(const CacheLimits& limits);
    AssetCache(const AssetCache&) = delete;
    AssetCache& operator=(const AssetCache&) = delete;
    ~AssetCache();

    struct ByUse;
    struct WithDescriptorsByUse;

    /// A cached asset and until when it needs no second look at the file system.
    struct Entry : ListLink<ByUse>,
                   ListLink<WithDescriptorsByUse>,
                   DirectoryTree::Member,
                   LookIndex::Member {
        std::string_view path;
        AssetRef asset;
        MonotonicTime fresh_until;
    };

    /// The entry for `path`, now the most recently used; null when there is none. Lives until the
    /// next call that is neither `find` nor `peek`. Neither allocates nor makes a system call.
    [[nodiscard]] Entry* find(std::string_view path) noexcept;
    /// The same, but to look at it is no use: it becomes no more recently used.
    [[nodiscard]] Entry* peek(std::string_view path) const noexcept;

    /// Puts `asset` in, in place of any other at `path`, and lets go of the least recently used
    /// beyond the limits. `looks`: what its load looked at, see `drop_what_looked_at`.
    void insert(std::string_view path, AssetRef asset, MonotonicTime fresh_until,
                std::span<const LookedAt> looks = {});
    /// Without effect when nothing is cached at `path`.
    void erase(std::string_view path) noexcept;
    /// Drops all assets whose loads looked at a name that has changed.
    void drop_what_looked_at(const LookedAt& name) noexcept;
    /// Calls `visit` with the entry of each of them instead. It adds and removes none.
    template <typename Visit>
    void for_each_that_looked_at(const LookedAt& name, Visit visit) const {
        looks_.for_each(name, [&](LookIndex::Member& one) { visit(static_cast<Entry&>(one)); });
    }
    /// Forgets what is cached in `directory` ("" or "a/b/") or beneath it.
    void forget_beneath(std::string_view directory) noexcept { directories_.outdate(directory); }
    void forget_all() noexcept { forget_beneath(""); }

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
        if (!oversize_path_.empty() && oversize_account_->bytes_in_use() == 0) {
            erase(oversize_path_);
            oversize_path_.clear();
        }
    }
    /// What else the worker has in memory for responses under way, which the cache makes room for
    /// with up to a half of its own.
    void set_other_bytes(std::size_t bytes) noexcept { other_bytes_ = bytes; }

    /// Whether there is anything for `reclaim`.
    [[nodiscard]] bool has_forgotten() const noexcept { return directories_.has_outdated(); }
    /// Lets go of what was forgotten. Looks at no more than `steps_max` entries and directories;
    /// true when more is left to do.
    bool reclaim(std::size_t steps_max) noexcept;
    /// Lets go of the least recently used asset that holds a descriptor; false when there is none.
    bool evict_descriptor() noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// What counts against the limit: assets, and bodies that were reserved and still live.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return entries_bytes_ + directories_.memory_bytes() + looks_.memory_bytes() +
               account_->bytes();
    }
    [[nodiscard]] std::size_t descriptors() const noexcept { return descriptors_; }

private:
    struct Node : Entry {
        std::string text;
        std::uint64_t hash = 0;
    };
    /// Linear probing: an entry sits in the first free slot at or after its home slot, which its
    /// hash names. A look-up goes on from there to the entry or to a free slot.
    struct Slot {
        std::uint64_t hash = 0;
        std::unique_ptr<Node> node;
    };

    /// The slot of `path`, or the free one where it would be. Precondition: the table has slots.
    [[nodiscard]] std::size_t slot_of(std::string_view path, std::uint64_t hash) const noexcept;
    [[nodiscard]] std::size_t next(std::size_t slot) const noexcept {
        return (slot + 1) & (table_.size() - 1);
    }
    void grow();
    /// Lets go of `entry`, which is in the table.
    void remove(Entry& entry) noexcept;

    [[nodiscard]] std::size_t memory_bytes_max() const noexcept {
        return limits_.memory_bytes_max - std::min(other_bytes_, limits_.memory_bytes_max / 2);
    }
    /// When others are let go of for a body.
    enum class Shrink : std::uint8_t { while_readers_hold_less_than_half, always };
    [[nodiscard]] std::optional<MemoryCharge> reserve_within_bound(std::size_t bytes,
                                                                   Shrink shrink) noexcept;
    /// Lets go of the least recently used that are not in use. False: that was not enough.
    bool shrink_to(std::size_t bytes_max) noexcept;

    void count_in(Entry& entry) noexcept;
    void count_out(Entry& entry) noexcept;
    [[gnu::noinline]] void move_to_back(Entry& entry) noexcept;
    [[nodiscard]] static std::size_t cost_bytes(const Entry& entry) noexcept;

    CacheLimits limits_;
    PathHash hash_;
    /// Open addressing with linear probing, so that a look-up reads one or two cache lines beside
    /// the entry itself. A power of two of slots, at least half of them free, which keeps probe
    /// runs short; none before the first entry. The hash has a random per-process seed against hash
    /// flooding: clients choose the paths, and could otherwise choose colliding ones.
    std::vector<Slot> table_;
    std::size_t size_ = 0;
    /// Least recently used first.
    IntrusiveList<Entry, ByUse> by_use_;
    /// Of these the ones that hold descriptors.
    IntrusiveList<Entry, WithDescriptorsByUse> with_descriptors_by_use_;
    DirectoryTree directories_;
    LookIndex looks_;
    /// Of all bodies that were reserved, but for the one page that may be too large.
    LocalRef<MemoryAccount> account_;
    LocalRef<MemoryAccount> oversize_account_;
    /// Where that page is; empty: nowhere.
    std::string oversize_path_;
    std::size_t other_bytes_ = 0;
    std::size_t entries_bytes_ = 0;
    std::size_t descriptors_ = 0;
};

}  // namespace torc::site
