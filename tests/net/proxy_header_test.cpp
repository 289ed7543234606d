#include <torc/net/address_range.hpp>
#include <torc/net/proxy_header.hpp>

#include "support/guarded_buffer.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace torc::net {
namespace {

using State = ProxyHeader::State;

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

/// The octets that hexadecimal digits stand for; spaces count for nothing.
std::string octets(std::string_view digits) {
    std::string bytes;
    std::string pair;
    for (const char digit : digits) {
        if (digit != ' ') {
            pair += digit;
        }
        if (pair.size() == 2) {
            bytes += static_cast<char>(std::stoi(pair, nullptr, 16));
            pair.clear();
        }
    }
    return bytes;
}

// As HAProxy 2.6 sends them.
const std::string text_ipv4 = "PROXY TCP4 127.0.0.1 127.0.0.1 58856 31650\r\n";
const std::string text_ipv6 = "PROXY TCP6 ::1 ::1 34198 31650\r\n";
const std::string binary_ipv4 = signature + octets("21 11 000c 7f000001 7f000001 bf5a 7ba3");
const std::string binary_ipv6 = signature + octets(
                                                "21 21 0024 00000000000000000000000000000001"
                                                "00000000000000000000000000000001 c762 7ba3");
const std::string binary_checked =
    signature + octets("21 11 0013 7f000001 7f000001 e734 7ba4 03 0004 32ca3405");
const std::string binary_local = signature + octets("20 00 0000");

/// A version 2 header of IPv4 addresses with what follows them.
std::string with_extensions(std::string_view digits) {
    const std::string extensions = octets(digits);
    const std::size_t bytes = 12 + extensions.size();
    std::string length = {static_cast<char>(bytes >> 8U), static_cast<char>(bytes & 0xffU)};
    return signature + octets("21 11") + length + octets("c0000201 c0000202 0050 0051") +
           extensions;
}

std::string client_of(const std::string& header) {
    const ProxyHeader parsed = parse_proxy_header(header);
    EXPECT_EQ(parsed.state, State::parsed) << parsed.error;
    EXPECT_EQ(parsed.bytes, header.size());
    return parsed.client ? parsed.client->host_and_port() : "none";
}

TEST(ProxyHeader, NamesTheClient) {
    EXPECT_EQ(client_of(text_ipv4), "127.0.0.1:58856");
    EXPECT_EQ(client_of(text_ipv6), "[::1]:34198");
    EXPECT_EQ(client_of(binary_ipv4), "127.0.0.1:48986");
    EXPECT_EQ(client_of(binary_ipv6), "[::1]:51042");
    EXPECT_EQ(client_of(binary_checked), "127.0.0.1:59188");
    EXPECT_EQ(client_of("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n"), "255.255.255.255:65535");
}

TEST(ProxyHeader, MayNameNoClient) {
    EXPECT_EQ(client_of(binary_local), "none");
    EXPECT_EQ(client_of("PROXY UNKNOWN\r\n"), "none");
    EXPECT_EQ(client_of("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"), "none");
    EXPECT_EQ(client_of("PROXY UNKNOWN whatever \1\r\n"), "none");
    EXPECT_EQ(client_of(signature + octets("20 11 000c c0000201 c0000202 0050 0051")), "none")
        << "the proxy speaks for itself";
    EXPECT_EQ(client_of(signature + octets("21 00 0000")), "none");
    EXPECT_EQ(client_of(signature + octets("21 31 00d8") + std::string(216, '\0')), "none")
        << "Unix-domain sockets";
}

TEST(ProxyHeader, EndsBeforeWhatTheClientSends) {
    const std::string request = "GET / HTTP/1.1\r\n\r\n";
    for (const std::string& header :
         {text_ipv4, text_ipv6, binary_ipv4, binary_ipv6, binary_checked, binary_local}) {
        const ProxyHeader parsed = parse_proxy_header(header + request);
        EXPECT_EQ(parsed.state, State::parsed);
        EXPECT_EQ(parsed.bytes, header.size());
    }
}

TEST(ProxyHeader, IsWaitedForAtEachOfItsBytes) {
    torc::test::GuardedBuffer memory(proxy_header_bytes_max);
    for (const std::string& header :
         {text_ipv4, text_ipv6, binary_ipv4, binary_ipv6, binary_checked, binary_local,
          std::string("PROXY UNKNOWN\r\n"), with_extensions("04 0003 000000")}) {
        for (std::size_t bytes = 0; bytes < header.size(); ++bytes) {
            const std::string_view part = memory.place(std::string_view(header).substr(0, bytes));
            EXPECT_EQ(parse_proxy_header(part).state, State::incomplete) << bytes;
        }
    }
}

TEST(ProxyHeader, IsRefusedAtTheFirstByteThatIsNone) {
    for (const std::string& input :
         {std::string("GET / HTTP/1.1\r\n"), std::string("G"), std::string("PROXX"),
          std::string("\r\n\r\nG"), std::string("\x16\x03\x01"), std::string("proxy TCP4")}) {
        EXPECT_EQ(parse_proxy_header(input).state, State::malformed) << input;
    }
}

TEST(ProxyHeader, OfVersion1HasTwoAddressesAndPortsOfItsFamily) {
    for (const char* const line :
         {"TCP4 127.0.0.1 127.0.0.1 58856",
          "TCP4 127.0.0.1 127.0.0.1 58856 31650 1",
          "TCP4 127.0.0.1 127.0.0.1 58856 31650 ",
          "TCP4 ::1 ::1 1 2",
          "TCP6 127.0.0.1 ::1 1 2",
          "TCP4 127.0.0.1 127.0.0.1 65536 1",
          "TCP4 127.0.0.1 127.0.0.1 1 65536",
          "TCP4 127.0.0.1 127.0.0.1 -1 1",
          "TCP4 127.0.0.1 127.0.0.1 01 1",
          "TCP4 127.0.0.1 127.0.0.1 1 ",
          "TCP4 127.0.0.1  127.0.0.1 1 2",
          "TCP4 127.1 127.0.0.1 1 2",
          "TCP4 127.0.0.01 127.0.0.1 1 2",
          "TCP4 localhost 127.0.0.1 1 2",
          "TCP4  ",
          "TCP4",
          "TCP5 a",
          "UNKNOWNX",
          "",
          "UDP4 127.0.0.1 127.0.0.1 1 2",
          "TCP4\t127.0.0.1 127.0.0.1 1 2",
          "TCP6 ::1%lo ::1 1 2",
          "TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::1 1 2"}) {
        EXPECT_EQ(parse_proxy_header(std::string("PROXY ") + line + "\r\n").state, State::malformed)
            << line;
    }
}

TEST(ProxyHeader, RefusesAnAddressWithANulInIt) {
    using namespace std::string_literals;
    EXPECT_EQ(parse_proxy_header("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 80\r\n"s).state,
              State::malformed);
}

TEST(ProxyHeader, OfVersion1Has107BytesAtTheMost) {
    const std::string longest = "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n";
    ASSERT_EQ(longest.size(), 107U);
    EXPECT_EQ(client_of(longest), "none");
    const std::string longer = "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n";
    EXPECT_EQ(parse_proxy_header(longer).state, State::malformed);
    EXPECT_EQ(parse_proxy_header(longer.substr(0, 106)).state, State::incomplete);
    EXPECT_EQ(parse_proxy_header(longer.substr(0, 107)).state, State::malformed)
        << "nothing that may come makes it right";
}

TEST(ProxyHeader, OfVersion2HasAKnownVersionCommandAndConnection) {
    for (const char* const fixed : {"11 11", "31 11", "22 11", "2f 11", "21 12", "21 22", "21 41",
                                    "21 13", "21 01", "21 ff"}) {
        EXPECT_EQ(parse_proxy_header(signature + octets(fixed) +
                                     octets("000c c0000201 c0000202 0050 0051"))
                      .state,
                  State::malformed)
            << fixed;
    }
}

TEST(ProxyHeader, OfVersion2IsNotShorterThanItsAddresses) {
    EXPECT_EQ(parse_proxy_header(signature + octets("21 11 000b") + std::string(11, '\0')).state,
              State::malformed);
    EXPECT_EQ(parse_proxy_header(signature + octets("21 21 0023") + std::string(35, '\0')).state,
              State::malformed);
    EXPECT_EQ(parse_proxy_header(signature + octets("21 31 00d7") + std::string(215, '\0')).state,
              State::malformed);
}

TEST(ProxyHeader, OfVersion2Has512BytesBehindItsFixedPartAtTheMost) {
    // One extension that takes all that is left of them.
    const std::string longest = with_extensions("04 01f1" + std::string(2 * 497, '0'));
    ASSERT_EQ(longest.size(), proxy_header_bytes_max);
    EXPECT_EQ(client_of(longest), "192.0.2.1:80");
    EXPECT_EQ(parse_proxy_header(signature + octets("21 11 0201")).state, State::malformed)
        << "before the rest has come";
}

TEST(ProxyHeader, MayHaveExtensionsThatEndWhereItDoes) {
    EXPECT_EQ(client_of(with_extensions("04 0000")), "192.0.2.1:80");
    EXPECT_EQ(client_of(with_extensions("01 0002 6832 02 0001 61 ee 0000")), "192.0.2.1:80");
    for (const char* const extensions : {"04", "04 00", "04 0001", "04 ffff 00", "04 0000 04"}) {
        EXPECT_EQ(parse_proxy_header(with_extensions(extensions)).state, State::malformed)
            << extensions;
    }
}

TEST(ProxyHeader, HasARightChecksumIfAny) {
    for (std::size_t bit = 0; bit < 8 * binary_checked.size(); ++bit) {
        std::string changed = binary_checked;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        constexpr std::size_t type_offset = 28;
        if (bit / 8 != type_offset) {  // With another type it has no checksum.
            EXPECT_FALSE(parse_proxy_header(changed).client) << bit;
        }
    }
    EXPECT_EQ(parse_proxy_header(with_extensions("03 0003 000000")).state, State::malformed);
}

}  // namespace
}  // namespace torc::net
