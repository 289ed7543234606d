#include <torc/base/start_error.hpp>
#include <torc/net/listen_address.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace torc::net {
namespace {

ListenAddress behind(const char* address, const char* network) {
    ListenAddress made(address);
    made.proxies = ProxyPeers{.networks = {*AddressRange::parse(network)}};
    return made;
}

TEST(ListenAddress, GivesWhatGoesForItToEachOfItsEndpoints) {
    const auto places =
        resolve_listen_addresses({behind("localhost", "10.0.0.0/8"), "192.0.2.1"}, 80);
    ASSERT_EQ(places.size(), 3U);
    EXPECT_TRUE(places[0].proxies);
    EXPECT_TRUE(places[1].proxies);
    EXPECT_FALSE(places[2].proxies);
}

TEST(ListenAddress, MayBeGivenTwiceIfBothAreAlike) {
    EXPECT_EQ(resolve_listen_addresses({"127.0.0.1", "127.0.0.1"}, 80).size(), 1U);
    EXPECT_THROW(
        (void)resolve_listen_addresses({"127.0.0.1", behind("127.0.0.1", "10.0.0.0/8")}, 80),
        UsageError);
}

TEST(ProxyPeers, AreInTheirNetworks) {
    const ProxyPeers proxies{.networks = {*AddressRange::parse("10.0.0.0/8")}};
    EXPECT_TRUE(proxies.includes(Address::parse("10.1.2.3")));
    EXPECT_FALSE(proxies.includes(Address::parse("192.0.2.1")));
    EXPECT_FALSE(proxies.includes(std::nullopt));
}

TEST(ProxyPeers, AreAllWhereTheModeOfTheSocketDecides) {
    EXPECT_TRUE(ProxyPeers().includes(std::nullopt));
}

}  // namespace
}  // namespace torc::net
