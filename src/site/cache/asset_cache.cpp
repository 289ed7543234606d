#include <torc/site/cache/asset_cache.hpp>
#include <torc/site/routing/path.hpp>

#include <utility>

namespace torc::site {
namespace {

constexpr std::size_t slots_min = 64;

}  // namespace

AssetCache::~AssetCache() {
    for (Slot& slot : table_) {
        if (slot.node != nullptr) {
            budget_.count_out(*slot.node);
            directories_.remove(*slot.node);
            looks_.remove(*slot.node);
        }
    }
    budget_.recount(counted_index_bytes_, 0);
}

void AssetCache::count_in(Entry& entry) noexcept {
    budget_.count_in(entry, *this, sizeof(Node) + 2 * sizeof(Slot) + entry.path.size());
}

void AssetCache::count_indexes() noexcept {
    const std::size_t bytes = directories_.memory_bytes() + looks_.memory_bytes();
    budget_.recount(std::exchange(counted_index_bytes_, bytes), bytes);
}

std::size_t AssetCache::slot_of(std::string_view path, std::uint64_t hash) const noexcept {
    std::size_t slot = hash & (table_.size() - 1);
    while (table_[slot].node != nullptr &&
           (table_[slot].hash != hash || table_[slot].node->path != path)) {
        slot = next(slot);
    }
    return slot;
}

AssetCache::Entry* AssetCache::find(std::string_view path) noexcept {
    Entry* const entry = peek(path);
    if (entry != nullptr) {
        budget_.note_use(*entry);
    }
    return entry;
}

AssetCache::Entry* AssetCache::peek(std::string_view path) const noexcept {
    if (table_.empty()) {
        return nullptr;
    }
    Entry* const entry = table_[slot_of(path, hash_(path))].node.get();
    return entry != nullptr && !directories_.is_outdated(*entry) ? entry : nullptr;
}

void AssetCache::insert(std::string_view path, AssetRef asset, MonotonicTime fresh_until,
                        std::span<const LookedAt> looks) {
    if (!budget_.may_keep(asset->memory_bytes())) {
        erase(path);
        return;
    }
    if (2 * (size_ + 1) > table_.size()) {
        grow();
    }
    const std::uint64_t hash = hash_(path);
    Slot& slot = table_[slot_of(path, hash)];
    if (slot.node == nullptr) {
        auto node = std::make_unique<Node>();
        node->text = path;
        node->path = node->text;
        node->hash = hash;
        directories_.add(*node, directory_of(path));
        slot.hash = hash;
        slot.node = std::move(node);
        ++size_;
    } else {
        directories_.renew(*slot.node);
        budget_.count_out(*slot.node);
        looks_.remove(*slot.node);
    }
    Entry& entry = *slot.node;
    entry.asset = std::move(asset);
    entry.fresh_until = fresh_until;
    count_in(entry);
    try {
        looks_.add(entry, looks);
    } catch (...) {
        remove(entry);  // No change would drop it.
        throw;
    }
    count_indexes();
    budget_.enforce();
}

void AssetCache::grow() {
    std::vector<Slot> larger(table_.empty() ? slots_min : 2 * table_.size());
    table_.swap(larger);
    for (Slot& old : larger) {
        if (old.node != nullptr) {
            // No two are of one path, so none is looked at: that would be a cache miss each.
            std::size_t slot = old.hash & (table_.size() - 1);
            while (table_[slot].node != nullptr) {
                slot = next(slot);
            }
            table_[slot] = std::move(old);
        }
    }
}

void AssetCache::erase(std::string_view path) noexcept {
    if (size_ > 0) {
        if (Entry* const entry = table_[slot_of(path, hash_(path))].node.get()) {
            remove(*entry);
        }
    }
}

void AssetCache::drop_what_looked_at(const LookedAt& name) noexcept {
    while (LookIndex::Member* const found = looks_.find(name)) {
        remove(static_cast<Entry&>(*found));
    }
}

bool AssetCache::reclaim(std::size_t steps_max) noexcept {
    while (DirectoryTree::Member* const forgotten = directories_.next_outdated(steps_max)) {
        remove(static_cast<Entry&>(*forgotten));
    }
    return directories_.has_outdated();
}

void AssetCache::remove(Entry& entry) noexcept {
    const Node& node = static_cast<Node&>(entry);
    std::size_t hole = node.hash & (table_.size() - 1);
    while (table_[hole].node.get() != &node) {
        hole = next(hole);
    }
    budget_.count_out(entry);
    directories_.remove(entry);
    looks_.remove(entry);
    count_indexes();
    table_[hole].node.reset();
    --size_;
    // Backward-shift deletion: the hole must not cut a probe run in two, or look-ups would end
    // there. Each entry of the rest of the run moves into the hole, unless its home slot lies
    // behind the hole: then it stays put.
    const std::size_t mask = table_.size() - 1;
    for (std::size_t slot = next(hole); table_[slot].node != nullptr; slot = next(slot)) {
        const std::size_t home = table_[slot].hash & mask;
        if (((slot - home) & mask) >= ((slot - hole) & mask)) {
            table_[hole] = std::move(table_[slot]);
            hole = slot;
        }
    }
}

}  // namespace torc::site
