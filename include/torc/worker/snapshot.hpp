#pragma once

#include <torc/base/clock.hpp>
#include <torc/config/settings.hpp>
#include <torc/config/site_settings.hpp>
#include <torc/site/routing/area_table.hpp>
#include <torc/site/routing/host_table.hpp>
#include <torc/site/routing/redirects.hpp>
#include <torc/worker/access_logs.hpp>
#include <torc/worker/area_access.hpp>
#include <torc/worker/hosted_tree.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace torc::worker {

/// An area of a site, as all workers see it.
struct AreaSnapshot {
    SharedTree tree;
    AreaAccess access;
    /// How much of a path in it leads to its own directory and is not looked for there.
    std::size_t cut_bytes = 0;
};

/// A site, as all workers see it, compiled once for all. Shared by the configurations that have it.
struct SiteSnapshot {
    config::SiteSettings settings;
    /// The whole site, and then its areas in the order of the settings.
    std::vector<AreaSnapshot> areas;
    /// Gives an index of `areas`.
    site::AreaTable area_table;
    site::Redirects redirects;
    /// Of its own; null: it has none.
    SharedLog access_log;
};
using SharedSite = std::shared_ptr<const SiteSnapshot>;

/// A configuration that workers serve by. Never changes: a reload makes another one, and whoever
/// began under this one ends under it.
struct Snapshot {
    /// Goes up with each reload.
    std::uint64_t generation = 0;
    /// Without their sites, which have their own.
    config::Settings settings;
    std::vector<SharedSite> sites;
    /// Of all trees those that keep directories that were their roots.
    std::vector<SharedTree> keeping;
    /// Of requests whose site has none of its own; null: they are not logged.
    SharedLog access_log;
    /// Whether there is any.
    bool has_access_logs = false;
    /// Gives an index of `sites`.
    site::HostTable hosts;
};
using SharedSnapshot = std::shared_ptr<const Snapshot>;

/// Closes directories that were roots before and whose time is over.
void forget_expired_roots(const Snapshot& snapshot, MonotonicTime now) noexcept;

/// Gives what the path of a directory leads to; throws StartError for what can't be served. May
/// change the rules: see site::LoadRules::serve_only.
using OpenTree = std::function<std::shared_ptr<CurrentRoot>(config::AreaSettings& area)>;

/// Gives a log that is open; throws StartError. `site`: whose it is; empty: the server's.
using OpenLog =
    std::function<SharedLog(const config::AccessLogSettings& log, const std::string& site)>;

/// Compiles `settings`. Takes over from `previous`, which may be null, the trees and sites that are
/// the same, so that workers go on with what they have of them. A site's directories that it names
/// no more are kept for LoadRules::keep_previous from `now` on. Throws StartError.
[[nodiscard]] SharedSnapshot make_snapshot(config::Settings settings, const Snapshot* previous,
                                           const OpenTree& open_tree, const OpenLog& open_log = {},
                                           MonotonicTime now = monotonic_now());

}  // namespace torc::worker
