#pragma once

#include <torc/base/clock.hpp>
#include <torc/io/proactor.hpp>
#include <torc/site/site.hpp>

#include <optional>
#include <string_view>

namespace torc::server {

/// Performs the steps of a site's loads as operations of a proactor, so that a cold disk holds up
/// only those who wait for what is on it.
class AssetLoader {
public:
    /// `root` is a file::Root's descriptor. All outlive the loader.
    AssetLoader(io::Proactor& proactor, site::Site& site, int root) noexcept
        : proactor_(proactor), site_(site), root_(root) {}

    /// A load that ended; nothing while it is under way.
    using Ended = std::optional<site::Site::Loaded>;

    /// Makes `waiter` wait for the asset at `path`, and starts to load it unless that is under way.
    [[nodiscard]] Ended join(std::string_view path, site::Site::Waiter waiter, MonotonicTime now);

    /// The completion of one of the loader's operations.
    [[nodiscard]] Ended completed(const io::Completion& completion, MonotonicTime now);

private:
    [[nodiscard]] static site::AssetLoad::Step advance(site::AssetLoad& load,
                                                       const io::Completion& completion);
    [[nodiscard]] Ended perform(site::Site::LoadId id, site::AssetLoad::Step step,
                                MonotonicTime now);

    io::Proactor& proactor_;
    site::Site& site_;
    const int root_;
};

}  // namespace torc::server
