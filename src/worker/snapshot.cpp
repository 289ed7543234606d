#include <torc/base/printable.hpp>
#include <torc/base/start_error.hpp>
#include <torc/worker/snapshot.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace torc::worker {
namespace {

net::AddressRules make_address_rules(const config::AreaSettings& area) {
    const auto parse = [](const std::vector<std::string>& texts) {
        std::vector<net::AddressRange> ranges;
        for (const std::string& text : texts) {
            auto range = net::AddressRange::parse(text);
            if (!range) {
                throw StartError(range.error());
            }
            ranges.push_back(*std::move(range));
        }
        return ranges;
    };
    return {parse(area.allowed_networks), parse(area.denied_networks)};
}

site::Redirects make_redirects(const std::vector<site::Redirect>& redirects) {
    auto compiled = site::Redirects::compile(redirects);
    if (!compiled) {
        const site::Redirects::Flaw& first = compiled.error().front();
        throw StartError(fmt::format("the redirect from {}: {}",
                                     printable(redirects[first.index].from), first.text));
    }
    return *std::move(compiled);
}

/// Whether it is not for everybody.
bool is_restricted(const config::AreaSettings& area) noexcept {
    return area.auth || !area.allowed_networks.empty() || !area.denied_networks.empty();
}

/// Whether the site has an area of that path, and that is not for everybody.
bool has_restricted_area(const config::SiteSettings& site, std::string_view path) noexcept {
    return std::ranges::any_of(site.areas, [path](const config::AreaSettings& one) {
        return one.path == path && is_restricted(one);
    });
}

/// Makes the sites of a snapshot.
class SiteMaker {
public:
    SiteMaker(const Snapshot* previous, const OpenTree& open_tree, const OpenLog& open_log,
              MonotonicTime now)
        : open_(open_tree), open_log_(open_log), now_(now) {
        if (previous == nullptr) {
            return;
        }
        for (const SharedSite& site : previous->sites) {
            for (const AreaSnapshot& area : site->areas) {
                trees_.emplace(area.tree->root->path(), area.tree);
            }
            sites_.emplace(site->settings.whole.directory, site);
            former_.emplace(site->settings.name, site.get());
        }
    }

    [[nodiscard]] SharedSite make(config::SiteSettings settings) {
        auto site = std::make_shared<SiteSnapshot>();
        site->settings = std::move(settings);
        const SiteSnapshot* const former = find_former(site->settings);
        add_area(*site, site->settings.whole, former);
        for (config::AreaSettings& area : site->settings.areas) {
            site->area_table.add(area.path, static_cast<std::uint32_t>(site->areas.size()),
                                 area.has_own_directory ? site::AreaTable::Directory::of_its_own
                                                        : site::AreaTable::Directory::of_the_site);
            add_area(*site, area, former);
        }
        if (site->settings.access_log && site->settings.access_log->is_on()) {
            site->access_log = open_log_(*site->settings.access_log, site->settings.name);
        }
        // What was opened stays open either way: a root that now leads elsewhere is another tree.
        const auto [first, last] = sites_.equal_range(site->settings.whole.directory);
        const auto same = std::find_if(
            first, last, [&site](const auto& one) { return is_same(*one.second, *site); });
        if (same != last) {
            return same->second;
        }
        site->redirects = make_redirects(site->settings.redirects);
        return site;
    }

private:
    [[nodiscard]] static bool is_same(const SiteSnapshot& one, const SiteSnapshot& other) {
        return one.settings == other.settings && one.access_log == other.access_log &&
               std::ranges::equal(
                   one.areas, other.areas, [](const AreaSnapshot& left, const AreaSnapshot& right) {
                       return left.tree == right.tree && has_same_users(left.access, right.access);
                   });
    }
    /// Of areas of equal settings: the file may say something else by now.
    [[nodiscard]] static bool has_same_users(const AreaAccess& left, const AreaAccess& right) {
        return !left.users || left.users->users().id() == right.users->users().id();
    }

    [[nodiscard]] AreaAccess access_to(const config::AreaSettings& area) {
        AreaAccess access{.addresses = make_address_rules(area)};
        if (area.auth) {
            access.users =
                std::make_shared<const site::ProtectedArea>(area.auth->realm, users_of(area));
        }
        return access;
    }

    [[nodiscard]] std::shared_ptr<const site::UsersFile> users_of(
        const config::AreaSettings& area) {
        const std::string& path = area.auth->users_file;
        if (const auto known = users_.find(path); known != users_.end()) {
            return known->second;
        }
        auto users = site::UsersFile::load(path);
        if (!users) {
            const std::size_t more = users.error().size() - 1;
            const std::string first = config::describe_users_error(area, users.error().front());
            throw StartError(more == 0 ? first : fmt::format("{} (and {} more)", first, more));
        }
        return users_.emplace(path, *std::move(users)).first->second;
    }

