#pragma once

#include <torc/base/clock.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/cache/asset_cache.hpp>
#include <torc/site/cache/path_hash.hpp>
#include <torc/site/cache/recent_looks.hpp>
#include <torc/site/load/asset_load.hpp>
#include <torc/site/load/load_rules.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace torc::site {

/// One worker's view of the files that are served: what is in memory, and what is on its way there.
class Site {
public:
    /// A cached asset is taken without a look at the file system for this long.
    static constexpr std::chrono::milliseconds fresh_for{1000};
    /// The same where changes are reported (see `changed`), all but those that can't be: by another
    /// hard link, or through a shared mapping.
    static constexpr std::chrono::seconds watched_fresh_for{60};

    /// `budgets`: of the worker, whose sites share them; outlive the site.
    Site(LoadRules rules, CacheBudgets& budgets);

    /// Until when the root is known to be the one that the cached assets are from. From then on
    /// nothing is found.
    void set_verified_until(MonotonicTime time) noexcept { verified_until_ = time; }

    /// Sets the time that loads begun from now on take for the present.
    void set_time(WallTime now) noexcept { wall_now_ = now; }

    /// The asset at a http::Target's path, or by a ListingKey or SubstituteKey as text, if it is
    /// cached and fresh at `now`. Null: load it. Lives until the next call
    /// that is not `find`; share it (AssetRef) to keep it longer. Neither allocates nor blocks.
    [[nodiscard]] Asset* find(std::string_view path, MonotonicTime now) noexcept;

    /// Identifies a load under way, from `join_load` until `finish_load`.
    using LoadId = std::uint32_t;
    /// Whatever tells the caller who waits.
    using Waiter = std::uint64_t;

    struct Join {
        LoadId id = 0;
        /// True: nobody loaded this path yet; the caller drives the new load, beginning with
        /// `begin_load`.
        bool is_new = false;
    };
    /// Makes `waiter` wait for the asset at `path`: all who want it at once wait for the same load.
    /// `is_watched`: every change from now on of the directory of the path, and of those above it,
    /// is reported.
    [[nodiscard]] Join join_load(std::string_view path, Waiter waiter, bool is_watched);

    /// The load of the asset at `path` that is under way, if there is one.
    [[nodiscard]] std::optional<LoadId> find_load(std::string_view path) const;

    /// Whether what the load looks at may have changed since it was begun, as far as that was
    /// reported: what it finds is for those who wait for it by now.
    [[nodiscard]] bool is_outdated(LoadId id) const noexcept {
        return loads_[id].has_changed || loads_[id].begun_at < directory_changed_at_;
    }

    /// Begins a new load, at once or later: gives the first step. What changed before does not
    /// count against it.
    [[nodiscard]] LoadStep begin_load(LoadId id);
    /// Lets another load of the same begin, beside this one that does not end. Who waits for this
    /// one still does.
    void detach_load(LoadId id);

    /// For a listing's load: what a listing of the same directory was made of that is still fresh,
    /// so that the directory need not be read again; null: there is none. What is then made of it
    /// is fresh for no longer than that.
    [[nodiscard]] ListedDirectoryRef share_listed_directory(LoadId id, MonotonicTime now);

    /// What the load finds is fresh until `time` at the most.
    void limit_freshness(LoadId id, MonotonicTime time) noexcept {
        loads_[id].fresh_until_max = time;
    }

    /// When the first of what is cached from directories that were the root before is over;
    /// `never`: there is none.
    [[nodiscard]] MonotonicTime previous_until() const noexcept { return previous_until_; }
    /// Lets go of all that is cached from such directories.
    void forget_previous() noexcept;

    /// The load itself, to be driven. Lives until `finish_load`.
    [[nodiscard]] AssetLoad& load(LoadId id) noexcept { return *loads_[id].load; }
    [[nodiscard]] const AssetLoad& load(LoadId id) const noexcept { return *loads_[id].load; }

