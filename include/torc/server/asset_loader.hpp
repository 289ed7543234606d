#pragma once

#include <torc/base/clock.hpp>
#include <torc/io/proactor.hpp>
#include <torc/server/change_watch.hpp>
#include <torc/server/served_root.hpp>
#include <torc/site/site.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace torc::server {

/// Performs the steps of a site's loads as operations of a proactor, so that a cold disk holds up
/// only those who wait for what is on it, and sees to it that what is cached stays true: see
/// ServedRoot and ChangeWatch.
class AssetLoader {
public:
    /// `path`: that of the directory that is served, which led to `root` just before `now`. All
    /// that is referred to outlives the loader.
    AssetLoader(io::Proactor& proactor, site::Site& site, std::string path, SharedRoot root,
                MonotonicTime now);
    AssetLoader(const AssetLoader&) = delete;
    AssetLoader& operator=(const AssetLoader&) = delete;
    ~AssetLoader();

    /// Makes `waiter` wait for the asset at `path`, and starts to load it unless that is under way.
    void join(std::string_view path, site::Wanted wanted, site::Site::Waiter waiter,
              MonotonicTime now);

    /// The completion of one of the loader's operations.
    void completed(const io::Completion& completion, MonotonicTime now);

    /// A load that has ended, each once; nothing when there is none.
    [[nodiscard]] std::optional<site::Site::Loaded> take_ended();

    /// Looks at the root's path again if it is time; for each turn with something to do.
    void keep_root_verified(MonotonicTime now);

    /// Whether operations are under way that use memory of the loader or the site.
    [[nodiscard]] bool is_busy() const noexcept;

private:
    class ListingJob;

    void load_completed(const io::Completion& completion, MonotonicTime now);
    void root_completed(const io::Completion& completion, MonotonicTime now);
    void begin(site::Site::LoadId id, MonotonicTime now);
    [[nodiscard]] site::LoadStep advance(site::Site::LoadId id, const io::Completion& completion);
    void perform(site::Site::LoadId id, site::LoadStep step, MonotonicTime now);
    void start_listing(site::Site::LoadId id);
    /// Whether the file can be looked at without waiting.
    [[nodiscard]] bool is_at_hand(site::Site::LoadId id) const noexcept;
    void finish(site::Site::LoadId id, MonotonicTime now);
    void close_leftovers(site::AssetLoad& load);

    io::Proactor& proactor_;
    site::Site& site_;
    ServedRoot root_;
    ChangeWatch watch_;
    /// By load: the root that it began with.
    std::vector<SharedRoot> load_roots_;
    /// Loads that begin once the root's path was looked at.
    std::vector<site::Site::LoadId> parked_;
    std::deque<site::Site::Loaded> ended_;
    /// Listings that are being made on other threads.
    std::unordered_map<site::Site::LoadId, std::unique_ptr<ListingJob>> listings_;
};

}  // namespace torc::server
