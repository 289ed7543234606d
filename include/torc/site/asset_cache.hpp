#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/intrusive_list.hpp>
#include <torc/site/asset.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace torc::site {

/// How much a cache may hold.
struct CacheLimits {
    std::size_t memory_bytes_max = std::size_t{64} * 1024 * 1024;
    /// Files too large for memory are held by an open descriptor.
    std::size_t descriptors_max = 512;
};

/// One worker's assets by path, least recently used first to go; bounded in bytes and in
/// descriptors.
class AssetCache {
public:
    explicit AssetCache(const CacheLimits& limits) : limits_(limits) {}
    AssetCache(const AssetCache&) = delete;
    AssetCache& operator=(const AssetCache&) = delete;
    ~AssetCache();

    /// A cached asset and until when it needs no second look at the file system.
    struct Entry : ListLink<AssetCache> {
        std::string_view path;
        AssetRef asset;
        MonotonicTime fresh_until;
    };

    /// The entry for `path`, now the most recently used; null when there is none. Lives until the
    /// next `insert` or `clear`. Neither allocates nor makes a system call.
    [[nodiscard]] Entry* find(std::string_view path) noexcept;

    /// Puts `asset` in, in place of any other at `path`, and lets go of the least recently used
    /// beyond the limits.
    void insert(std::string_view path, AssetRef asset, MonotonicTime fresh_until);
    /// Without effect when nothing is cached at `path`.
    void erase(std::string_view path) noexcept;
    /// Erases what is cached at the paths that begin with `prefix`. Looks at every entry.
    void erase_beneath(std::string_view prefix) noexcept;
    /// Lets go of the least recently used asset that holds a descriptor; false when there is none.
    bool evict_descriptor() noexcept;
    void clear() noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return memory_bytes_; }
    [[nodiscard]] std::size_t descriptors() const noexcept { return descriptors_; }

private:
    struct Hash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(std::string_view path) const noexcept {
            return std::hash<std::string_view>{}(path);
        }
    };
    using Entries = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;

    void remove(Entries::iterator position) noexcept;
    void count_in(const Entry& entry) noexcept;
    void count_out(const Entry& entry) noexcept;
    [[nodiscard]] static std::size_t cost_bytes(const Entry& entry) noexcept;

    CacheLimits limits_;
    Entries entries_;
    /// Least recently used first.
    IntrusiveList<Entry, AssetCache> by_use_;
    std::size_t memory_bytes_ = 0;
    std::size_t descriptors_ = 0;
};

}  // namespace torc::site
