#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/intrusive_list.hpp>
#include <torc/site/asset.hpp>
#include <torc/site/directory_tree.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

/// How much a cache may hold.
struct CacheLimits {
    std::size_t memory_bytes_max = std::size_t{64} * 1024 * 1024;
    /// Files too large for memory are held by an open descriptor.
    std::size_t descriptors_max = 4096;
};

/// One worker's assets by path, least recently used first to go; bounded in bytes and in
/// descriptors.
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
    struct Entry : ListLink<ByUse>, ListLink<WithDescriptorsByUse>, DirectoryTree::Member {
        std::string_view path;
        AssetRef asset;
        MonotonicTime fresh_until;
    };

    /// The entry for `path`, now the most recently used; null when there is none. Lives until the
    /// next call that is not `find`. Neither allocates nor makes a system call.
    [[nodiscard]] Entry* find(std::string_view path) noexcept;

    /// Puts `asset` in, in place of any other at `path`, and lets go of the least recently used
    /// beyond the limits.
    void insert(std::string_view path, AssetRef asset, MonotonicTime fresh_until);
    /// Without effect when nothing is cached at `path`.
    void erase(std::string_view path) noexcept;
    /// Forgets what is cached in `directory` ("" or "a/b/") or beneath it.
    void forget_beneath(std::string_view directory) noexcept { directories_.outdate(directory); }
    void forget_all() noexcept { forget_beneath(""); }
    /// Whether there is anything for `reclaim`.
    [[nodiscard]] bool has_forgotten() const noexcept { return directories_.has_outdated(); }
    /// Lets go of what was forgotten. Looks at no more than `steps_max` entries and directories;
    /// true when more is left to do.
    bool reclaim(std::size_t steps_max) noexcept;
    /// Lets go of the least recently used asset that holds a descriptor; false when there is none.
    bool evict_descriptor() noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return entries_bytes_ + directories_.memory_bytes();
    }
    [[nodiscard]] std::size_t descriptors() const noexcept { return descriptors_; }

private:
    struct Node : Entry {
        std::string text;
        std::uint64_t hash = 0;
    };
    /// A place in the table. An entry is in the first free one from that on which its hash names.
    struct Place {
        std::uint64_t hash = 0;
        std::unique_ptr<Node> node;
    };

    [[nodiscard]] std::uint64_t hash_of(std::string_view path) const noexcept;
    /// The place of `path`, or the free one where it would be. Precondition: the table has places.
    [[nodiscard]] std::size_t place_of(std::string_view path, std::uint64_t hash) const noexcept;
    [[nodiscard]] std::size_t next(std::size_t place) const noexcept {
        return (place + 1) & (table_.size() - 1);
    }
    void grow();
    /// Precondition: the table has places.
    void remove(std::string_view path) noexcept;

    void count_in(Entry& entry) noexcept;
    void count_out(Entry& entry) noexcept;
    void move_to_back(Entry& entry) noexcept;
    [[nodiscard]] static std::size_t cost_bytes(const Entry& entry) noexcept;

    CacheLimits limits_;
    std::uint64_t seed_;
    /// Open addressing, so that a look-up reads one or two lines of memory beside the entry itself.
    /// A power of two of places, of which at least half are free; none before the first entry.
    std::vector<Place> table_;
    std::size_t size_ = 0;
    /// Least recently used first.
    IntrusiveList<Entry, ByUse> by_use_;
    /// Of these the ones that hold descriptors.
    IntrusiveList<Entry, WithDescriptorsByUse> with_descriptors_by_use_;
    DirectoryTree directories_;
    std::size_t entries_bytes_ = 0;
    std::size_t descriptors_ = 0;
};

}  // namespace torc::site
