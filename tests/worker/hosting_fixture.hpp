#pragma once

#include <torc/base/start_error.hpp>
#include <torc/config/settings.hpp>
#include <torc/config/site_settings.hpp>
#include <torc/file/root.hpp>
#include <torc/site/cache/cache_budget.hpp>
#include <torc/worker/current_root.hpp>
#include <torc/worker/hosted_tree.hpp>
#include <torc/worker/loader_services.hpp>
#include <torc/worker/snapshot.hpp>

#include "remote_root.hpp"
#include "reports.hpp"
#include "scripted_proactor.hpp"
#include "site/assets.hpp"
#include "support/temporary_directory.hpp"
#include "test_log.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace torc::worker::test {

/// Configurations of the directories "a", "b" and "c", and a worker's trees of them. The test
/// completes the operations that these start.
class HostingFixture : public ::testing::Test {
protected:
    HostingFixture() {
        for (const char* const name : {"a", "b", "c"}) {
            std::filesystem::create_directory(directory_.path() / name);
        }
        begin_iteration();
    }

    [[nodiscard]] std::string path(std::string_view name) const {
        return (directory_.path() / name).string();
    }
    [[nodiscard]] config::SiteSettings site(std::string host, std::string_view directory) const {
        config::SiteSettings settings{.name = host, .hosts = {std::move(host)}};
        settings.whole.directory = path(directory);
        return settings;
    }
    /// What is beneath `area_path` is in a directory of its own.
    [[nodiscard]] config::AreaSettings area(std::string area_path,
                                            std::string_view directory) const {
        return {.path = std::move(area_path), .directory = path(directory)};
    }
    SharedSnapshot compile(std::vector<config::SiteSettings> sites,
                           const Snapshot* previous = nullptr) {
        config::Settings settings;
        settings.sites = std::move(sites);
        return make_snapshot(
            std::move(settings), previous,
            [this](const config::AreaSettings& area) { return open(area); },
            [this](const config::AccessLogSettings& log, const std::string& /*site*/) {
                SharedLog& open_log = logs_[log.file];
                return open_log != nullptr ? open_log : open_log = make_log();
            });
    }
    std::shared_ptr<CurrentRoot> open(const config::AreaSettings& area) {
        opened_.push_back(area.directory);
        if (!std::filesystem::is_directory(area.directory)) {
            throw StartError(area.directory + ": no such directory");
        }
        return std::make_shared<CurrentRoot>(area.directory, remote_root(area.directory), noon,
                                             print_reports);
    }

    void begin_iteration() { trees_.begin_iteration(proactor_.now()); }
    /// What an iteration of a worker does when nobody asks for anything.
    void iterate() {
        begin_iteration();
        trees_.reclaim();
    }
    static void cache(site::Site& site, std::string_view path) {
        site::test::cache_file_at(site.cache(), path);
    }
    [[nodiscard]] static bool has(site::Site& site, std::string_view path) {
        return site.cache().find(path) != nullptr;
    }

    torc::test::TemporaryDirectory directory_;
    /// What was opened, in order.
    std::vector<std::string> opened_;
    /// Logs by their names.
    std::unordered_map<std::string, SharedLog> logs_;
    ScriptedProactor proactor_;
    site::CacheBudgets budgets_{site::CacheLimits{}};
    LoaderServices services_{.proactor = proactor_,
                             .budgets = budgets_,
                             .reports = print_reports,
                             .patience = std::chrono::seconds(10)};
    HostedTrees trees_{services_};
};

}  // namespace torc::worker::test
