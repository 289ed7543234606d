#include "find_asset.hpp"

#include <torc/http/target.hpp>
#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/listing/listing_key.hpp>
#include <torc/site/routing/navigation.hpp>

namespace torc::worker {
namespace {

/// By EventScratch::asset_key.
FoundAsset find_by_key(const Services& services, HostedArea& area) {
    return {.asset = area.site.find(services.scratch.asset_key, services.now),
            .key = services.scratch.asset_key};
}

}  // namespace

FoundAsset find_asset(Services& services, HostedArea& area, const http::Target& target,
                      site::Asset* loaded_asset) {
    FoundAsset found{.asset = loaded_asset, .key = target.path};
    if (found.asset == nullptr) {
        found.asset = area.site.find(target.path, services.now);
    }
    if (found.asset == nullptr) {
        return found;
    }
    const site::Asset::Kind kind = found.asset->kind();
    const bool is_page = kind == site::Asset::Kind::file || kind == site::Asset::Kind::directory;
    if (is_page && target.names_directory() && target.misleads_references) {
        services.scratch.canonical_redirect = site::Asset::redirect(std::string(target.path));
        return {.asset = services.scratch.canonical_redirect.get()};
    }
    if (kind == site::Asset::Kind::directory) {
        site::ListingKey::asked_for(services.scratch.request, target)
            .write(services.scratch.asset_key);
        found = find_by_key(services, area);
    }
    return found;
}

FoundAsset find_for_no_file(Services& services, HostedArea& area, std::string_view raw_path,
                            site::Asset* loaded_asset) {
    if (loaded_asset != nullptr) {
        return {.asset = loaded_asset};
    }
    return find_substitute(services, area, raw_path, "");
}

FoundAsset find_substitute(Services& services, HostedArea& area, std::string_view path,
                           std::string_view error_path) {
    const site::LoadRules& rules = area.site.rules();
    const bool is_fallback = !rules.fallback_path.empty() && !rules.hidden.hide(path) &&
                             site::wants_page(services.scratch.request, path);
    if (is_fallback) {
        site::SubstituteKey{.kind = site::SubstituteKey::Kind::fallback,
                            .path = rules.fallback_path}
            .write(services.scratch.asset_key);
    } else {
        site::SubstituteKey::error_at(error_path, rules.hidden).write(services.scratch.asset_key);
    }
    return find_by_key(services, area);
}

}  // namespace torc::worker
