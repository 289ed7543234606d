#include <torc/http/framing.hpp>
#include <torc/http/request_parser.hpp>
#include <torc/worker/hosting.hpp>

#include "hosting_fixture.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::worker {
namespace {

class HostingTest : public test::HostingFixture {
protected:
    void adopt(std::vector<config::SiteSettings> sites) {
        hosting_.adopt(compile(std::move(sites), hosting_.snapshot().get()));
    }
    HostedSite* find(std::string_view host) {
        const std::string text = "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
        http::Request request;
        EXPECT_EQ(http::parse_request(text, 0, request).state, http::ParseState::parsed);
        EXPECT_TRUE(http::determine_framing(request));
        return hosting_.find(request);
    }
    /// The name of the site that a host belongs to.
    std::string name_at(std::string_view host) {
        const HostedSite* const found = find(host);
        return found == nullptr ? "none" : found->snapshot()->settings.name;
    }
    config::SiteSettings default_site(std::string host, std::string_view directory) {
        config::SiteSettings settings = site(std::move(host), directory);
        settings.is_default = true;
        return settings;
    }

    Hosting hosting_{trees_};
};

TEST_F(HostingTest, FindsTheNameBeforeAWildcardBeforeTheDefault) {
    adopt({default_site("default.test", "a"), site("*.example.test", "b"),
           site("www.example.test", "c")});
    EXPECT_EQ(name_at("WWW.example.test:8080"), "www.example.test");
    EXPECT_EQ(name_at("other.example.test"), "*.example.test");
    EXPECT_EQ(name_at("example.test"), "default.test");
}

TEST_F(HostingTest, FindsNoSiteForAHostThatNoneHas) {
    adopt({site("a.test", "a"), site("b.test", "b")});
    EXPECT_EQ(name_at("c.test"), "none");
}

TEST_F(HostingTest, FindsNoOtherSiteForTheOnlyOneWithAHost) {
    adopt({site("a.test", "a")});
    EXPECT_EQ(name_at("a.test"), "a.test");
    EXPECT_EQ(name_at("b.test"), "none");
}

TEST_F(HostingTest, HasOneSiteForAllHostsWhenItNamesNone) {
    config::SiteSettings settings = default_site("any", "a");
    settings.hosts.clear();
    adopt({std::move(settings)});
    EXPECT_EQ(name_at("b.test"), "any");
}

TEST_F(HostingTest, FallsBackToTheDefaultOrElseTheFirst) {
    adopt({site("a.test", "a"), default_site("b.test", "b")});
    EXPECT_EQ(hosting_.fallback().snapshot()->settings.name, "b.test");
    adopt({site("a.test", "a"), site("b.test", "b")});
    EXPECT_EQ(hosting_.fallback().snapshot()->settings.name, "a.test");
}

TEST_F(HostingTest, ServesAnAreaFromItsOwnTreeAndTheRestFromTheSites) {
    config::SiteSettings settings = site("a.test", "a");
    settings.areas.push_back(area("files/", "b"));
    adopt({std::move(settings)});
    HostedSite& found = *find("a.test");
    EXPECT_NE(found.area_of("files/page").tree.get(), found.whole().tree.get());
    EXPECT_EQ(&found.area_of("page"), &found.whole());
    EXPECT_EQ(&found.area_of("filesystem"), &found.whole());
}

TEST_F(HostingTest, SharesTheTreeOfADirectoryAmongSites) {
    config::SiteSettings settings = site("a.test", "a");
    settings.areas.push_back(area("files/", "b"));
    adopt({std::move(settings), site("b.test", "b")});
    EXPECT_EQ(find("a.test")->area_of("files/page").tree.get(), find("b.test")->whole().tree.get());
}

TEST_F(HostingTest, TellsWhetherAnAreaIsNotForEverybody) {
    config::SiteSettings settings = site("a.test", "a");
    settings.areas.push_back(area("inner/", "b"));
    adopt({settings});
    EXPECT_FALSE(hosting_.has_restricted_areas());
    settings.areas.back().denied_networks = {"10.0.0.0/8"};
    adopt({settings});
    EXPECT_TRUE(hosting_.has_restricted_areas());
    EXPECT_EQ(find("a.test")->whole().access, nullptr);
    EXPECT_NE(find("a.test")->area_of("inner/").access, nullptr);
}

TEST_F(HostingTest, MakesASiteReadyWhenItIsAskedForFirst) {
    adopt({site("a.test", "a"), site("b.test", "b")});
    const SharedSite& asked_for = hosting_.snapshot()->sites[1];
    const long owners = asked_for.use_count();
    HostedSite* const found = find("b.test");
    EXPECT_EQ(asked_for.use_count(), owners + 1);
    EXPECT_EQ(find("b.test"), found);
    EXPECT_EQ(asked_for.use_count(), owners + 1);
}

TEST_F(HostingTest, LogsASiteWhereItSaysOrElseWhereTheServerDoes) {
    AccessLogs logs;
    const SharedLog server_log = test::make_log();
    logs.set_server_log(server_log, config::LogFormat::combined);
    config::SiteSettings own = site("own.test", "a");
    own.access_log = {.file = "own", .format = config::LogFormat::json};
    config::SiteSettings shared = site("shared.test", "a");
    shared.access_log = own.access_log;
    config::SiteSettings off = site("off.test", "a");
    off.access_log.emplace();
    adopt({own, shared, off, site("other.test", "a")});
    EXPECT_TRUE(hosting_.snapshot()->has_access_logs);
    const LogChoice choice = find("own.test")->log(logs);
    EXPECT_EQ(choice.log->output, logs_.at("own"));
    EXPECT_EQ(choice.format, config::LogFormat::json);
    EXPECT_EQ(find("shared.test")->log(logs).log, choice.log);
    EXPECT_EQ(find("off.test")->log(logs).log, nullptr);
    EXPECT_EQ(find("other.test")->log(logs).log->output, server_log);
}

TEST_F(HostingTest, LogsElsewhereFromAReloadOn) {
    AccessLogs logs;
    config::SiteSettings settings = site("a.test", "a");
    settings.access_log = {.file = "one"};
    adopt({settings});
    EXPECT_EQ(find("a.test")->log(logs).log->output, logs_.at("one"));
    settings.access_log = {.file = "other"};
    adopt({settings});
    logs.forget_unused();
    EXPECT_EQ(find("a.test")->log(logs).log->output, logs_.at("other"));
    EXPECT_EQ(logs_.at("one").use_count(), 1);
}

TEST_F(HostingTest, KeepsASiteThatIsTheSame) {
    adopt({site("a.test", "a"), site("b.test", "b")});
    const HostedSite* const before = find("b.test");
    cache(find("b.test")->whole().site, "page");
    adopt({site("b.test", "b"), site("c.test", "c")});
    EXPECT_EQ(find("b.test"), before);
    EXPECT_TRUE(has(find("b.test")->whole().site, "page"));
}

TEST_F(HostingTest, KeepsWhatIsCachedOfASiteWithOtherFields) {
    adopt({site("a.test", "a")});
    cache(find("a.test")->whole().site, "page");
    config::SiteSettings other = site("a.test", "a");
    other.whole.extra_fields.push_back({.name = "X-Site", .value = "a"});
    adopt({std::move(other)});
    iterate();
    EXPECT_TRUE(has(find("a.test")->whole().site, "page"));
}

TEST_F(HostingTest, KeepsNothingOfASiteThatLooksForItsFilesByOtherRules) {
    adopt({site("a.test", "a")});
    cache(find("a.test")->whole().site, "page");
    config::SiteSettings other = site("a.test", "a");
    other.whole.load_rules.has_clean_urls = true;
    adopt({std::move(other)});
    EXPECT_FALSE(has(find("a.test")->whole().site, "page"));
}

TEST_F(HostingTest, DropsASiteThatIsNoMore) {
    adopt({site("a.test", "a"), site("b.test", "b")});
    cache(find("b.test")->whole().site, "page");
    const std::weak_ptr<const SiteSnapshot> removed = find("b.test")->snapshot();
    const std::weak_ptr<const Tree> tree = find("b.test")->whole().tree->tree();
    adopt({site("a.test", "a")});
    EXPECT_TRUE(removed.expired());
    for (int times = 0; times < 3; ++times) {
        iterate();
    }
    EXPECT_TRUE(tree.expired());
}

TEST_F(HostingTest, DropsASiteThatIsNoMoreOnceNobodyWaitsForIt) {
    adopt({site("a.test", "a"), site("b.test", "b")});
    HostedSiteRef waited_for(find("b.test"));
    const std::weak_ptr<const Tree> tree = waited_for->whole().tree->tree();
    adopt({site("a.test", "a")});
    for (int times = 0; times < 3; ++times) {
        iterate();
    }
    EXPECT_FALSE(tree.expired());
    const int wakes = proactor_.wakes();
    waited_for = HostedSiteRef();
    EXPECT_GT(proactor_.wakes(), wakes) << "nobody else brings the next iteration";
    for (int times = 0; times < 3; ++times) {
        iterate();
    }
    EXPECT_TRUE(tree.expired());
}

TEST_F(HostingTest, BringsAnAreaToTheIterationOfItsFirstUse) {
    adopt({site("a.test", "a"), site("b.test", "b")});
    begin_iteration();
    HostedArea& used = hosting_.use(find("a.test")->whole());
    EXPECT_EQ(used.used_in, trees_.iteration());
    EXPECT_NE(find("b.test")->whole().used_in, trees_.iteration());
}

TEST_F(HostingTest, CountsOnForASiteThatAReloadChanged) {
    adopt({site("a.test", "a"), site("b.test", "b")});
    ++find("a.test")->whole().counted.counters.sent_bytes;
    ++find("b.test")->whole().counted.counters.sent_bytes;
    adopt({site("a.test", "c"), site("c.test", "b")});
    EXPECT_EQ(find("a.test")->whole().counted.counters.sent_bytes, 1U);
    ASSERT_EQ(hosting_.counted().size(), 2U);
    EXPECT_EQ(hosting_.counted()[1]->name, "a.test");
}

TEST_F(HostingTest, HasNoCountersForASiteThatNobodyAskedFor) {
    adopt({default_site("a.test", "a"), site("b.test", "b")});
    EXPECT_EQ(hosting_.counted().size(), 2U);
    (void)find("b.test");
    EXPECT_EQ(hosting_.counted().size(), 3U);
}

}  // namespace
}  // namespace torc::worker
