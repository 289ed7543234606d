#include <torc/worker/snapshot.hpp>

#include "hosting_fixture.hpp"
#include "site/access/hashes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::worker {
namespace {

class SnapshotTest : public test::HostingFixture {
protected:
    std::string refusal_of(std::vector<config::SiteSettings> sites) {
        try {
            (void)compile(std::move(sites));
        } catch (const StartError& error) {
            return error.what();
        }
        return "";
    }
    /// The settings of a site that asks for a password.
    config::SiteSettings protected_site(std::string_view users) {
        config::SiteSettings settings = site("a.test", "a");
        settings.whole.auth = config::AuthSettings{
            .realm = "a", .users_file = directory_.write("users", users).string()};
        return settings;
    }
    static std::string user(std::string_view name) {
        return std::string(name) + ':' + std::string(site::test::bcrypt_hash) + '\n';
    }
};

TEST_F(SnapshotTest, CountsTheConfigurationsThatThereWere) {
    const SharedSnapshot first = compile({site("a.test", "a")});
    const SharedSnapshot second = compile({site("a.test", "a")}, first.get());
    EXPECT_EQ(first->generation, 0U);
    EXPECT_EQ(second->generation, 1U);
}

TEST_F(SnapshotTest, SharesTheSitesThatAreTheSame) {
    const SharedSnapshot first = compile({site("a.test", "a"), site("b.test", "b")});
    config::SiteSettings other = site("b.test", "b");
    other.whole.extra_fields.push_back({.name = "X-Site", .value = "b"});
    const SharedSnapshot second =
        compile({std::move(other), site("a.test", "a"), site("c.test", "c")}, first.get());
    EXPECT_NE(second->sites[0], first->sites[1]);
    EXPECT_EQ(second->sites[1], first->sites[0]) << "its place makes no difference";
}

TEST_F(SnapshotTest, SharesTheTreeOfASiteThatDiffersInSomethingElse) {
    const SharedSnapshot first = compile({site("a.test", "a")});
    const SharedSnapshot second = compile({site("other.test", "a")}, first.get());
    EXPECT_NE(second->sites[0], first->sites[0]);
    EXPECT_EQ(second->sites[0]->areas[0].tree, first->sites[0]->areas[0].tree);
}

TEST_F(SnapshotTest, HasOneTreeForSitesOfTheSameDirectoryAndRules) {
    config::SiteSettings with_area = site("b.test", "b");
    with_area.areas.push_back(area("files/", "a"));
    const SharedSnapshot snapshot = compile({site("a.test", "a"), std::move(with_area)});
    const SharedTree& tree = snapshot->sites[0]->areas[0].tree;
    EXPECT_EQ(snapshot->sites[1]->areas[1].tree, tree);
    EXPECT_NE(snapshot->sites[1]->areas[0].tree, tree);
}

TEST_F(SnapshotTest, HasATreeForEachRulesOfADirectoryAndLooksAtItsPathForAllOfThem) {
    config::SiteSettings other = site("b.test", "a");
    other.whole.load_rules.has_clean_urls = true;
    const SharedSnapshot first = compile({site("a.test", "a")});
    const SharedSnapshot second = compile({site("a.test", "a"), std::move(other)}, first.get());
    const Tree& plain = *second->sites[0]->areas[0].tree;
    const Tree& clean = *second->sites[1]->areas[0].tree;
    EXPECT_NE(&clean, &plain);
    EXPECT_EQ(clean.root, plain.root);
}

TEST_F(SnapshotTest, HasAnotherTreeForFilesThatAreNotForEverybody) {
    config::SiteSettings closed = site("b.test", "a");
    closed.whole.allowed_networks = {"10.0.0.0/8"};
    const SharedSnapshot snapshot = compile({site("a.test", "a"), std::move(closed)});
    EXPECT_NE(snapshot->sites[1]->areas[0].tree, snapshot->sites[0]->areas[0].tree);
    EXPECT_EQ(snapshot->sites[1]->areas[0].tree->rules.audience, site::Audience::some);
}

TEST_F(SnapshotTest, CutsThePathOfAnAreaWithADirectoryOfItsOwnAlone) {
    config::SiteSettings settings = site("a.test", "a");
    settings.areas.push_back(area("own/", "b"));
    settings.areas.push_back(area("within/", "a"));
    settings.areas.back().has_own_directory = false;
    const SharedSnapshot snapshot = compile({std::move(settings)});
    const std::vector<AreaSnapshot>& areas = snapshot->sites[0]->areas;
    EXPECT_EQ(areas[0].cut_bytes, 0U);
    EXPECT_EQ(areas[1].cut_bytes, std::string_view("own/").size());
    EXPECT_EQ(areas[2].cut_bytes, 0U);
}

TEST_F(SnapshotTest, IsAnotherSiteWhenItsUsersChanged) {
    const SharedSnapshot first = compile({protected_site(user("ann"))});
    const SharedSnapshot same = compile({protected_site(user("ann"))}, first.get());
    EXPECT_EQ(same->sites[0], first->sites[0]);
    const SharedSnapshot other = compile({protected_site(user("bob"))}, first.get());
    EXPECT_NE(other->sites[0], first->sites[0]);
    EXPECT_EQ(other->sites[0]->areas[0].tree, first->sites[0]->areas[0].tree)
        << "what is cached of it is the same";
}

TEST_F(SnapshotTest, NamesTheRootThatCanNotBeOpened) {
    EXPECT_EQ(refusal_of({site("a.test", "a"), site("b.test", "absent")}),
              path("absent") + ": no such directory");
}

TEST_F(SnapshotTest, NamesTheRedirectThatLeadsNowhere) {
    config::SiteSettings settings = site("a.test", "a");
    settings.redirects.push_back({.from = "/old", .to = "/new/:splat"});
    EXPECT_TRUE(refusal_of({std::move(settings)}).starts_with("the redirect from /old: "));
}

TEST_F(SnapshotTest, NamesTheUsersFileThatCanNotBeRead) {
    const std::string refusal = refusal_of({protected_site("ann\n")});
    EXPECT_TRUE(refusal.starts_with(path("users") + ":1: ")) << refusal;
}

}  // namespace
}  // namespace torc::worker
