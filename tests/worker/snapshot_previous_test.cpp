// Which directories a configuration keeps of those that were roots before.

#include "hosting_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace torc::worker {
namespace {

class SnapshotPreviousTest : public test::HostingFixture {
protected:
    [[nodiscard]] config::SiteSettings keeping(std::string host, std::string_view directory) const {
        config::SiteSettings settings = site(std::move(host), directory);
        settings.whole.load_rules.keep_previous = std::chrono::minutes(10);
        return settings;
    }
    [[nodiscard]] config::AreaSettings part(std::string area_path,
                                            const config::SiteSettings& of) const {
        config::AreaSettings settings = of.whole;
        settings.path = std::move(area_path);
        settings.has_own_directory = false;
        return settings;
    }
    static void close(config::AreaSettings& area) { area.allowed_networks = {"10.0.0.0/8"}; }
    /// Names of what is kept for the part of a site, the youngest first.
    [[nodiscard]] static std::string kept(const Snapshot& snapshot, std::size_t site = 0,
                                          std::size_t area = 0) {
        const Tree& tree = *snapshot.sites[site]->areas[area].tree;
        std::string names;
        std::uint64_t number = PreviousRoots::younger_than_all;
        while (const auto one =
                   tree.previous->next(*tree.root->version().root, number, monotonic_now())) {
            names += std::filesystem::path(one->root->path()).filename().string();
            number = one->number;
        }
        return names;
    }
};

TEST_F(SnapshotPreviousTest, KeepsNoneUnlessTold) {
    const SharedSnapshot first = compile({site("a.test", "a")});
    const SharedSnapshot second = compile({site("a.test", "b")}, first.get());
    EXPECT_EQ(second->sites[0]->areas[0].tree->previous, nullptr);
    EXPECT_TRUE(second->keeping.empty());
}

TEST_F(SnapshotPreviousTest, KeepsTheDirectoriesThatASiteNamedBefore) {
    const SharedSnapshot first = compile({keeping("a.test", "a")});
    const SharedSnapshot second = compile({keeping("a.test", "b")}, first.get());
    const SharedSnapshot third = compile({keeping("a.test", "c")}, second.get());
    EXPECT_EQ(kept(*first), "");
    EXPECT_EQ(kept(*second), "a");
    EXPECT_EQ(kept(*third), "ba");
    ASSERT_EQ(third->keeping.size(), 1U);
    EXPECT_EQ(third->keeping[0], third->sites[0]->areas[0].tree);
}

TEST_F(SnapshotPreviousTest, KeepsWhatASiteNamedThatKeptNothingThen) {
    const SharedSnapshot first = compile({site("a.test", "a")});
    EXPECT_EQ(kept(*compile({keeping("a.test", "b")}, first.get())), "a");
}

TEST_F(SnapshotPreviousTest, LeavesOutTheDirectoryThatItNamesAgain) {
    const SharedSnapshot first = compile({keeping("a.test", "a")});
    const SharedSnapshot second = compile({keeping("a.test", "b")}, first.get());
    EXPECT_EQ(kept(*compile({keeping("a.test", "a")}, second.get())), "b");
}

TEST_F(SnapshotPreviousTest, KeepsThemInAReloadThatChangesSomethingElse) {
    const SharedSnapshot first = compile({keeping("a.test", "a")});
    const SharedSnapshot second = compile({keeping("a.test", "b")}, first.get());
    const SharedSnapshot same =
        compile({keeping("a.test", "b"), site("other.test", "c")}, second.get());
    EXPECT_EQ(same->sites[0], second->sites[0]);
    config::SiteSettings settings = keeping("a.test", "b");
    settings.whole.load_rules.has_clean_urls = true;
    const SharedSnapshot changed = compile({std::move(settings)}, same.get());
    EXPECT_NE(changed->sites[0]->areas[0].tree, same->sites[0]->areas[0].tree);
    EXPECT_EQ(kept(*changed), "a");
}

TEST_F(SnapshotPreviousTest, GivesNoSiteWhatAnotherHad) {
    const SharedSnapshot first = compile({keeping("a.test", "a"), keeping("b.test", "b")});
    const SharedSnapshot second = compile(
        {keeping("a.test", "b"), keeping("b.test", "b"), keeping("c.test", "b")}, first.get());
    EXPECT_EQ(kept(*second, 0), "a");
    EXPECT_EQ(kept(*second, 1), "");
    EXPECT_EQ(kept(*second, 2), "");
    EXPECT_EQ(second->sites[1], first->sites[1]);
    EXPECT_EQ(second->sites[0]->areas[0].tree->root, second->sites[1]->areas[0].tree->root)
        << "one look at the path is enough";
}

TEST_F(SnapshotPreviousTest, KeepsForANewAreaWhatTheSiteHadThere) {
    const SharedSnapshot first = compile({keeping("a.test", "a")});
    config::SiteSettings settings = keeping("a.test", "b");
    settings.areas.push_back(part("assets/", settings));
    settings.areas.push_back(area("own/", "c"));
    settings.areas.back().load_rules = settings.whole.load_rules;
    const SharedSnapshot second = compile({std::move(settings)}, first.get());
    EXPECT_EQ(kept(*second, 0, 1), "a");
    EXPECT_EQ(kept(*second, 0, 2), "") << "the site had it at other paths";
}

TEST_F(SnapshotPreviousTest, OpensNothingOfWhatWasForSome) {
    config::SiteSettings closed = keeping("a.test", "a");
    close(closed.areas.emplace_back(part("staff/", closed)));
    const SharedSnapshot first = compile({closed});
    config::SiteSettings still_closed = closed;
    still_closed.whole.directory = path("b");
    still_closed.areas[0].directory = path("b");
    EXPECT_EQ(kept(*compile({still_closed}, first.get())), "a");
    EXPECT_EQ(kept(*compile({still_closed}, first.get()), 0, 1), "a");
    EXPECT_EQ(kept(*compile({keeping("a.test", "b")}, first.get())), "") << "the area is no more";
    config::SiteSettings opened = still_closed;
    opened.areas[0].allowed_networks.clear();
    EXPECT_EQ(kept(*compile({opened}, first.get()), 0, 1), "");

    config::SiteSettings whole = keeping("a.test", "a");
    close(whole.whole);
    const SharedSnapshot second = compile({whole});
    EXPECT_EQ(kept(*compile({keeping("a.test", "b")}, second.get())), "");
    config::SiteSettings partly = whole;
    partly.whole.directory = path("b");
    partly.areas.push_back(part("public/", keeping("a.test", "b")));
    const SharedSnapshot third = compile({partly}, second.get());
    EXPECT_EQ(kept(*third, 0, 0), "a");
    EXPECT_EQ(kept(*third, 0, 1), "");
}

TEST_F(SnapshotPreviousTest, OpensNothingOfWhatWasForSomeStepByStep) {
    config::SiteSettings closed = keeping("a.test", "a");
    close(closed.areas.emplace_back(part("staff/", closed)));
    const SharedSnapshot first = compile({closed});
    config::SiteSettings opened = keeping("a.test", "b");
    opened.areas.push_back(part("staff/", opened));
    const SharedSnapshot second = compile({opened}, first.get());
    const SharedSnapshot third = compile({keeping("a.test", "b")}, second.get());
    EXPECT_EQ(kept(*third), "") << "the whole, which has the area's files by now";
}

}  // namespace
}  // namespace torc::worker
