#include <torc/base/assert.hpp>
#include <torc/site/site.hpp>

#include "file_names.hpp"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace torc::site {

Asset* Site::find(std::string_view path, MonotonicTime now) noexcept {
    if (now >= verified_until_) {
        return nullptr;
    }
    const AssetCache::Entry* entry = cache_.find(path);
    // What is in memory is one version of a file, whole. What is sent from the disk is whatever is
    // there by then, and must not go under the length and the tag of what was there before.
    const bool is_found =
        entry != nullptr && now < entry->fresh_until && entry->asset->is_current();
    return is_found ? entry->asset.get() : nullptr;
}

Site::Join Site::join_load(std::string_view path, Waiter waiter, bool is_watched) {
    if (const auto under_way = find_load(path)) {
        loads_[*under_way].waiters.push_back(waiter);
        return Join{.id = *under_way, .is_new = false};
    }
    // Nothing is changed before all memory is there.
    const AssetCache::Entry* known = cache_.find(path);
    PendingLoad pending{.load = std::make_unique<AssetLoad>(
                            path, known != nullptr ? known->asset : AssetRef(), rules_, wall_now_),
                        .waiters = {waiter},
                        .is_watched = is_watched,
                        .joined_at = changes_,
                        .begun_at = changes_};
    pending.load->reserve_in(cache_);
    if (free_loads_.empty()) {
        // Room for all of them, so that `take_load` never allocates.
        free_loads_.reserve(loads_.size() + 1);
        loads_.emplace_back();
        free_loads_.push_back(static_cast<LoadId>(loads_.size() - 1));
    }
    const LoadId id = free_loads_.back();
    by_path_.emplace(path, id);
    free_loads_.pop_back();
    loads_[id] = std::move(pending);
    return Join{.id = id, .is_new = true};
}

std::optional<Site::LoadId> Site::find_load(std::string_view path) const {
    const auto found = by_path_.find(path);
    return found != by_path_.end() ? std::optional(found->second) : std::nullopt;
}

Site::PendingLoad Site::take_load(LoadId id) {
    PendingLoad pending = std::exchange(loads_[id], PendingLoad{});
    TORC_ASSERT(pending.load);
    free_loads_.push_back(id);
    if (const auto found = by_path_.find(pending.load->path());
        found != by_path_.end() && found->second == id) {
        by_path_.erase(found);
    }
    return pending;
}

void Site::detach_load(LoadId id) {
    by_path_.erase(loads_[id].load->path());
    loads_[id].is_watched = false;  // Changes are told to the other one.
}

LoadStep Site::begin_load(LoadId id) {
    loads_[id].begun_at = changes_;
    return loads_[id].load->start();
}

Site::Loaded Site::finish_load(LoadId id, MonotonicTime now) {
    PendingLoad pending = take_load(id);
    AssetLoad::Outcome outcome = pending.load->take_result();
    if (outcome.is_cacheable && pending.begun_at >= all_changed_at_) {
        // Directories may have changed between the two.
        const bool is_watched = pending.is_watched && outcome.is_watchable &&
                                pending.joined_at >= directory_changed_at_;
        try {
            cache_.insert(pending.load->path(), outcome.asset,
                          now + (is_watched ? watched_fresh_for : fresh_for));
        } catch (const std::bad_alloc&) {
            cache_.erase(pending.load->path());  // What was there is older.
        }
    } else {
        cache_.erase(pending.load->path());
    }
    return Loaded{.asset = std::move(outcome.asset),
                  .waiters = std::move(pending.waiters),
                  .refused = std::move(outcome.refused)};
}

Site::Loaded Site::finish_load_with(LoadId id, Asset& asset) {
    return Loaded{.asset = AssetRef(&asset), .waiters = std::move(take_load(id).waiters)};
}

void Site::changed(std::string_view directory, std::string_view name) {
    const std::string prefix(directory);
    const auto drop_what_is_made_of = [&](std::string_view file) {
        const std::string path = prefix + std::string(file);
        drop(path);
        if (std::ranges::find(rules_.index_names, file) != rules_.index_names.end()) {
            drop(prefix);
        }
        if (rules_.has_clean_urls) {
            drop(path + std::string(page_suffix));
            if (file.ends_with(page_suffix)) {
                const std::string page = path.substr(0, path.size() - page_suffix.size());
                drop(page);
                drop(page + '/');
            }
        }
    };
    drop_what_is_made_of(name);
    for (const http::ContentCoding coding : rules_.codings) {
        if (name.ends_with(suffix_of(coding))) {
            drop_what_is_made_of(name.substr(0, name.size() - suffix_of(coding).size()));
        }
    }
}

void Site::changed_beneath(std::string_view directory) {
    cache_.forget_beneath(directory);
    directory_changed_at_ = ++changes_;
    if (!directory.empty()) {
        // The directory as an entry of the one above: without the slash it is a redirect.
        const std::string_view entry = directory.substr(0, directory.size() - 1);
        const std::size_t name = entry.rfind('/') + 1;
        changed(entry.substr(0, name), entry.substr(name));
    }
}

void Site::changed_all() noexcept {
    cache_.forget_all();
    by_path_.clear();
    all_changed_at_ = ++changes_;
    directory_changed_at_ = changes_;
}

void Site::drop(std::string_view path) {
    cache_.erase(path);
    if (loads_under_way() == 0) {
        return;
    }
    if (const auto found = by_path_.find(path); found != by_path_.end()) {
        loads_[found->second].is_watched = false;
    }
}

}  // namespace torc::site
