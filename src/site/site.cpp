#include <torc/base/assert.hpp>
#include <torc/site/site.hpp>

#include <utility>

namespace torc::site {

Asset* Site::find(std::string_view path, Wanted wanted, MonotonicTime now) noexcept {
    const AssetCache::Entry* entry = cache_.find(path);
    // What is in memory is one version of a file, whole. What is sent from the disk is whatever is
    // there by then, and must not go under the length and the tag of what was there before.
    const bool is_found = entry != nullptr && now < entry->fresh_until &&
                          (wanted == Wanted::fields || entry->asset->has_contents()) &&
                          entry->asset->is_current();
    return is_found ? entry->asset.get() : nullptr;
}

Site::Join Site::join_load(std::string_view path, Wanted wanted, Waiter waiter) {
    const auto [position, is_new] = by_path(wanted).try_emplace(std::string(path), LoadId{0});
    if (is_new) {
        if (free_loads_.empty()) {
            free_loads_.push_back(static_cast<LoadId>(loads_.size()));
            loads_.emplace_back();
        }
        position->second = free_loads_.back();
        free_loads_.pop_back();
        const AssetCache::Entry* known = cache_.find(path);
        loads_[position->second].load = std::make_unique<AssetLoad>(
            path, known != nullptr ? known->asset : AssetRef(), rules_, wanted, wall_now_);
    }
    loads_[position->second].waiters.push_back(waiter);
    return Join{.id = position->second, .is_new = is_new};
}

Site::Loaded Site::finish_load(LoadId id, MonotonicTime now) {
    PendingLoad pending = std::exchange(loads_[id], PendingLoad{});
    TORC_ASSERT(pending.load);
    free_loads_.push_back(id);
    by_path(pending.load->wanted()).erase(pending.load->path());
    AssetLoad::Outcome outcome = pending.load->take_result();
    if (outcome.is_cacheable) {
        cache_.insert(pending.load->path(), outcome.asset, now + fresh_for);
    } else {
        cache_.erase(pending.load->path());
    }
    return Loaded{.asset = std::move(outcome.asset), .waiters = std::move(pending.waiters)};
}

}  // namespace torc::site
