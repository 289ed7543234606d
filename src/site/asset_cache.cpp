#include <torc/site/asset_cache.hpp>
#include <torc/site/asset_load.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <random>
#include <utility>

namespace torc::site {
namespace {

constexpr std::size_t places_min = 64;

/// Whoever knew it could ask for paths that all want the same place in the table.
std::uint64_t hash_seed() {
    static const std::uint64_t seed = [] {
        std::random_device device;
        return (std::uint64_t{device()} << 32U) | device();
    }();
    return seed;
}

}  // namespace

AssetCache::AssetCache(const CacheLimits& limits) : limits_(limits), seed_(hash_seed()) {}

AssetCache::~AssetCache() {
    while (Entry* const entry = by_use_.front()) {
        remove(entry->path);
    }
}

std::uint64_t AssetCache::hash_of(std::string_view path) const noexcept {
    return XXH3_64bits_withSeed(path.data(), path.size(), seed_);
}

std::size_t AssetCache::cost_bytes(const Entry& entry) noexcept {
    return sizeof(Node) + 2 * sizeof(Place) + entry.path.size() + entry.asset->memory_bytes();
}

void AssetCache::count_in(Entry& entry) noexcept {
    const std::size_t descriptors = entry.asset->descriptors();
    entries_bytes_ += cost_bytes(entry);
    descriptors_ += descriptors;
    by_use_.push_back(entry);
    if (descriptors > 0) {
        with_descriptors_by_use_.push_back(entry);
    }
}

void AssetCache::count_out(Entry& entry) noexcept {
    entries_bytes_ -= cost_bytes(entry);
    descriptors_ -= entry.asset->descriptors();
    entry.ListLink<ByUse>::unlink();
    entry.ListLink<WithDescriptorsByUse>::unlink();
}

void AssetCache::move_to_back(Entry& entry) noexcept {
    entry.ListLink<ByUse>::unlink();
    by_use_.push_back(entry);
    if (entry.ListLink<WithDescriptorsByUse>::is_linked()) {
        entry.ListLink<WithDescriptorsByUse>::unlink();
        with_descriptors_by_use_.push_back(entry);
    }
}

std::size_t AssetCache::place_of(std::string_view path, std::uint64_t hash) const noexcept {
    std::size_t place = hash & (table_.size() - 1);
    while (table_[place].node != nullptr &&
           (table_[place].hash != hash || table_[place].node->path != path)) {
        place = next(place);
    }
    return place;
}

AssetCache::Entry* AssetCache::find(std::string_view path) noexcept {
    if (table_.empty()) {
        return nullptr;
    }
    Entry* const entry = table_[place_of(path, hash_of(path))].node.get();
    if (entry == nullptr || directories_.is_outdated(*entry)) {
        return nullptr;
    }
    if (by_use_.back() != entry) {
        move_to_back(*entry);
    }
    return entry;
}

void AssetCache::insert(std::string_view path, AssetRef asset, MonotonicTime fresh_until) {
    if (2 * (size_ + 1) > table_.size()) {
        grow();
    }
    const std::uint64_t hash = hash_of(path);
    Place& place = table_[place_of(path, hash)];
    if (place.node == nullptr) {
        auto node = std::make_unique<Node>();
        node->text = path;
        node->path = node->text;
        directories_.add(*node, directory_of(path));
        place.hash = hash;
        place.node = std::move(node);
        ++size_;
    } else {
        directories_.renew(*place.node);
        count_out(*place.node);
    }
    Entry& entry = *place.node;
    entry.asset = std::move(asset);
    entry.fresh_until = fresh_until;
    count_in(entry);
    while (size_ > 0 && memory_bytes() > limits_.memory_bytes_max) {
        remove(by_use_.front()->path);
    }
    while (descriptors_ > limits_.descriptors_max && evict_descriptor()) {
    }
}

void AssetCache::grow() {
    std::vector<Place> larger(table_.empty() ? places_min : 2 * table_.size());
    table_.swap(larger);
    for (Place& old : larger) {
        if (old.node != nullptr) {
            table_[place_of(old.node->path, old.hash)] = std::move(old);
        }
    }
}

void AssetCache::erase(std::string_view path) noexcept {
    if (size_ > 0) {
        remove(path);
    }
}

bool AssetCache::reclaim(std::size_t steps_max) noexcept {
    while (DirectoryTree::Member* const forgotten = directories_.next_outdated(steps_max)) {
        remove(static_cast<Entry*>(forgotten)->path);
    }
    return directories_.has_outdated();
}

bool AssetCache::evict_descriptor() noexcept {
    Entry* const entry = with_descriptors_by_use_.front();
    if (entry == nullptr) {
        return false;
    }
    remove(entry->path);
    return true;
}

void AssetCache::remove(std::string_view path) noexcept {
    std::size_t hole = place_of(path, hash_of(path));
    if (table_[hole].node == nullptr) {
        return;
    }
    count_out(*table_[hole].node);
    directories_.remove(*table_[hole].node);
    table_[hole].node.reset();
    --size_;
    // Nothing may be behind a free place that was put there because this one was not: what is moves
    // up, unless the hole is before the place that its hash names.
    const std::size_t mask = table_.size() - 1;
    for (std::size_t place = next(hole); table_[place].node != nullptr; place = next(place)) {
        const std::size_t wanted = table_[place].hash & mask;
        if (((place - wanted) & mask) >= ((place - hole) & mask)) {
            table_[hole] = std::move(table_[place]);
            hole = place;
        }
    }
}

}  // namespace torc::site
