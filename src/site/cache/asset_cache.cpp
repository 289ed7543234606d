#include <torc/site/cache/asset_cache.hpp>
#include <torc/site/routing/path.hpp>

#include <utility>

namespace torc::site {
namespace {

constexpr std::size_t slots_min = 64;
/// How many assets that are in use are passed over at a time, in search of one that is not.
constexpr std::size_t passed_over_max = 64;
/// What a body may have of the cache at most: one of so many equal parts. A page has no file that
/// it could be sent from.
constexpr std::size_t parts_of_body = 4;
constexpr std::size_t parts_of_asset = 2;
/// A page up to this part is worth keeping whatever readers hold.
constexpr std::size_t parts_of_small_page = 16;

CacheLimits with_turn(CacheLimits limits) {
    if (!limits.oversize_turn) {
        limits.oversize_turn = std::make_shared<OversizeTurn>();
    }
    return limits;
}

}  // namespace

AssetCache::AssetCache(const CacheLimits& limits)
    : limits_(with_turn(limits)),
      account_(new MemoryAccount),
      oversize_account_(new MemoryAccount(limits_.oversize_turn)) {}

AssetCache::~AssetCache() {
    while (Entry* const entry = by_use_.front()) {
        remove(*entry);
    }
}

std::size_t AssetCache::cost_bytes(const Entry& entry) noexcept {
    return sizeof(Node) + 2 * sizeof(Slot) + entry.path.size() + entry.asset->memory_bytes();
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
    if (entry != nullptr && by_use_.back() != entry) {
        move_to_back(*entry);
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

std::optional<MemoryCharge> AssetCache::reserve_within_bound(std::size_t bytes,
                                                             Shrink shrink) noexcept {
    const std::size_t bytes_max = memory_bytes_max();
    if (bytes > bytes_max) {
        return std::nullopt;
    }
    const bool has_room = memory_bytes() <= bytes_max - bytes;
    // What readers hold must not push out everything else: from a half on it gets what is free.
    const bool may_shrink =
        shrink == Shrink::always || account_->bytes_in_use() + bytes <= bytes_max / 2;
    if (!has_room && !(may_shrink && shrink_to(bytes_max - bytes))) {
        return std::nullopt;
    }
    return MemoryCharge(account_, bytes);
}

std::optional<MemoryCharge> AssetCache::reserve(std::size_t bytes) noexcept {
    return bytes <= memory_bytes_max() / parts_of_body
               ? reserve_within_bound(bytes, Shrink::while_readers_hold_less_than_half)
               : std::nullopt;
}

std::optional<MemoryCharge> AssetCache::reserve_page(std::size_t bytes) noexcept {
    const std::size_t bytes_max = memory_bytes_max();
    if (bytes <= bytes_max / parts_of_asset) {
        return reserve_within_bound(bytes, bytes <= bytes_max / parts_of_small_page
                                               ? Shrink::always
                                               : Shrink::while_readers_hold_less_than_half);
    }
    return limits_.oversize_turn->try_take() ? std::optional(MemoryCharge(oversize_account_, bytes))
                                             : std::nullopt;
}

bool AssetCache::shrink_to(std::size_t bytes_max) noexcept {
    std::size_t passed_over = 0;
    while (memory_bytes() > bytes_max) {
        Entry* const entry = by_use_.front();
        if (entry == nullptr || passed_over == passed_over_max) {
            return false;
        }
        if (entry->asset->is_in_use()) {
            move_to_back(*entry);
            ++passed_over;
        } else {
            remove(*entry);
        }
    }
    return true;
}

bool AssetCache::may_keep(std::size_t bytes) const noexcept {
    return bytes <= limits_.memory_bytes_max / parts_of_asset;
}

void AssetCache::insert(std::string_view path, AssetRef asset, MonotonicTime fresh_until,
                        std::span<const LookedAt> looks) {
    if (!may_keep(asset->memory_bytes())) {
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
        count_out(*slot.node);
        looks_.remove(*slot.node);
    }
    Entry& entry = *slot.node;
    if (asset->kind() == Asset::Kind::file && asset->identity().is_charged_to(*oversize_account_)) {
        oversize_path_ = path;
    }
    entry.asset = std::move(asset);
    entry.fresh_until = fresh_until;
    count_in(entry);
    try {
        looks_.add(entry, looks);
    } catch (...) {
        remove(entry);  // No change would drop it.
        throw;
    }
    shrink_to(memory_bytes_max());
    while (descriptors_ > limits_.descriptors_max && evict_descriptor()) {
    }
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

bool AssetCache::evict_descriptor() noexcept {
    Entry* const entry = with_descriptors_by_use_.front();
    if (entry == nullptr) {
        return false;
    }
    remove(*entry);
    return true;
}

void AssetCache::remove(Entry& entry) noexcept {
    const Node& node = static_cast<Node&>(entry);
    std::size_t hole = node.hash & (table_.size() - 1);
    while (table_[hole].node.get() != &node) {
        hole = next(hole);
    }
    count_out(entry);
    directories_.remove(entry);
    looks_.remove(entry);
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
