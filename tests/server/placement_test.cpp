#include <torc/base/start_error.hpp>
#include <torc/server/placement.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::server {
namespace {

using Placed = std::vector<std::vector<unsigned>>;
const std::vector<unsigned> four = {0, 1, 2, 3};

/// What of the settings counts here.
struct Wish {
    std::uint16_t port = 8080;
    std::vector<net::ListenAddress> addresses{};
    unsigned workers = 0;
    std::vector<unsigned> cpus{};
    config::Pin pin = config::Pin::automatic;
};

Placed place(const Wish& wish, double quota = no_cpu_quota) {
    config::Settings settings;
    settings.port = wish.port;
    settings.addresses = wish.addresses;
    settings.workers = wish.workers;
    settings.cpus = wish.cpus;
    settings.pin = wish.pin;
    return place_workers(settings, four, quota);
}

/// The CPU of the only worker.
unsigned place_one(Wish wish) {
    wish.workers = 1;
    return place(wish).at(0).at(0);
}

TEST(Placement, PinsAWorkerToEachCpuByDefault) {
    EXPECT_EQ(place({}), (Placed{{0}, {1}, {2}, {3}}));
    EXPECT_EQ(place({.cpus = {1, 3}}), (Placed{{1}, {3}}));
}

TEST(Placement, DealsOutTheCpusInTurn) {
    EXPECT_EQ(place({.workers = 3, .cpus = {1, 3}}), (Placed{{1}, {3}, {1}}));
    EXPECT_EQ(place({.workers = 5}), (Placed{{0}, {1}, {2}, {3}, {0}}));
}

TEST(Placement, BeginsAtTheFirstOfTheCpusThatAreNamed) {
    for (std::uint16_t port = 8080; port < 8084; ++port) {
        EXPECT_EQ(place({.port = port, .workers = 1, .cpus = {2, 3}}), Placed{{2}});
    }
}

TEST(Placement, SpreadsInstancesOnPortsThatFollowEachOther) {
    std::set<unsigned> cpus;
    for (std::uint16_t port = 8080; port < 8086; ++port) {
        cpus.insert(place_one({.port = port}));
    }
    EXPECT_EQ(cpus.size(), four.size());
}

TEST(Placement, SpreadsInstancesOnPortsThatAreAllEven) {
    std::set<unsigned> cpus;
    for (const std::uint16_t port : std::vector<std::uint16_t>{80, 3000, 4000, 5000, 8000, 8080}) {
        cpus.insert(place_one({.port = port}));
    }
    EXPECT_GE(cpus.size(), 3U);
}

TEST(Placement, SpreadsInstancesOnOnePortOfSeveralAddresses) {
    std::set<unsigned> cpus;
    for (const std::string_view address : {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}) {
        cpus.insert(place_one({.port = 80, .addresses = {std::string(address)}}));
    }
    EXPECT_GE(cpus.size(), 3U);
}

TEST(Placement, IsTheSameForTheSamePortAndAddresses) {
    EXPECT_EQ(place_one({.port = 8081}), place_one({.port = 8081}));
    const Placed two = place({.port = 8081, .workers = 2});
    EXPECT_EQ(two.at(0).at(0), place_one({.port = 8081}));
    EXPECT_EQ(two.at(1).at(0), (two.at(0).at(0) + 1) % 4);
}

TEST(Placement, MakesNoMoreWorkersThanAQuotaFeeds) {
    EXPECT_EQ(place({}, 2).size(), 2U);
    EXPECT_EQ(place({.cpus = {0, 1, 2}}, 2).size(), 2U);
    EXPECT_EQ(place({}, 1.5).size(), 2U);
    EXPECT_EQ(place({}, 0.01).size(), 1U);
    EXPECT_EQ(place({}, 7).size(), 4U);
    EXPECT_EQ(place({.workers = 3}, 1).size(), 3U);
}

TEST(Placement, LeavesWorkersUnpinnedWhereAQuotaGivesLessThanTheCpusHave) {
    EXPECT_EQ(place({}, 2), (Placed{{}, {}}));
    EXPECT_EQ(place({.cpus = {1, 2, 3}}, 2), (Placed{{1, 2, 3}, {1, 2, 3}}));
    EXPECT_EQ(place({}, 4), (Placed{{0}, {1}, {2}, {3}}));
    EXPECT_EQ(place({.cpus = {1, 2}}, 2), (Placed{{1}, {2}}));
    EXPECT_EQ(place({}, 3.5), Placed(4));
    EXPECT_EQ(place({.cpus = {1, 2}}, 1.5), (Placed{{1, 2}, {1, 2}}));
}

TEST(Placement, PinsAsItIsTold) {
    EXPECT_EQ(place({.pin = config::Pin::off}), Placed(4));
    EXPECT_EQ(place({.workers = 2, .cpus = {1, 2, 3}, .pin = config::Pin::off}),
              (Placed{{1, 2, 3}, {1, 2, 3}}));
    const Placed pinned = place({.pin = config::Pin::on}, 2);
    ASSERT_EQ(pinned.size(), 2U);
    EXPECT_EQ(pinned.at(0).size(), 1U);
}

TEST(Placement, RefusesACpuThatIsNotAllowed) {
    EXPECT_THROW((void)place({.cpus = {4}}), StartError);
}

class CpuQuotaTest : public ::testing::Test {
protected:
    void write(std::string_view path, std::string_view contents) {
        directory_.write(path, contents);
    }
    [[nodiscard]] double quota() const {
        return cpu_quota(directory_.path() / "proc", directory_.path() / "cgroup");
    }

