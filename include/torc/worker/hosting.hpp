#pragma once

#include <torc/base/local_ref.hpp>
#include <torc/http/target.hpp>
#include <torc/site/response/responder.hpp>
#include <torc/site/routing/redirects.hpp>
#include <torc/site/routing/rule_policies.hpp>
#include <torc/site/site.hpp>
#include <torc/worker/access_logs.hpp>
#include <torc/worker/area_access.hpp>
#include <torc/worker/counters.hpp>
#include <torc/worker/hosted_tree.hpp>
#include <torc/worker/snapshot.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::worker {

/// What one worker serves requests for some paths of a site from and by.
struct HostedArea {
    HostedArea(site::Site& found, CountedSite& counted_as, const config::AreaSettings& settings,
               std::size_t cut, HostedTreeRef hosted = {},
               SecretKey boundary_key = SecretKey::random())
        : site(found),
          counted(counted_as),
          responder(site.rules().codings, settings.extra_fields, boundary_key,
                    std::string_view(settings.path).substr(0, cut)),
          policies(settings.extra_fields, settings.rules),
          has_rules(!settings.rules.empty()),
          tells_timing(settings.tells_timing),
          cut_bytes(cut),
          tree(std::move(hosted)) {}

    /// Whether `path` is that of the area's directory without the slash at its end.
    [[nodiscard]] bool lacks_slash(std::string_view path) const noexcept {
        return path.size() < cut_bytes;
    }

    /// The next response is for what is at `path`, as rules have it.
    void use_policy_of(std::string_view path) {
        if (has_rules) {
            policy = policies.find(path);
            responder.use(*policy);
        }
    }
    /// The next response is for no path.
    void use_policy_without_path() noexcept {
        if (has_rules) {
            policy = policies.without_path();
            responder.use(*policy);
        }
    }

    site::Site& site;
    /// Where its responses count: those of its site.
    CountedSite& counted;
    site::Responder responder;
    site::RulePolicies policies;
    const bool has_rules;
    bool tells_timing;
    /// That of the response that is made.
    site::PathPolicyRef policy{};
    const std::size_t cut_bytes;
    /// Of `site`. Null in tests whose loads are not driven by a loader.
    HostedTreeRef tree;
    /// Who may see it; null: everybody. Of the site's snapshot.
    const AreaAccess* access = nullptr;
    /// The last iteration in which somebody asked for something of it.
    std::uint64_t used_in = 0;
};

/// One worker's view of a site. Connections that wait for something of it keep it.
class HostedSite : public LocallyCounted {
public:
    /// `trees` outlives it. Its responses count as `counted`'s.
    HostedSite(SharedSite site, HostedTrees& trees, CountedSiteRef counted);
    /// A site of one area whose loads somebody else drives.
    HostedSite(site::Site& site, const config::SiteSettings& settings, SecretKey boundary_key);
    HostedSite(const HostedSite&) = delete;
    HostedSite& operator=(const HostedSite&) = delete;
    /// Its trees may be nobody's then, whether a configuration was the last to have it or a
    /// connection that waited.
    ~HostedSite();

    [[nodiscard]] const SharedSite& snapshot() const noexcept { return site_; }
    /// Null: there are none.
    [[nodiscard]] const site::Redirects* redirects() const noexcept { return redirects_; }
    /// Of the site, since it has to be known before the path is.
    [[nodiscard]] http::EncodedSlash encoded_slash() const noexcept { return encoded_slash_; }

    /// Where requests for it are logged. Throws std::bad_alloc, the first time alone.
    [[nodiscard]] LogChoice log(AccessLogs& logs) {
        return has_own_log_ ? own_log(logs) : logs.server_log();
    }

    [[nodiscard]] HostedArea& whole() noexcept { return areas_.front(); }
    /// That of a http::Target's path.
    [[nodiscard]] HostedArea& area_of(std::string_view path) noexcept {
        return has_parts_ ? find_area(path) : whole();
    }

private:
    [[nodiscard]] HostedArea& find_area(std::string_view path) noexcept;
    [[nodiscard]] LogChoice own_log(AccessLogs& logs);

