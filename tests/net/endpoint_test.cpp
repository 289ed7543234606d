#include <torc/base/start_error.hpp>
#include <torc/net/endpoint.hpp>

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace torc::net {
namespace {

Endpoint endpoint(const std::string& address, std::uint16_t port = 8080) {
    return resolve_addresses({address}, port).at(0);
}

TEST(Endpoint, HasAUrl) {
    EXPECT_EQ(endpoint("127.0.0.1").url(), "http://127.0.0.1:8080/");
    EXPECT_EQ(endpoint("::1", 80).url(), "http://[::1]:80/");
    EXPECT_EQ(endpoint("::1", 80).host_and_port(), "[::1]:80");
    EXPECT_EQ(endpoint("127.0.0.1").host(), "127.0.0.1");
    EXPECT_EQ(endpoint("::1").host(), "::1");
}

TEST(Endpoint, HasThePortThatItIsGiven) {
    for (const char* address : {"127.0.0.1", "::1"}) {
        Endpoint place = endpoint(address, 65535);
        EXPECT_EQ(place.port(), 65535);
        place.set_port(1);
        EXPECT_EQ(place.port(), 1);
    }
}

TEST(Endpoint, KnowsWhatKindOfAddressItIs) {
    EXPECT_TRUE(endpoint("127.0.0.1").is_loopback());
    EXPECT_TRUE(endpoint("127.9.9.9").is_loopback());
    EXPECT_TRUE(endpoint("::1").is_loopback());
    EXPECT_FALSE(endpoint("192.0.2.1").is_loopback());
    EXPECT_FALSE(endpoint("2001:db8::1").is_loopback());
    EXPECT_TRUE(endpoint("0.0.0.0").is_wildcard());
    EXPECT_TRUE(endpoint("::").is_wildcard());
    EXPECT_FALSE(endpoint("::1").is_wildcard());
    EXPECT_TRUE(endpoint("fe80::1").is_link_local());
    EXPECT_FALSE(endpoint("2001:db8::1").is_link_local());
    EXPECT_FALSE(endpoint("169.254.0.1").is_ipv6());
}

TEST(Endpoint, MayBeAUnixDomainSocket) {
    const Endpoint place = endpoint("unix:/run/torc.sock");
    EXPECT_TRUE(place.is_unix());
    EXPECT_EQ(place.path(), "/run/torc.sock");
    EXPECT_EQ(place.host(), "unix:/run/torc.sock");
    EXPECT_EQ(place.host_and_port(), "unix:/run/torc.sock");
    EXPECT_EQ(place.url(), "unix:/run/torc.sock");
    EXPECT_TRUE(place.is_loopback());
    EXPECT_FALSE(place.is_wildcard());
    EXPECT_FALSE(place.is_link_local());
    EXPECT_EQ(place.port(), 0);
    EXPECT_EQ(place.network(), 0U);
    EXPECT_EQ(place, endpoint("unix:/run/torc.sock", 80));
    EXPECT_NE(place, endpoint("unix:/run/torc.soc"));
    EXPECT_NE(place, endpoint("unix:@/run/torc.sock"));
    EXPECT_EQ(endpoint("unix:@torc").path(), "@torc");
}

TEST(Endpoint, OfAUnixDomainClientHasNoPath) {
    const sockaddr unnamed{.sa_family = AF_UNIX, .sa_data = {}};
    EXPECT_EQ(Endpoint(&unnamed, sizeof unnamed.sa_family).host(), "unix:");
    EXPECT_FALSE(Endpoint(&unnamed, sizeof unnamed.sa_family).is_wildcard());
}

TEST(ResolveAddresses, TakesWholePathsAndNamesOfUnixDomainSocketsAlone) {
    for (const char* const address :
         {"unix:", "unix:torc.sock", "unix:./torc.sock", "unix:@", "unix:/run/"}) {
        EXPECT_THROW((void)resolve_addresses({address}, 80), UsageError) << address;
    }
    EXPECT_EQ(resolve_addresses({"unix:/" + std::string(106, 'x')}, 80).size(), 1U);
    EXPECT_THROW((void)resolve_addresses({"unix:/" + std::string(107, 'x')}, 80), UsageError);
}

TEST(ResolveAddresses, TakesLocalhostForBothLoopbacks) {
    const std::vector<Endpoint> endpoints = resolve_addresses({"localhost", "192.0.2.1"}, 80);
    ASSERT_EQ(endpoints.size(), 3U);
    EXPECT_EQ(endpoints[0].host(), "127.0.0.1");
    EXPECT_EQ(endpoints[1].host(), "::1");
    EXPECT_EQ(endpoints[2].host(), "192.0.2.1");
    EXPECT_EQ(endpoints[2].port(), 80);
}

TEST(ResolveAddresses, TakesAPortWithAnAddress) {
    struct Case {
        std::string text;
        std::vector<std::string> urls;
    };
    for (const auto& [text, urls] : std::vector<Case>{
             {"127.0.0.1:3000", {"http://127.0.0.1:3000/"}},
             {"[::1]:3000", {"http://[::1]:3000/"}},
             {"[::1]", {"http://[::1]:80/"}},
             {"::1", {"http://[::1]:80/"}},
             {"::", {"http://[::]:80/"}},
             {"[127.0.0.1]", {"http://127.0.0.1:80/"}},
             {"localhost:3000", {"http://127.0.0.1:3000/", "http://[::1]:3000/"}},
             {":3000", {"http://0.0.0.0:3000/", "http://[::]:3000/"}},
             {"127.0.0.1:0", {"http://127.0.0.1:0/"}},
         }) {
        std::vector<std::string> found;
        for (const Endpoint& place : resolve_addresses({text}, 80)) {
            found.push_back(place.url());
        }
        EXPECT_EQ(found, urls) << text;
    }
}

/// What is said of an address that is none.
std::string refusal(const std::string& address) {
    try {
        (void)resolve_addresses({address}, 80);
        return "";
    } catch (const UsageError& error) {
        return error.what();
    }
}

TEST(ResolveAddresses, NamesThePortThatIsNone) {
    for (const auto& [address, port] :
         std::vector<std::pair<std::string, std::string>>{{"127.0.0.1:99999", "99999"},
                                                          {"127.0.0.1:65536", "65536"},
                                                          {"127.0.0.1:x", "x"},
                                                          {"127.0.0.1:+1", "+1"},
                                                          {"127.0.0.1:", ""},
                                                          {"[::1]:99999", "99999"},
                                                          {"[::1]:", ""},
                                                          {"localhost:http", "http"},
                                                          {":99999", "99999"}}) {
        EXPECT_EQ(refusal(address), "--address " + address + ": '" + port +
                                        "' is not a port; give a number from 0 to 65535");
    }
}

TEST(ResolveAddresses, AsksForTheBracketsOfAnIpv6AddressWithAPort) {
    for (const auto& [address, meant] : std::vector<std::pair<std::string, std::string>>{
             {"::1:4105", "[::1]:4105"},
             {"::1:80", "[::1]:80"},
             {"::1:65535", "[::1]:65535"},
             {":::4105", "[::]:4105"},
             {"2001:db8:0:0:0:0:0:1:80", "[2001:db8:0:0:0:0:0:1]:80"}}) {
        EXPECT_EQ(refusal(address), "--address " + address +
                                        ": an IPv6 address with a port needs brackets: " + meant);
    }
    EXPECT_EQ(refusal("2001:db8::1:80"), "");
    EXPECT_EQ(refusal("::1"), "");
}

TEST(ResolveAddresses, TakesWhatIsGivenTwiceOnce) {
    struct Case {
        std::vector<std::string> addresses;
        std::vector<std::string> urls;
    };
    for (const auto& [addresses, urls] : std::vector<Case>{
             {{"127.0.0.1", "127.0.0.1"}, {"http://127.0.0.1:80/"}},
             {{"127.0.0.1:80", "127.0.0.1"}, {"http://127.0.0.1:80/"}},
             {{"127.0.0.1:0", "127.0.0.1:0"}, {"http://127.0.0.1:0/"}},
             {{"localhost", "::1"}, {"http://127.0.0.1:80/", "http://[::1]:80/"}},
             {{"[::1]", "0:0::1"}, {"http://[::1]:80/"}},
             {{":4463", ":4463"}, {"http://0.0.0.0:4463/", "http://[::]:4463/"}},
             {{"127.0.0.1", "127.0.0.1:81"}, {"http://127.0.0.1:80/", "http://127.0.0.1:81/"}},
         }) {
        std::vector<std::string> found;
        for (const Endpoint& place : resolve_addresses(addresses, 80)) {
            found.push_back(place.url());
        }
        EXPECT_EQ(found, urls) << addresses.front() << ' ' << addresses.back();
    }
}

TEST(ResolveAddresses, RefusesAnAddressThatAnotherIncludes) {
    for (const auto& [wide, narrow] : std::vector<std::pair<std::string, std::string>>{
             {"0.0.0.0:80", "127.0.0.1:80"}, {"[::]:80", "[::1]:80"}}) {
        for (const std::vector<std::string>& addresses :
             {std::vector{wide, narrow}, std::vector{narrow, wide}}) {
            try {
                (void)resolve_addresses(addresses, 8080);
                FAIL() << wide << ' ' << narrow;
            } catch (const UsageError& error) {
                EXPECT_EQ(std::string(error.what()),
                          "--address: " + wide + " includes " + narrow + "; leave one of them out");
            }
        }
    }
    EXPECT_THROW((void)resolve_addresses({":80", "192.0.2.1:80"}, 8080), UsageError);
    EXPECT_THROW((void)resolve_addresses({"0.0.0.0", "127.0.0.1"}, 0), UsageError);
}

TEST(ResolveAddresses, TakesAllAddressesBesideOneOfAnotherPortOrProtocol) {
    EXPECT_EQ(resolve_addresses({"0.0.0.0", "127.0.0.1:81"}, 80).size(), 2U);
    EXPECT_EQ(resolve_addresses({"0.0.0.0", "::1"}, 80).size(), 2U);
    EXPECT_EQ(resolve_addresses({"0.0.0.0", "::"}, 80).size(), 2U);
}

TEST(ResolveAddresses, AsksNoNameServer) {
    for (const char* address :
         {"example.com", "", "256.0.0.1", "*", "example.com:80", "*:80", "*:x", "[]", "[]:80",
          "[::1", "[::1]80", "::1]", "::1:99999", "http://127.0.0.1"}) {
        try {
            (void)resolve_addresses({address}, 80);
            FAIL() << address;
        } catch (const StartError& error) {
            EXPECT_EQ(std::string(error.what()),
                      "--address " + std::string(address) +
                          ": not an IPv4 or IPv6 address; give one like "
                          "127.0.0.1, 0.0.0.0, ::, [::1]:3000 or unix:/run/torc.sock");
        }
    }
}

TEST(Endpoint, TellsWhichAddressesAreOneClients) {
    const auto network = [](const char* address) {
        return resolve_addresses({address}, 80).front().network();
    };
    EXPECT_EQ(network("192.0.2.1"), network("192.0.2.1:8080"));
    EXPECT_NE(network("192.0.2.1"), network("192.0.2.2"));
    EXPECT_EQ(network("2001:db8::1"), network("2001:db8::ffff:ffff:ffff:ffff"));
    EXPECT_NE(network("2001:db8::1"), network("2001:db8:0:1::1"));
    EXPECT_NE(network("::1"), network("0.0.0.1"));
}

TEST(Endpoint, RefusesABareNumberAsAnAddress) {
    for (const std::string address : {"80", "8080", "80:8080", "99999"}) {
        EXPECT_THROW((void)resolve_addresses({address}, 80), UsageError) << address;
    }
    try {
        (void)resolve_addresses({"80"}, 8080);
    } catch (const UsageError& error) {
        EXPECT_STREQ(error.what(),
                     "--address 80: a port alone is no address; give :80 for that port of all "
                     "addresses, or 127.0.0.1:80 for this machine alone");
    }
}

}  // namespace
}  // namespace torc::net
