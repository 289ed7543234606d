#include <torc/base/clock.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/document_root.hpp>
#include <torc/server/root_opener.hpp>
#include <torc/server/served_secrets.hpp>
#include <torc/server/site_files.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::server {
namespace {

std::string key_of(std::string_view directory, const site::LoadRules& rules) {
    std::string key(directory);
    key += '\0';
    key += rules.fallback_path;
    return key;
}

}  // namespace

RootOpener::RootOpener(const worker::Snapshot* previous, io::Backend backend,
                       const worker::ReportSink& reports)
    : previous_(previous), backend_(backend), reports_(reports) {
    if (previous == nullptr) {
        return;
    }
    for (const worker::SharedSite& site : previous->sites) {
        for (const worker::AreaSnapshot& area : site->areas) {
            const worker::Tree& tree = *area.tree;
            roots_.emplace(tree.root->path(), tree.root);
            checked_.insert(key_of(tree.root->path(), tree.rules));
        }
    }
}

worker::SharedSnapshot RootOpener::open_all(config::Settings settings, LogOpener& logs) {
    if (const auto problems = find_served_users_files(settings); !problems.empty()) {
        throw StartError(fmt::format("{}", fmt::join(problems, "\n")));
    }
    load_site_files(settings);
    return worker::make_snapshot(
        std::move(settings), previous_, [this](config::AreaSettings& area) { return open(area); },
        [&logs](const config::AccessLogSettings& log, const std::string& site) {
            return logs.open(log, site);
        });
}

std::shared_ptr<worker::CurrentRoot> RootOpener::open(config::AreaSettings& area) {
    if (!roots_.contains(area.directory)) {
        serve_only_file_if_named(area);
    }
    if (const auto known = roots_.find(area.directory); known != roots_.end()) {
        check(area, *known->second->version().root);
        return known->second;
    }
    const worker::SharedRoot root = open_document_root(area);
    check(area, *root);
    auto current =
        std::make_shared<worker::CurrentRoot>(area.directory, root, monotonic_now(), reports_);
    roots_.emplace(area.directory, current);
    return current;
}

void RootOpener::check(const config::AreaSettings& area, const file::Root& root) {
    if (!checked_.insert(key_of(area.directory, area.load_rules)).second) {
        return;
    }
    std::vector<std::string> warnings = check_document_root(root, area, backend_);
    std::ranges::move(warnings, std::back_inserter(warnings_));
}

std::size_t count_roots(const worker::Snapshot& snapshot) {
    std::unordered_set<const worker::CurrentRoot*> roots;
    std::size_t kept = 0;
    for (const worker::SharedSite& site : snapshot.sites) {
        // The areas of one directory keep the same ones of it.
        std::unordered_set<const worker::CurrentRoot*> keeping;
        for (const worker::AreaSnapshot& area : site->areas) {
            roots.insert(area.tree->root.get());
            if (area.tree->previous != nullptr) {
                keeping.insert(area.tree->root.get());
            }
        }
        kept += keeping.size() * worker::PreviousRoots::kept_max;
    }
    return roots.size() + kept;
}

}  // namespace torc::server
