#pragma once

#include <torc/http/target.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/worker/hosting.hpp>
#include <torc/worker/services.hpp>

#include <string_view>

namespace torc::worker {

/// The asset for the response to a request, or the key to load it by.
struct FoundAsset {
    /// Null: it must be loaded. Lives as long as one that Site::find gives.
    site::Asset* asset = nullptr;
    /// Whether nothing is there: see find_substitute.
    [[nodiscard]] bool is_missing() const noexcept {
        return asset != nullptr && asset->kind() == site::Asset::Kind::missing;
    }
    /// Path or key to load it by (see Load), if it must be.
    std::string_view key{};
};

/// Finds the asset of `area` for the response to the request in `services.scratch`: that at the
/// path of `target`, which is within the area, or its listing. `loaded_asset`: what a load for the
/// request has just ended with; null: none did.
///
/// Who asks for a directory by a target that would mislead the references in what is shown for it
/// is redirected to its path.
[[nodiscard]] FoundAsset find_asset(Services& services, HostedArea& area,
                                    const http::Target& target, site::Asset* loaded_asset);

/// The same for a target that no file has, such as "/a%2Fb". `raw_path`: its path, encoded.
[[nodiscard]] FoundAsset find_for_no_file(Services& services, HostedArea& area,
                                          std::string_view raw_path, site::Asset* loaded_asset);

/// Finds what is sent where there is nothing at `path`, which need not be a http::Target's.
/// `error_path`: where that would be, for the error page (see SubstituteKey::error_at).
[[nodiscard]] FoundAsset find_substitute(Services& services, HostedArea& area,
                                         std::string_view path, std::string_view error_path);

}  // namespace torc::worker