    struct Loaded {
        AssetRef asset;
        std::vector<Waiter> waiters;
        std::vector<RefusedFile> refused{};
    };
    /// Ends a load whose last step was LoadFinished: caches the asset and gives it with those who
    /// wait for it.
    [[nodiscard]] Loaded finish_load(LoadId id, MonotonicTime now);
    /// Ends a load that was not begun, with an asset that was found.
    [[nodiscard]] Loaded finish_load_with(LoadId id, Asset& asset);

    // What has changed on the disk; paths are relative to the root, directories "" or "a/b/". What
    // is cached of it is dropped, and what is being loaded is not trusted for long.
    /// The entry `name` of `directory`, which is no directory itself.
    void changed(std::string_view directory, std::string_view name);
    /// A directory, and perhaps everything in it.
    void changed_beneath(std::string_view directory);
    /// Everything, the root too: what is being loaded belongs to the past, and is for those alone
    /// who wait for it by now.
    void changed_all() noexcept;

    /// No load has an id that is larger: as many loads as there ever were at once.
    [[nodiscard]] std::size_t loads_max() const noexcept { return loads_.size(); }
    [[nodiscard]] std::size_t loads_under_way() const noexcept {
        return loads_.size() - free_loads_.size();
    }

    /// Whether there is anything for `reclaim`.
    [[nodiscard]] bool has_forgotten() const noexcept {
        return cache_.has_forgotten() || missing_.has_forgotten();
    }
    /// Lets go of what changed and was forgotten. Looks at no more than `steps_max` entries and
    /// directories of each cache; true when more is left to do.
    bool reclaim(std::size_t steps_max) noexcept;

    [[nodiscard]] AssetCache& cache() noexcept { return cache_; }
    /// Paths at which there is nothing, and errors by their SubstituteKey: apart from what exists,
    /// which a scan for names that do not must not push out.
    [[nodiscard]] AssetCache& missing() noexcept { return missing_; }
    [[nodiscard]] const LoadRules& rules() const noexcept { return rules_; }

private:
    struct PendingLoad {
        std::unique_ptr<AssetLoad> load;
        std::vector<Waiter> waiters;
        bool is_watched = false;
        /// What it looks at was reported to change since it was joined first.
        bool has_changed = false;
        /// What `changes_` was when it was joined first, and when it was begun.
        std::uint64_t joined_at = 0;
        std::uint64_t begun_at = 0;
        /// What it finds is fresh for no longer.
        MonotonicTime fresh_until_max = never;
    };

    [[nodiscard]] static MonotonicTime fresh_until(const PendingLoad& pending, const Asset& asset,
                                                   bool is_watched, MonotonicTime now) noexcept;
    /// What shows the directory is fresh for no longer than if it were not watched.
    void outdate_listings(std::string_view directory);
    /// What loads find that have looked at `name` so far is not trusted for long.
    void distrust_loads(const LookedAt& name);
    /// Takes note of an asset from a directory that was the root before, to be cached until `time`
    /// at the most; false: there are too many. Throws std::bad_alloc.
    [[nodiscard]] bool note_previous(const std::string& path, MonotonicTime time);
    /// Puts what was loaded into the one cache or the other, if it may be kept.
    void keep(const PendingLoad& pending, const AssetLoad::Outcome& outcome, MonotonicTime now);
    [[nodiscard]] PendingLoad take_load(LoadId id);

    LoadRules rules_;
    CacheBudgets& budgets_;
    WallTime wall_now_{};
    MonotonicTime verified_until_ = never;
    AssetCache cache_;
    AssetCache missing_;
    PathHash hash_;
    RecentLooks recent_looks_;
    /// Paths of what may be cached from directories that were the root before.
    std::unordered_set<std::string> previous_;
    MonotonicTime previous_until_ = never;
    /// How many times a directory changed, or everything; and what that count was when a directory
    /// last did, and everything.
    std::uint64_t changes_ = 0;
    std::uint64_t directory_changed_at_ = 0;
    std::uint64_t all_changed_at_ = 0;
    std::vector<PendingLoad> loads_;
    std::vector<LoadId> free_loads_;
    std::unordered_map<std::string, LoadId, PathHash, std::equal_to<>> by_path_;
};

}  // namespace torc::site
