#include <torc/site/asset_cache.hpp>

#include <utility>

namespace torc::site {

AssetCache::~AssetCache() {
    clear();
}

std::size_t AssetCache::cost_bytes(const Entry& entry) noexcept {
    return sizeof(Entries::value_type) + entry.path.size() + entry.asset->memory_bytes();
}

void AssetCache::count_in(const Entry& entry) noexcept {
    memory_bytes_ += cost_bytes(entry);
    descriptors_ += entry.asset->descriptors();
}

void AssetCache::count_out(const Entry& entry) noexcept {
    memory_bytes_ -= cost_bytes(entry);
    descriptors_ -= entry.asset->descriptors();
}

AssetCache::Entry* AssetCache::find(std::string_view path) noexcept {
    const auto position = entries_.find(path);
    if (position == entries_.end()) {
        return nullptr;
    }
    Entry& entry = position->second;
    if (by_use_.back() != &entry) {
        entry.unlink();
        by_use_.push_back(entry);
    }
    return &entry;
}

void AssetCache::insert(std::string_view path, AssetRef asset, MonotonicTime fresh_until) {
    auto position = entries_.find(path);
    if (position == entries_.end()) {
        position = entries_.try_emplace(std::string(path)).first;
        position->second.path = position->first;
    } else {
        count_out(position->second);
        position->second.unlink();
    }
    Entry& entry = position->second;
    entry.asset = std::move(asset);
    entry.fresh_until = fresh_until;
    count_in(entry);
    by_use_.push_back(entry);
    while (!entries_.empty() && (memory_bytes_ > limits_.memory_bytes_max)) {
        remove(entries_.find(by_use_.front()->path));
    }
    while (descriptors_ > limits_.descriptors_max && evict_descriptor()) {
    }
}

void AssetCache::erase(std::string_view path) noexcept {
    if (const auto position = entries_.find(path); position != entries_.end()) {
        remove(position);
    }
}

void AssetCache::erase_beneath(std::string_view prefix) noexcept {
    for (auto position = entries_.begin(); position != entries_.end();) {
        const auto entry = position++;
        if (entry->first.starts_with(prefix)) {
            remove(entry);
        }
    }
}

bool AssetCache::evict_descriptor() noexcept {
    for (Entry* entry = by_use_.front(); entry != nullptr; entry = by_use_.next(*entry)) {
        if (entry->asset->descriptors() > 0) {
            remove(entries_.find(entry->path));
            return true;
        }
    }
    return false;
}

void AssetCache::clear() noexcept {
    while (!entries_.empty()) {
        remove(entries_.begin());
    }
}

void AssetCache::remove(Entries::iterator position) noexcept {
    count_out(position->second);
    position->second.unlink();
    entries_.erase(position);
}

}  // namespace torc::site
