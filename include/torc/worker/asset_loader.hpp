#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/lane.hpp>
#include <torc/file/directory.hpp>
#include <torc/io/proactor.hpp>
#include <torc/site/cache/path_hash.hpp>
#include <torc/site/load/load_step.hpp>
#include <torc/site/site.hpp>
#include <torc/worker/change_watch.hpp>
#include <torc/worker/loader_services.hpp>
#include <torc/worker/operation.hpp>
#include <torc/worker/previous_roots.hpp>
#include <torc/worker/served_root.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace torc::worker {

class ListingJob;

/// Performs the steps of a site's loads as operations of a proactor, so that a cold disk holds up
/// only those who wait for what is on it, and sees to it that what is cached stays true: see
/// ServedRoot and ChangeWatch.
class AssetLoader {
public:
    /// All that is referred to outlives the loader. `tree`: which of the worker's trees it loads,
    /// as its tokens' generation tells. `previous`: null where none are kept.
    AssetLoader(LoaderServices& services, site::Site& site, CurrentRoot& root,
                std::uint32_t tree = 0, const PreviousRoots* previous = nullptr);
    AssetLoader(const AssetLoader&) = delete;
    AssetLoader& operator=(const AssetLoader&) = delete;
    ~AssetLoader();

    /// Makes `waiter` wait for the asset at `path`, and starts to load it unless that is under way.
    /// False, and nobody waits: it has been under way for longer than `patience`.
    [[nodiscard]] bool join(std::string_view path, site::Site::Waiter waiter, MonotonicTime now);

    /// The completion of one of the loader's operations.
    [[gnu::noinline]] void completed(const io::Completion& completion, MonotonicTime now);

    /// Goes over to what the root's path leads to by now, as far as any worker knows. For each
    /// iteration, before a request is served.
    void follow_root(MonotonicTime now);
    /// Whether that is another directory, which is not served from yet.
    [[nodiscard]] bool is_behind_root() const noexcept { return root_.is_behind(); }
    /// There are other mounts than before at `places`, absolute paths. Throws std::bad_alloc.
    void remounted(const std::vector<std::string>& places, MonotonicTime now);
    /// Forgets all that is cached and watched: changes may have been missed.
    void forget_all() noexcept;
    /// Looks at the root's path again if it is time; for each iteration with something to do.
    void keep_root_verified(MonotonicTime now) { root_.keep_verified(now); }

    /// When loads that wait for the look at the root's path, or for room for a listing, are to be
    /// looked at; `never` when there are none.
    [[nodiscard]] MonotonicTime next_deadline() const noexcept;
    /// Lets those go on that have waited long enough, or have what they waited for.
    void expire(MonotonicTime now);
    /// Lets go of what was cached from directories that were the root before, once the time of the
    /// first of them is over. It is not fresh from then on anyway, so some time later will do.
    void forget_previous(MonotonicTime now) noexcept;
    /// Lets go of some of what is cached and watched and was forgotten; sees to it that the next
    /// iteration comes at once while there is more. For each iteration.
    void reclaim() noexcept {
        if (has_forgotten()) {
            reclaim_some();
        }
    }

    /// Whether there is something for `reclaim`.
    [[nodiscard]] bool has_forgotten() const noexcept {
        return site_.has_forgotten() || watch_.has_forgotten();
    }
    /// Whether operations are under way that use memory of the loader or the site.
    [[nodiscard]] bool is_busy() const noexcept;
    /// Whether there is something to do in an iteration even though nobody asks for anything.
    [[nodiscard]] bool has_work() const noexcept {
        return site_.loads_under_way() > 0 || has_forgotten();
    }

private:
    struct WaitingForRoom {
        site::Site::LoadId load = 0;
        std::size_t page_bytes = 0;
    };
    /// Files of one lane that are read for their digests.
    struct Digests {
        std::uint32_t under_way = 0;
        std::deque<site::Site::LoadId> waiting{};
    };

