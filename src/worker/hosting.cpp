#include <torc/worker/hosting.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace torc::worker {

HostedSite::HostedSite(SharedSite site, HostedTrees& trees, CountedSiteRef counted)
    : trees_(&trees),
      site_(std::move(site)),
      counted_(std::move(counted)),
      redirects_(site_->redirects.empty() ? nullptr : &site_->redirects),
      encoded_slash_(site_->settings.whole.encoded_slash),
      has_parts_(site_->areas.size() > 1),
      has_own_log_(site_->settings.access_log.has_value()) {
    const config::SiteSettings& settings = site_->settings;
    for (std::size_t index = 0; index < site_->areas.size(); ++index) {
        const AreaSnapshot& area = site_->areas[index];
        const config::AreaSettings& area_settings =
            index == 0 ? settings.whole : settings.areas[index - 1];
        HostedTreeRef tree = trees.host(area.tree);
        site::Site& served = tree->site();
        HostedArea& hosted =
            areas_.emplace_back(served, *counted_, area_settings, area.cut_bytes, std::move(tree));
        hosted.access = area.access.is_open() ? nullptr : &area.access;
    }
}

HostedSite::HostedSite(site::Site& site, const config::SiteSettings& settings,
                       SecretKey boundary_key)
    : counted_(new CountedSite(settings.name)), encoded_slash_(settings.whole.encoded_slash) {
    areas_.emplace_back(site, *counted_, settings.whole, 0, HostedTreeRef(), boundary_key);
}

HostedSite::~HostedSite() {
    if (trees_ != nullptr) {
        trees_->look_for_unused();
    }
}

HostedArea& HostedSite::find_area(std::string_view path) noexcept {
    const auto found = site_->area_table.find(path);
    return found ? areas_[*found] : whole();
}

LogChoice HostedSite::own_log(AccessLogs& logs) {
    if (!log_ && site_->access_log != nullptr) {
        log_ = logs.find(site_->access_log);
    }
    return {.log = log_.get(), .format = site_->settings.access_log->format};
}

void Hosting::adopt(SharedSnapshot snapshot) {
    std::unordered_map<const SiteSnapshot*, const HostedSiteRef*> known;
    for (const HostedSiteRef& site : sites_) {
        if (site) {
            known.emplace(site->snapshot().get(), &site);
        }
    }
    std::vector<HostedSiteRef> sites;
    sites.reserve(snapshot->sites.size());
    std::size_t fallback = 0;
    for (const SharedSite& site : snapshot->sites) {
        if (site->settings.is_default) {
            fallback = sites.size();
        }
        const auto found = known.find(site.get());
        sites.push_back(found != known.end() ? *found->second : HostedSiteRef());
    }
    if (!sites[fallback]) {
        sites[fallback] = host(snapshot->sites[fallback]);
    }
    const auto is_restricted = [](const AreaSnapshot& area) { return !area.access.is_open(); };
    has_restricted_areas_ = std::ranges::any_of(snapshot->sites, [&](const SharedSite& site) {
        return std::ranges::any_of(site->areas, is_restricted);
    });
    forget_counters_of_others(*snapshot);
    sites_ = std::move(sites);
    fallback_ = fallback;
    is_one_ = snapshot->hosts.has_default_alone() && snapshot->sites.size() == 1 &&
              snapshot->sites.front()->settings.is_default && !snapshot->settings.health_path;
    snapshot_ = std::move(snapshot);
}

HostedSiteRef Hosting::host(const SharedSite& site) {
    const std::string& name = site->settings.name;
    // Behind those for no site: a site may have no name either.
    auto counted = std::ranges::find(
        counted_.begin() + 1, counted_.end(), name,
        [](const CountedSiteRef& known) { return std::string_view(known->name); });
    if (counted == counted_.end()) {
        counted_.emplace_back(new CountedSite(name));
        counted = counted_.end() - 1;
    }
    return HostedSiteRef(new HostedSite(site, *trees_, *counted));
}

void Hosting::forget_counters_of_others(const Snapshot& snapshot) {
    std::unordered_set<std::string_view> names;
    for (const SharedSite& site : snapshot.sites) {
        names.insert(site->settings.name);
    }
    const auto others = std::ranges::remove_if(
        counted_.begin() + 1, counted_.end(),
        [&names](const CountedSiteRef& known) { return !names.contains(known->name); });
    counted_.erase(others.begin(), others.end());
}

bool Hosting::is_health_check(const http::Request& request) const noexcept {
    return snapshot_ && snapshot_->settings.health_path &&
           request.target.substr(0, request.target.find('?')) == *snapshot_->settings.health_path;
}

HostedSite* Hosting::find_by_host(const http::Request& request) {
    if (is_health_check(request)) {
        return nullptr;
    }
    const auto found = snapshot_->hosts.find(http::host_of(request));
    if (!found) {
        return nullptr;
    }
    HostedSiteRef& site = sites_[*found];
    if (!site) {
        site = host(snapshot_->sites[*found]);
    }
    return site.get();
}

void Hosting::begin_use(HostedArea& area) {
    area.used_in = trees_->iteration();
    area.responder.set_time(trees_->now().wall);
    trees_->use(*area.tree);
}

}  // namespace torc::worker