    torc::test::TemporaryDirectory directory_;
};

TEST_F(CpuQuotaTest, IsNoneWhereNothingIsSaid) {
    EXPECT_EQ(quota(), no_cpu_quota);
    write("proc/self/cgroup", "0::/a\n");
    EXPECT_EQ(quota(), no_cpu_quota);
    write("cgroup/a/cpu.max", "max 100000\n");
    EXPECT_EQ(quota(), no_cpu_quota);
}

TEST_F(CpuQuotaTest, IsThatOfTheControlGroup) {
    write("proc/self/cgroup", "0::/a\n");
    for (const auto& [text, cpus] :
         std::vector<std::pair<std::string_view, double>>{{"200000 100000\n", 2},
                                                          {"150000 100000\n", 1.5},
                                                          {"1000 100000\n", 0.01},
                                                          {"200001 100000\n", 2.00001},
                                                          {"50000 50000\n", 1}}) {
        write("cgroup/a/cpu.max", text);
        EXPECT_EQ(quota(), cpus) << text;
    }
}

TEST_F(CpuQuotaTest, IsTheLeastOfTheGroupsAbove) {
    write("proc/self/cgroup", "0::/a/b\n");
    write("cgroup/a/b/cpu.max", "800000 100000\n");
    write("cgroup/a/cpu.max", "300000 100000\n");
    EXPECT_EQ(quota(), 3.0);
    write("cgroup/cpu.max", "100000 100000\n");
    EXPECT_EQ(quota(), 1.0);
}

TEST_F(CpuQuotaTest, IsThatOfAGroupOfVersionOne) {
    write("proc/self/cgroup", "4:cpu,cpuacct:/docker/1\n5:memory:/x\n");
    write("cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "-1\n");
    write("cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(quota(), no_cpu_quota);
    write("cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "250000\n");
    EXPECT_EQ(quota(), 2.5);
}

TEST_F(CpuQuotaTest, IgnoresWhatIsNoQuota) {
    write("proc/self/cgroup", "0::/a\n");
    for (const std::string_view text : {"", "nonsense", "100000", "100000 0", "-5 100000"}) {
        write("cgroup/a/cpu.max", text);
        EXPECT_EQ(quota(), no_cpu_quota) << text;
    }
}

}  // namespace
}  // namespace torc::server
