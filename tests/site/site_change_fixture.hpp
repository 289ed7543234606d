#pragma once

#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/site.hpp>

#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace torc::site::test {

inline constexpr MonotonicTime noon{std::chrono::hours(12)};

/// A site that is told what changed, and loads whose system calls are answered by the test.
class SiteChangeTest : public ::testing::Test {
protected:
    /// So late that what a test wrote is settled (see is_settled).
    void SetUp() override {
        site_.set_time(std::chrono::time_point_cast<std::chrono::nanoseconds>(
                           std::chrono::system_clock::now()) +
                       std::chrono::hours(1));
    }
    /// Loads what is at these paths: files that are all there but for those that are `absent`.
    void cache(Site& site, std::initializer_list<std::string_view> paths,
               std::initializer_list<std::string_view> absent = {}) {
        for (const std::string_view path : paths) {
            const Site::LoadId id = site.join_load(path, 1, true).id;
            AssetLoad& load = site.load(id);
            LoadStep step = site.begin_load(id);
            while (const auto* const open = std::get_if<OpenFile>(&step)) {
                const bool is_absent =
                    std::ranges::find(absent, std::string_view(open->path)) != absent.end();
                step = is_absent ? load.on_failed(Errno(ENOENT))
                                 : stat(load, load.on_opened(anonymous_file("")));
            }
            EXPECT_TRUE(is<LoadFinished>(step));
            (void)site.finish_load(id, noon);
        }
    }
    static LoadStep stat(AssetLoad& load, const LoadStep& step) {
        const auto& [descriptor, status] = std::get<StatFile>(step);
        EXPECT_EQ(::statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS, status), 0);
        return load.on_stated();
    }
    [[nodiscard]] static bool has(Site& site, std::string_view path) {
        return site.cache().find(path) != nullptr;
    }
    /// Ends a load: the path leads to an empty file.
    Site::Loaded finish(Site::LoadId id) {
        EXPECT_TRUE(is<OpenFile>(site_.begin_load(id)));
        return go_on(id);
    }
    Site::Loaded go_on(Site::LoadId id) {
        AssetLoad& load = site_.load(id);
        EXPECT_TRUE(is<LoadFinished>(stat(load, load.on_opened(anonymous_file("")))));
        return site_.finish_load(id, noon);
    }
    /// Ends a load: nothing is there.
    Site::Loaded fail(Site::LoadId id) {
        LoadStep step = site_.begin_load(id);
        while (is<OpenFile>(step)) {
            step = site_.load(id).on_failed(Errno(ENOENT));
        }
        return site_.finish_load(id, noon);
    }
    /// Remembers that nothing is at these paths, and the errors that are sent for them.
    void miss(std::initializer_list<std::string_view> paths) {
        for (const std::string_view path : paths) {
            (void)fail(begin(path, true));
            (void)fail(begin(error_key(path), true));
        }
    }
    [[nodiscard]] bool is_missing(std::string_view path) {
        return site_.missing().find(path) != nullptr;
    }
    static std::string error_key(std::string_view path) {
        std::string key;
        SubstituteKey::error_at(path).write(key);
        return key;
    }
    Site::LoadId begin(std::string_view path, bool is_watched) {
        return site_.join_load(path, 1, is_watched).id;
    }
    [[nodiscard]] bool is_fresh(std::string_view path, MonotonicTime now) {
        return site_.find(path, now) != nullptr;
    }

    CacheBudgets budgets_{CacheLimits{}};
    Site site_{LoadRules{.codings = {}}, budgets_};
};

}  // namespace torc::site::test
