#include <torc/net/address_range.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>
#include <vector>

namespace torc::net {
namespace {

Endpoint endpoint(const std::string& address) {
    return resolve_addresses({address}, 8080).at(0);
}

AddressRange range(const std::string& text) {
    return *AddressRange::parse(text);
}

std::string error_of(const std::string& text) {
    const auto parsed = AddressRange::parse(text);
    return parsed ? "is taken for " + parsed->text() : parsed.error();
}

TEST(Address, IsThatOfAnEndpoint) {
    EXPECT_EQ(Address::of(endpoint("10.0.0.1")), Address::parse("10.0.0.1"));
    EXPECT_EQ(Address::of(endpoint("2001:db8::1")), Address::parse("2001:db8::1"));
    EXPECT_EQ(Address::of(endpoint("2001:db8::1"))->text(), "2001:db8::1");
    EXPECT_NE(Address::of(endpoint("10.0.0.1")), Address::parse("10.0.0.2"));
}

TEST(Address, IsTheSameWhenItIsMappedIntoIpv6) {
    EXPECT_EQ(Address::of(endpoint("::ffff:10.0.0.1")), Address::of(endpoint("10.0.0.1")));
    EXPECT_EQ(Address::parse("::ffff:10.0.0.1")->text(), "10.0.0.1");
}

TEST(Address, IsNotThereForAPeerOnThisMachineWithoutOne) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    const Endpoint peer(reinterpret_cast<const sockaddr*>(&local), sizeof local);
    EXPECT_EQ(Address::of(peer), std::nullopt);
    EXPECT_EQ(Address::of(Endpoint()), std::nullopt);
}

TEST(Address, IsNotParsedFromWhatIsNone) {
    for (const char* text :
         {"", "localhost", "10.0.0", "10.0.0.256", "[::1]", "::1%lo", "10.0.0.1 ",
          "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"}) {
        EXPECT_EQ(Address::parse(text), std::nullopt) << text;
    }
}

TEST(Address, IsOfTheNetworkOfItsEndpoint) {
    for (const char* text : {"10.0.0.1", "255.255.255.255", "2001:db8:1:2::1", "::1"}) {
        EXPECT_EQ(Address::parse(text)->network(), endpoint(text).network()) << text;
    }
    EXPECT_EQ(Address::parse("::ffff:10.0.0.1")->network(), endpoint("10.0.0.1").network());
}

TEST(AddressRange, ContainsAddressesThatBeginWithItsBits) {
    EXPECT_TRUE(range("10.0.0.0/8").contains(*Address::parse("10.255.0.1")));
    EXPECT_FALSE(range("10.0.0.0/8").contains(*Address::parse("11.0.0.1")));
    EXPECT_TRUE(range("192.168.4.0/22").contains(*Address::parse("192.168.7.255")));
    EXPECT_FALSE(range("192.168.4.0/22").contains(*Address::parse("192.168.8.0")));
    EXPECT_TRUE(range("2001:db8::/33").contains(*Address::parse("2001:db8:7fff::1")));
    EXPECT_FALSE(range("2001:db8::/33").contains(*Address::parse("2001:db8:8000::1")));
}

TEST(AddressRange, IsOneAddressWithoutASlash) {
    EXPECT_TRUE(range("127.0.0.1").contains(*Address::parse("127.0.0.1")));
    EXPECT_FALSE(range("127.0.0.1").contains(*Address::parse("127.0.0.2")));
    EXPECT_TRUE(range("::1").contains(*Address::parse("::1")));
    EXPECT_FALSE(range("::1").contains(*Address::parse("::2")));
}

TEST(AddressRange, OfNoBitsIsAllOfAFamily) {
    EXPECT_TRUE(range("0.0.0.0/0").contains(*Address::parse("255.1.2.3")));
    EXPECT_FALSE(range("0.0.0.0/0").contains(*Address::parse("2001:db8::1")));
    EXPECT_TRUE(range("::/0").contains(*Address::parse("2001:db8::1")));
    EXPECT_FALSE(range("::/0").contains(*Address::parse("255.1.2.3")));
}

TEST(AddressRange, OfIpv4ContainsAddressesMappedIntoIpv6) {
    EXPECT_TRUE(range("10.0.0.0/8").contains(*Address::parse("::ffff:10.1.2.3")));
    EXPECT_TRUE(range("::ffff:10.0.0.0/104").contains(*Address::parse("10.1.2.3")));
    EXPECT_EQ(range("::ffff:10.0.0.0/104").text(), "10.0.0.0/8");
}

TEST(AddressRange, WithBitsBehindTheNetworksSaysWhichNetworkMayBeMeant) {
    EXPECT_EQ(error_of("10.1.2.3/8"),
              "'10.1.2.3/8' has bits behind the first 8; the network is 10.0.0.0/8");
    EXPECT_EQ(error_of("2001:db8::1/32"),
              "'2001:db8::1/32' has bits behind the first 32; the network is 2001:db8::/32");
    EXPECT_EQ(error_of("10.0.0.1/0"),
              "'10.0.0.1/0' has bits behind the first 0; the network is 0.0.0.0/0");
}

TEST(AddressRange, RefusesMoreBitsThanAnAddressHas) {
    EXPECT_EQ(error_of("10.0.0.0/33"),
              "'10.0.0.0/33': behind the slash is how many bits name the network, from 0 to 32");
    EXPECT_EQ(error_of("::/129"),
              "'::/129': behind the slash is how many bits name the network, from 0 to 128");
    for (const char* text : {"10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8x",
                             "10.0.0.0/255.0.0.0", "10.0.0.0/99999999999"}) {
        EXPECT_TRUE(error_of(text).contains("from 0 to 32")) << error_of(text);
    }
}

TEST(AddressRange, RefusesWhatIsNoAddressAndSaysHowToGiveOne) {
    for (const char* text : {"", "/8", "localhost", "10/8", "10.0.0.0-10.0.0.9", "all"}) {
        EXPECT_EQ(error_of(text),
                  "'" + std::string(text) +
                      "' is no network of IPv4 or IPv6 addresses; give one like 10.0.0.0/8, "
                      "192.0.2.7 or 2001:db8::/32");
    }
}

TEST(AddressRange, ReadsAsItIsWritten) {
    for (const char* text : {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.7/32", "2001:db8::/32", "::/0"}) {
        EXPECT_EQ(range(text).text(), text);
    }
}

TEST(AddressRules, LetAllInWhenThereAreNone) {
    const AddressRules rules;
    EXPECT_TRUE(rules.lets_in_all());
    EXPECT_TRUE(rules.let_in(Address::parse("10.0.0.1")));
    EXPECT_TRUE(rules.let_in(std::nullopt));
}

TEST(AddressRules, LetOnlyThoseInThatAreAllowedIfAnyAre) {
    const AddressRules rules({range("10.0.0.0/8"), range("::1")}, {});
    EXPECT_FALSE(rules.lets_in_all());
    EXPECT_TRUE(rules.let_in(Address::parse("10.0.0.1")));
    EXPECT_TRUE(rules.let_in(Address::parse("::1")));
    EXPECT_FALSE(rules.let_in(Address::parse("11.0.0.1")));
    EXPECT_FALSE(rules.let_in(std::nullopt)) << "who it is is not known";
}

TEST(AddressRules, KeepThoseOutThatAreDenied) {
    const AddressRules rules({}, {range("10.0.0.0/8")});
    EXPECT_FALSE(rules.let_in(Address::parse("10.0.0.1")));
    EXPECT_TRUE(rules.let_in(Address::parse("11.0.0.1")));
}

TEST(AddressRules, KeepThoseOutThatAreAllowedAndDenied) {
    const AddressRules rules({range("10.0.0.0/8")}, {range("10.9.0.0/16")});
    EXPECT_TRUE(rules.let_in(Address::parse("10.0.0.1")));
    EXPECT_FALSE(rules.let_in(Address::parse("10.9.0.1")));
}

}  // namespace
}  // namespace torc::net
