#pragma once

#include <torc/base/clock.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/cache/cache_budget.hpp>
#include <torc/site/cache/directory_tree.hpp>
#include <torc/site/cache/look_index.hpp>
#include <torc/site/cache/path_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

/// The assets of one site by path. Which of them are let go of for want of room is the budget's to
/// say, which other sites' caches share.
///
/// What is beneath a directory is forgotten at once, however much it is: it is found no more, and
/// `reclaim` lets go of it, a little at a time. Until then it counts as kept.
class AssetCache final : private CacheBudget::Keeper {
public:
    /// `budget` outlives the cache.
    explicit AssetCache(CacheBudget& budget) noexcept : budget_(budget) {}
    AssetCache(const AssetCache&) = delete;
    AssetCache& operator=(const AssetCache&) = delete;
    ~AssetCache();

    /// A cached asset and until when it needs no second look at the file system.
    struct Entry : CacheBudget::Member, DirectoryTree::Member, LookIndex::Member {
        std::string_view path;
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

    /// What the worker's caches may hold together.
    [[nodiscard]] CacheBudget& budget() noexcept { return budget_; }

    /// Whether there is anything for `reclaim`.
    [[nodiscard]] bool has_forgotten() const noexcept { return directories_.has_outdated(); }
    /// Lets go of what was forgotten. Looks at no more than `steps_max` entries and directories;
    /// true when more is left to do.
    bool reclaim(std::size_t steps_max) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

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

    void evict(CacheBudget::Member& member) noexcept override {
        remove(static_cast<Entry&>(member));
    }
    /// Counts an entry in whose asset is set.
    void count_in(Entry& entry) noexcept;
    /// Tells the budget what the directories and the looks take by now.
    void count_indexes() noexcept;

    CacheBudget& budget_;
    PathHash hash_;
    /// Open addressing with linear probing, so that a look-up reads one or two cache lines beside
    /// the entry itself. A power of two of slots, at least half of them free, which keeps probe
    /// runs short; none before the first entry. The hash has a random per-process seed against hash
    /// flooding: clients choose the paths, and could otherwise choose colliding ones.
    std::vector<Slot> table_;
    std::size_t size_ = 0;
    DirectoryTree directories_;
    LookIndex looks_;
    /// What the two took when they were counted last.
    std::size_t counted_index_bytes_ = 0;
};

}  // namespace torc::site