    /// The site as it was; null: it is new. Or not all of its areas for some are such any more:
    /// then what they had in a directory before would be for all, if not now then by a later
    /// configuration without the area.
    [[nodiscard]] const SiteSnapshot* find_former(const config::SiteSettings& settings) const {
        const auto found = former_.find(settings.name);
        if (found == former_.end()) {
            return nullptr;
        }
        const auto& areas = found->second->settings.areas;
        const bool is_opened = std::ranges::any_of(areas, [&](const config::AreaSettings& was) {
            return is_restricted(was) && !has_restricted_area(settings, was.path);
        });
        return is_opened ? nullptr : found->second;
    }

    /// By what paths led to the area's files before; null: by none, or by one for some while the
    /// area is for all.
    [[nodiscard]] static SharedTree former_tree_of(const config::AreaSettings& area,
                                                   std::size_t cut_bytes,
                                                   const SiteSnapshot* former) {
        if (former == nullptr) {
            return nullptr;
        }
        const AreaSnapshot& was = former->areas[former->area_table.find(area.path).value_or(0)];
        const bool is_opened = !was.access.is_open() && !is_restricted(area);
        return was.cut_bytes == cut_bytes && !is_opened ? was.tree : nullptr;
    }

    void add_area(SiteSnapshot& site, config::AreaSettings& area, const SiteSnapshot* former) {
        if (is_restricted(area)) {
            area.load_rules.restrict_audience();
        }
        const std::size_t cut_bytes = area.has_own_directory ? area.path.size() : 0;
        site.areas.push_back({.tree = tree_of(area, former_tree_of(area, cut_bytes, former)),
                              .access = access_to(area),
                              .cut_bytes = cut_bytes});
    }

    [[nodiscard]] SharedTree tree_of(config::AreaSettings& area, const SharedTree& former) {
        const std::shared_ptr<CurrentRoot> root = open_(area);
        const auto [first, last] = trees_.equal_range(root->path());
        if (area.load_rules.keep_previous > std::chrono::seconds(0)) {
            return keeping_tree(first != last ? first->second->root : root, area.load_rules,
                                former);
        }
        const auto same = std::find_if(
            first, last, [&area](const auto& one) { return one.second->rules == area.load_rules; });
        if (same != last) {
            return same->second;
        }
        // One look at a path is enough for all trees that are there.
        const auto tree = std::make_shared<const Tree>(
            Tree{.root = first != last ? first->second->root : root, .rules = area.load_rules});
        trees_.emplace(root->path(), tree);
        return tree;
    }

    /// Of one area alone: what the directories before have of another is not for it.
    [[nodiscard]] SharedTree keeping_tree(const std::shared_ptr<CurrentRoot>& root,
                                          const site::LoadRules& rules, const SharedTree& former) {
        if (former != nullptr && former->root == root && former->rules == rules) {
            return former;
        }
        const auto previous = std::make_shared<PreviousRoots>(rules.keep_previous);
        // Before anything is taken over, so that no change of the root is missed.
        root->add_follower(previous);
        if (former != nullptr && former->previous != nullptr) {
            previous->take_over(*former->previous);
        }
        if (former != nullptr && former->root != root) {
            previous->replaced(former->root->version().root, now_);
        }
        const auto tree =
            std::make_shared<const Tree>(Tree{.root = root, .rules = rules, .previous = previous});
        trees_.emplace(root->path(), tree);
        return tree;
    }

    const OpenTree& open_;
    const OpenLog& open_log_;
    const MonotonicTime now_;
    /// By the paths of their roots.
    std::unordered_multimap<std::string, SharedTree> trees_;
    /// By the directory of the whole site.
    std::unordered_multimap<std::string, SharedSite> sites_;
    /// By name.
    std::unordered_map<std::string_view, const SiteSnapshot*> former_;
    /// By path.
    std::unordered_map<std::string, std::shared_ptr<const site::UsersFile>> users_;
};

}  // namespace

void forget_expired_roots(const Snapshot& snapshot, MonotonicTime now) noexcept {
    for (const SharedTree& tree : snapshot.keeping) {
        tree->previous->forget_expired(now);
    }
}

SharedSnapshot make_snapshot(config::Settings settings, const Snapshot* previous,
                             const OpenTree& open_tree, const OpenLog& open_log,
                             MonotonicTime now) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->generation = previous != nullptr ? previous->generation + 1 : 0;
    if (settings.access_log.is_on()) {
        snapshot->access_log = open_log(settings.access_log, {});
    }
    snapshot->has_access_logs = snapshot->access_log != nullptr;
    SiteMaker maker(previous, open_tree, open_log, now);
    snapshot->sites.reserve(settings.sites.size());
    for (config::SiteSettings& site : std::exchange(settings.sites, {})) {
        const auto index = static_cast<std::uint32_t>(snapshot->sites.size());
        const SharedSite& made = snapshot->sites.emplace_back(maker.make(std::move(site)));
        for (const std::string& host : made->settings.hosts) {
            snapshot->hosts.add(host, index);
        }
        for (const AreaSnapshot& area : made->areas) {
            if (area.tree->previous != nullptr) {
                snapshot->keeping.push_back(area.tree);
            }
        }
        snapshot->has_access_logs |= made->access_log != nullptr;
        if (made->settings.is_default) {
            snapshot->hosts.set_default(index);
        }
    }
    snapshot->settings = std::move(settings);
    return snapshot;
}

}  // namespace torc::worker
