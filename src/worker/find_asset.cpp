#include "find_asset.hpp"

#include <torc/http/target.hpp>
#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/listing/listing_key.hpp>
#include <torc/site/routing/navigation.hpp>

namespace torc::worker {
namespace {

/// By Services::asset_key.
site::Asset* find_by_key(Services& services) {
    services.load_path = services.asset_key;
    return services.site.find(services.asset_key, services.now);
}

}  // namespace

site::Asset* find_asset(Services& services, const http::Target& target, site::Asset* loaded_asset) {
    services.load_path = target.path;
    site::Asset* asset =
        loaded_asset != nullptr ? loaded_asset : services.site.find(target.path, services.now);
    if (asset == nullptr) {
        return nullptr;
    }
    const site::Asset::Kind kind = asset->kind();
    const bool is_page = kind == site::Asset::Kind::file || kind == site::Asset::Kind::directory;
    if (is_page && target.names_directory() && target.misleads_references) {
        services.canonical_redirect = site::Asset::redirect(std::string(target.path));
        return services.canonical_redirect.get();
    }
    if (kind == site::Asset::Kind::directory) {
        site::ListingKey::asked_for(services.request, target).write(services.asset_key);
        asset = find_by_key(services);
    }
    const bool is_missing = asset != nullptr && asset->kind() == site::Asset::Kind::missing;
    return is_missing ? find_substitute(services, target.path, target.path) : asset;
}

site::Asset* find_substitute(Services& services, std::string_view path,
                             std::string_view error_path) {
    const site::LoadRules& rules = services.site.rules();
    const bool is_fallback = !rules.fallback_path.empty() && !rules.hidden.hide(path) &&
                             site::wants_page(services.request, path);
    if (is_fallback) {
        site::SubstituteKey{.kind = site::SubstituteKey::Kind::fallback,
                            .path = rules.fallback_path}
            .write(services.asset_key);
    } else {
        site::SubstituteKey::error_at(error_path, rules.hidden).write(services.asset_key);
    }
    return find_by_key(services);
}

}  // namespace torc::worker