    void load_completed(const io::Completion& completion, MonotonicTime now);
    void go_on(const io::Completion& completion, MonotonicTime now);
    /// Says why a file that may be there can't be served, where its owner can mend it.
    void report_failure(site::Site::LoadId id, Errno error, MonotonicTime now);
    /// Says which files were not used though they are there.
    void report_refused(const std::vector<site::RefusedFile>& files,
                        MonotonicTime now) const noexcept;
    void watch(std::string_view directory, const SharedRoot& root) noexcept;
    void watch_completed(const io::Completion& completion) noexcept;
    /// Ends a load for which there is no memory.
    void give_up(site::Site::LoadId id) noexcept;
    void root_completed(const io::Completion& completion, MonotonicTime now);
    [[nodiscard]] MonotonicTime root_verified_until() const noexcept {
        return std::max(root_.verified_until(), trusted_until_);
    }
    /// Takes the root's path to lead where it did, for want of an answer.
    void trust_root(MonotonicTime now) noexcept;
    void begin_parked(MonotonicTime now);
    void begin(site::Site::LoadId id, MonotonicTime now);
    [[nodiscard]] site::LoadStep advance(site::Site::LoadId id, const io::Completion& completion);
    void perform(site::Site::LoadId id, site::LoadStep step, MonotonicTime now);
    /// Goes on beneath the youngest directory that was the root before and was not tried yet.
    [[nodiscard]] site::LoadStep try_previous_root(site::Site::LoadId id, MonotonicTime now);
    void start_listing(site::Site::LoadId id, file::LinkReach reach);
    void run_listing(site::Site::LoadId id, Lane lane);
    /// What follows a run of a listing's job.
    void go_on_listing(site::Site::LoadId id, MonotonicTime now);
    /// Lets a listing wait until readers leave room for its page.
    void wait_for_room(site::Site::LoadId id, MonotonicTime now);
    [[nodiscard]] MonotonicTime next_look_for_room() const noexcept;
    void look_for_room(MonotonicTime now);
    void look_for_room(const WaitingForRoom& waiting, MonotonicTime now);
    /// Makes a load the one that reads a directory to list it. False: another one is at it, and
    /// this one goes on when that has ended, with what was read then.
    [[nodiscard]] bool begin_reading(site::Site::LoadId id, std::string_view directory);
    /// Lets those go on that wait for what the load has read, if it was to read anything.
    void end_reading(site::Site::LoadId id) noexcept;
    /// The lane of the file system that the load's `next` file is on, as far as its path tells.
    [[nodiscard]] Lane lane_of_next_file(site::Site::LoadId id, const site::OpenFile& next);
    /// The same where a symbolic link is on the way.
    [[nodiscard]] Lane lane_of_link(const file::Root& root, std::string_view path) const;
    /// Once the file has told which file system it is on.
    void note_device(site::Site::LoadId id);
    /// Does a step again on threads of the proactor's own, if it failed for want of a thread of the
    /// kernel's.
    [[nodiscard]] bool retry_on_threads(site::Site::LoadId id, const io::Completion& completion);
    /// Whether a load may read for a digest now; false: it goes on when another has ended.
    [[nodiscard]] bool begin_digest(site::Site::LoadId id);
    [[nodiscard]] bool may_begin_digest(const Digests& digests, site::Site::LoadId id) noexcept;
    void end_digest(site::Site::LoadId id) noexcept;
    /// Makes the statx(2) of local files, which waits for nothing; gives the next step that is
    /// another one.
    [[nodiscard]] site::LoadStep stat_at_once(site::Site::LoadId id, site::LoadStep step);
    /// Starts the operation of a step that is one.
    void start(site::Site::LoadId id, site::LoadStep step);
    void finish(site::Site::LoadId id, MonotonicTime now);
    void reclaim_some() noexcept;

    [[nodiscard]] io::Token token(Operation operation, site::Site::LoadId id) const noexcept {
        return make_token(operation, id, tree_);
    }

    LoaderServices& services_;
    io::Proactor& proactor_;
    site::Site& site_;
    const std::uint32_t tree_;
    ServedRoot root_;
    const PreviousRoots* const previous_;
    MonotonicTime trusted_until_ = MonotonicTime::min();
    ChangeWatch watch_;
    /// What a load has beside the steps that it asks for.
    struct LoadContext {
        /// The one that it began with.
        SharedRoot root{};
        /// Where it looks in its place; nothing: it does not.
        std::optional<PreviousRoots::Kept> previous{};
        /// The last one that was started, to be started again where it could not be done.
        site::LoadStep step = site::LoadFinished{};
        /// Of the file that is open or being opened.
        Lane lane = Lane::local;
        MonotonicTime began_at = never;
        /// The key in `readings_` of the directory that it reads; null: it reads none.
        const std::string* reads = nullptr;
        /// What the load has read that this one waited for.
        site::ListedDirectoryRef awaited{};
        /// Of a listing that there is no room for yet.
        MonotonicTime waits_for_room_until = never;
        /// Of the file that it reads for its digest: a key in `digests_`.
        std::optional<Lane> digest_lane{};
    };
    /// A directory that is read to be listed, in whatever order.
    struct Reading {
        site::Site::LoadId reader = 0;
        /// Loads of its other listings.
        std::vector<site::Site::LoadId> waiting{};
        /// What was read; null: that failed.
        site::ListedDirectoryRef listed{};
    };
    /// Whether nobody else may wait for the load: a request that arrives a second after a change
    /// gets what is there since.
    [[nodiscard]] bool is_of_the_past(site::Site::LoadId id, MonotonicTime now) const noexcept;
    [[nodiscard]] LoadContext& context(site::Site::LoadId id) noexcept { return contexts_[id]; }
    /// What a load opens files beneath.
    [[nodiscard]] const file::Root& root_of(site::Site::LoadId id) const noexcept {
        const LoadContext& load = contexts_[id];
        return load.previous ? *load.previous->root : *load.root;
    }

    std::vector<LoadContext> contexts_;
    /// Chooses a lane among several.
    site::PathHash hash_;
    /// Loads that begin once the root's path was looked at.
    std::vector<site::Site::LoadId> parked_;
    /// Listings that are being made on other threads.
    std::unordered_map<site::Site::LoadId, std::unique_ptr<ListingJob>> listings_;
    /// By path.
    std::unordered_map<std::string, Reading> readings_;
    /// Listings that readers of others leave no room for, first come first served.
    std::vector<WaitingForRoom> for_room_;
    /// By the file system's lane, so that one that hangs keeps none of another waiting.
    std::unordered_map<Lane, Digests> digests_;
    MonotonicTime room_looked_for_at_ = MonotonicTime::min();
};

}  // namespace torc::worker