    HostedTrees* const trees_ = nullptr;
    SharedSite site_;
    CountedSiteRef counted_;
    const site::Redirects* redirects_ = nullptr;
    http::EncodedSlash encoded_slash_;
    /// Whether there are areas beside the whole.
    bool has_parts_ = false;
    /// Whether the site says where its requests are logged, or that they are not.
    bool has_own_log_ = false;
    /// Null: nobody has asked for it yet, or it is off.
    WorkerLogRef log_;
    /// As those of the snapshot. They never move.
    std::deque<HostedArea> areas_;
};
using HostedSiteRef = LocalRef<HostedSite>;

/// All sites that a worker serves, by one configuration. Goes over to another one between two
/// iterations; what is the same in both it keeps as it is. A new site is made ready by the first
/// request for it, so that nobody waits for thousands of others.
class Hosting {
public:
    /// Of nothing yet. `trees` outlives it.
    explicit Hosting(HostedTrees& trees) noexcept : trees_(&trees) {}
    /// One site for all hosts whose loads somebody else drives.
    explicit Hosting(HostedSiteRef site) : sites_{std::move(site)} {}
    Hosting(const Hosting&) = delete;
    Hosting& operator=(const Hosting&) = delete;
    ~Hosting() = default;

    /// Throws std::bad_alloc, and then nothing has changed.
    void adopt(SharedSnapshot snapshot);
    [[nodiscard]] const SharedSnapshot& snapshot() const noexcept { return snapshot_; }
    /// Whether an area is not for everybody, so that connections must know their peers.
    [[nodiscard]] bool has_restricted_areas() const noexcept { return has_restricted_areas_; }

    /// The site that a request is for; null: none (421), or it is a health check. Precondition:
    /// http::determine_framing has taken the request. Throws std::bad_alloc, for the first request
    /// of a site alone.
    [[nodiscard]] HostedSite* find(const http::Request& request) {
        return is_one_ ? sites_.front().get() : find_by_host(request);
    }
    /// Whether it asks at the path for that (config::Settings::health_path), of whatever host.
    [[nodiscard]] bool is_health_check(const http::Request& request) const noexcept;
    /// The one whose fields a response has that is for none: the default, or else the first.
    [[nodiscard]] HostedSite& fallback() noexcept { return *sites_[fallback_]; }

    /// Where responses count that are for no site.
    [[nodiscard]] CountedSite& counted_for_none() noexcept { return *counted_.front(); }
    /// Those of all sites that were asked for something, by what serves now. The first is
    /// `counted_for_none`.
    [[nodiscard]] const std::vector<CountedSiteRef>& counted() const noexcept { return counted_; }
    /// Where responses to health checks go, which count nowhere.
    [[nodiscard]] CountedSite& uncounted() noexcept { return *uncounted_; }

    /// To be called before an area is used: brings it to this iteration.
    [[gnu::always_inline]] HostedArea& use(HostedArea& area) {
        area.use_policy_without_path();
        if (trees_ != nullptr && area.used_in != trees_->iteration()) {
            begin_use(area);
        }
        return area;
    }

private:
    [[nodiscard]] HostedSite* find_by_host(const http::Request& request);
    /// Makes a site of the snapshot ready.
    [[nodiscard]] HostedSiteRef host(const SharedSite& site);
    void forget_counters_of_others(const Snapshot& snapshot);
    void begin_use(HostedArea& area);

    HostedTrees* const trees_ = nullptr;
    SharedSnapshot snapshot_;
    /// As those of the snapshot. Null: nobody has asked for it yet; never the fallback.
    std::vector<HostedSiteRef> sites_;
    /// A site that a reload changes counts on where it did: a counter never goes back.
    std::vector<CountedSiteRef> counted_{CountedSiteRef(new CountedSite(""))};
    CountedSiteRef uncounted_{new CountedSite("")};
    std::size_t fallback_ = 0;
    bool has_restricted_areas_ = false;
    /// Whether all requests are for the first site, whatever their hosts.
    bool is_one_ = true;
};

}  // namespace torc::worker
