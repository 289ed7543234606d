#include <torc/base/assert.hpp>
#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/listing/listing_key.hpp>
#include <torc/site/site.hpp>

#include "load/file_names.hpp"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace torc::site {
namespace {

/// So many files from directories that were the root before are cached, since all of them go in one
/// iteration when their time is over: some 0.3 ms. Further ones are loaded for each request.
constexpr std::size_t cached_previous_max = 1024;

}  // namespace

Site::Site(LoadRules rules, CacheBudgets& budgets)
    : rules_(std::move(rules)),
      budgets_(budgets),
      cache_(budgets.present),
      missing_(budgets.missing) {}

Asset* Site::find(std::string_view path, MonotonicTime now) noexcept {
    if (now >= verified_until_) {
        ++budgets_.misses;
        return nullptr;
    }
    const AssetCache::Entry* entry = cache_.find(path);
    if (entry == nullptr) {
        entry = missing_.find(path);
    }
    // What is in memory is one version of a file, whole. What is sent from the disk is whatever is
    // there by then, and must not go under the length and the tag of what was there before.
    const bool is_found =
        entry != nullptr && now < entry->fresh_until && entry->asset->is_current();
    if (!is_found) {
        ++budgets_.misses;
        return nullptr;
    }
    ++budgets_.hits;
    return entry->asset.get();
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
    // Where it will be kept: what is shown for what is missing takes nothing from what is there.
    const auto substitute = SubstituteKey::parse(path);
    const bool is_error = substitute && substitute->kind == SubstituteKey::Kind::error;
    pending.load->reserve_in((is_error ? missing_ : cache_).budget());
    pending.load->note_in(recent_looks_);
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
    keep(pending, outcome, now);
    return Loaded{.asset = std::move(outcome.asset),
                  .waiters = std::move(pending.waiters),
                  .refused = std::move(outcome.refused)};
}

void Site::keep(const PendingLoad& pending, const AssetLoad::Outcome& outcome, MonotonicTime now) {
    const Asset& asset = *outcome.asset;
    const bool is_missing =
        asset.kind() == Asset::Kind::missing || asset.kind() == Asset::Kind::error;
    AssetCache& cache = is_missing ? missing_ : cache_;
    AssetCache& other = is_missing ? cache_ : missing_;
    const std::string& path = pending.load->path();
    other.erase(path);
    // Directories may have changed between the two.
    const bool has_changed = pending.has_changed || pending.joined_at < directory_changed_at_;
    const bool may_be_kept =
        outcome.is_cacheable && pending.begun_at >= all_changed_at_ && !(is_missing && has_changed);
    if (!may_be_kept) {
        cache.erase(path);
        return;
    }
    const bool is_watched =
        !is_missing && pending.is_watched && outcome.is_watchable && !has_changed;
    try {
        if (outcome.is_of_previous_root && !note_previous(path, pending.fresh_until_max)) {
            cache.erase(path);
            return;
        }
        cache.insert(path, outcome.asset, fresh_until(pending, asset, is_watched, now),
                     pending.load->looks().all());
    } catch (const std::bad_alloc&) {
        cache.erase(path);  // What was there is older.
    }
}

MonotonicTime Site::fresh_until(const PendingLoad& pending, const Asset& asset, bool is_watched,
                                MonotonicTime now) noexcept {
    const std::chrono::nanoseconds duration = is_watched ? watched_fresh_for : fresh_for;
    const ListedDirectoryRef& listed = asset.listed_directory();
    // A listing is as old as what it was made of.
    return std::min(listed ? listed->fresh_until(duration) : now + duration,
                    pending.fresh_until_max);
}

bool Site::note_previous(const std::string& path, MonotonicTime time) {
    if (previous_.size() >= cached_previous_max && !previous_.contains(path)) {
        return false;
    }
    previous_.insert(path);
    previous_until_ = std::min(previous_until_, time);
    return true;
}

void Site::forget_previous() noexcept {
    for (const std::string& path : previous_) {
        cache_.erase(path);
    }
    previous_.clear();
    previous_until_ = never;
}

ListedDirectoryRef Site::share_listed_directory(LoadId id, MonotonicTime now) {
    ListedDirectoryRef shared;
    if (now >= verified_until_) {
        return shared;
    }
    ListingKey::for_each_of(load(id).listing_key().path, [&](std::string_view key) {
        const AssetCache::Entry* const entry = shared ? nullptr : cache_.peek(key);
        if (entry != nullptr && now < entry->fresh_until) {
            shared = entry->asset->listed_directory();
            limit_freshness(id, entry->fresh_until);
        }
    });
    return shared;
}

Site::Loaded Site::finish_load_with(LoadId id, Asset& asset) {
    return Loaded{.asset = AssetRef(&asset), .waiters = std::move(take_load(id).waiters)};
}

void Site::changed(std::string_view directory, std::string_view name) {
    outdate_listings(directory);
    const LookedAt changed = LookedAt::name(std::string(directory).append(name), hash_);
    cache_.drop_what_looked_at(changed);
    missing_.drop_what_looked_at(changed);
    distrust_loads(changed);
    if (name == error_page_name(http::Status::not_found)) {
        // An error page is shown for all that is missing in its directory and below. By their looks
        // they would have to be dropped one by one, however many.
        missing_.forget_beneath(directory);
        directory_changed_at_ = ++changes_;
    }
}

void Site::changed_beneath(std::string_view directory) {
    cache_.forget_beneath(directory);
    missing_.forget_beneath(directory);
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
    missing_.forget_all();
    previous_.clear();
    previous_until_ = never;
    by_path_.clear();
    all_changed_at_ = ++changes_;
    directory_changed_at_ = changes_;
}

void Site::outdate_listings(std::string_view directory) {
    if (!rules_.lists_directories) {
        return;
    }
    const LookedAt contents = LookedAt::contents_of(directory, hash_);
    // Not dropped: while a large directory changes all the time, it is listed once a second and not
    // for every request.
    cache_.for_each_that_looked_at(contents, [](AssetCache::Entry& entry) {
        const ListedDirectoryRef& listed = entry.asset->listed_directory();
        entry.fresh_until =
            listed ? std::min(entry.fresh_until, listed->fresh_until(fresh_for)) : MonotonicTime();
    });
    distrust_loads(contents);
}

void Site::distrust_loads(const LookedAt& name) {
    if (loads_under_way() == 0) {
        return;
    }
    for (const auto& [path, id] : by_path_) {
        loads_[id].has_changed |= loads_[id].load->looks().meet(name);
    }
}

bool Site::reclaim(std::size_t steps_max) noexcept {
    const bool has_more_present = cache_.reclaim(steps_max);
    const bool has_more_missing = missing_.reclaim(steps_max);
    return has_more_present || has_more_missing;
}

}  // namespace torc::site
