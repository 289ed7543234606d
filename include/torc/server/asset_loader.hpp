#pragma once

#include <torc/base/clock.hpp>
#include <torc/file/root.hpp>
#include <torc/io/proactor.hpp>
#include <torc/site/site.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace torc::server {

/// Performs the steps of a site's loads as operations of a proactor, so that a cold disk holds up
/// only those who wait for what is on it.
class AssetLoader {
public:
    /// All outlive the loader.
    AssetLoader(io::Proactor& proactor, site::Site& site, const file::Root& root) noexcept;
    AssetLoader(const AssetLoader&) = delete;
    AssetLoader& operator=(const AssetLoader&) = delete;
    ~AssetLoader();

    /// A load that ended; nothing while it is under way.
    using Ended = std::optional<site::Site::Loaded>;

    /// Makes `waiter` wait for the asset at `path`, and starts to load it unless that is under way.
    [[nodiscard]] Ended join(std::string_view path, site::Wanted wanted, site::Site::Waiter waiter,
                             MonotonicTime now);

    /// The completion of one of the loader's operations.
    [[nodiscard]] Ended completed(const io::Completion& completion, MonotonicTime now);

private:
    class ListingJob;

    [[nodiscard]] site::LoadStep advance(site::Site::LoadId id, const io::Completion& completion);
    [[nodiscard]] Ended perform(site::Site::LoadId id, site::LoadStep step, MonotonicTime now);
    void close_leftovers(site::AssetLoad& load);

    io::Proactor& proactor_;
    site::Site& site_;
    const file::Root& root_;
    const open_how& how_;
    /// Listings that are being made on other threads.
    std::unordered_map<site::Site::LoadId, std::unique_ptr<ListingJob>> listings_;
};

}  // namespace torc::server
