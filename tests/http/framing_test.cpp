#include <torc/http/framing.hpp>

#include "http/parsed_head.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace torc::http {
namespace {

using test::ParsedHead;

/// The framing of a request with these field lines (each with its CRLF).
std::expected<Framing, Rejection> framing_of(std::string_view fields,
                                             std::string_view version = "HTTP/1.1") {
    const ParsedHead head("GET / " + std::string(version) + "\r\n" + std::string(fields) + "\r\n");
    EXPECT_EQ(head.result().state, ParseState::parsed) << head.result().reason;
    return determine_framing(head.request());
}

void expect_rejected(std::string_view fields, Status status,
                     std::string_view version = "HTTP/1.1") {
    SCOPED_TRACE(fields);
    const auto framing = framing_of(fields, version);
    ASSERT_FALSE(framing);
    EXPECT_EQ(framing.error().status, status);
    EXPECT_FALSE(framing.error().reason.empty());
}

TEST(Framing, IsPersistentWithoutABodyByDefaultIn11) {
    const auto framing = framing_of("Host: x\r\n");
    ASSERT_TRUE(framing);
    EXPECT_EQ(framing->body, BodyKind::none);
    EXPECT_TRUE(framing->persistent);
}

// RFC 9112 §3.2: a 1.1 request without Host, with several or with an invalid one is answered with
// 400.
TEST(Framing, RejectsA11RequestWithoutHost) {
    expect_rejected("", Status::bad_request);
    expect_rejected("Accept: */*\r\n", Status::bad_request);
}

TEST(Framing, NeedsNoHostIn10) {
    EXPECT_TRUE(framing_of("", "HTTP/1.0"));
}

TEST(Framing, RejectsASecondHost) {
    expect_rejected("Host: x\r\nHost: x\r\n", Status::bad_request);
    expect_rejected("Host: x\r\nHost: y\r\n", Status::bad_request, "HTTP/1.0");
}

void expect_host(std::string_view host) {
    EXPECT_TRUE(framing_of("Host: " + std::string(host) + "\r\n")) << host;
}

void expect_no_host(std::string_view host) {
    expect_rejected("Host: " + std::string(host) + "\r\n", Status::bad_request);
}

TEST(Framing, AcceptsValidHosts) {
    for (const std::string_view host :
         {"", "localhost", "www.example.com", "www.example.com.", "127.0.0.1", "999.999.999.999",
          "a_b", "xn--bcher-kva.example", "a!$&'()*+,;=b", "-._~", "%41", "%c3%A4.example",
          "a%20b"}) {
        expect_host(host);
    }
}

TEST(Framing, RejectsInvalidHosts) {
    for (const std::string_view host : {"a b", "a/b", "a\\b", "user@host", "a,b c", "a?b", "a#b",
                                        "<a>", "\"a\"", "a^b", "a|b", "\xC3\xA4.example"}) {
        expect_no_host(host);
    }
}

// RFC 3986 §2.1.
TEST(Framing, RejectsHostsWithInvalidEscapes) {
    for (const std::string_view host : {"%", "a%", "a%4", "%4g", "%g4", "%%41", "a%4:80", "%:80"}) {
        expect_no_host(host);
    }
}

TEST(Framing, ReadsPorts) {
    for (const std::string_view host :
         {"example.com:80", "example.com:", "127.0.0.1:8080", "[::1]:443", "[::1]:", "a:0",
          "a:65535", "a:0000000065535"}) {
        expect_host(host);
    }
    for (const std::string_view host :
         {":80", ":", "host:80a", "host:80:80", "host:-1", "host:+1", "host: 80", "host:0x50",
          "host:65536", "host:99999999999999999999", "[::1]80", "[::1]x:80", "[::1]:65536"}) {
        expect_no_host(host);
    }
}

// RFC 3986 §3.2.2.
TEST(Framing, AcceptsValidIpLiterals) {
    for (const std::string_view host :
         {"[::]", "[::1]", "[1::]", "[1::8]", "[1:2:3:4:5:6:7:8]", "[::2:3:4:5:6:7:8]",
          "[1:2:3:4:5:6:7::]", "[1:2:3::7:8]", "[2001:DB8::abcd]", "[0000::FFFF]", "[::192.0.2.1]",
          "[::ffff:255.255.255.255]", "[1:2:3:4:5:6:0.0.0.0]", "[1:2:3:4:5::10.99.100.200]",
          "[v1.a]", "[VFF.a:b!]", "[v1F.-._~:]"}) {
        expect_host(host);
    }
}

TEST(Framing, RejectsInvalidIpLiterals) {
    for (const std::string_view host : {"[]",
                                        "[",
                                        "[::1",
                                        "::1",
                                        "[[::1]]",
                                        "[/]",
                                        "[:]",
                                        "[:::]",
                                        "[1]",
                                        "[1:]",
                                        "[:1]",
                                        "[::1:]",
                                        "[1:::2]",
                                        "[1::2::3]",
                                        "[::1::]",
                                        "[1:2:3:4:5:6:7]",
                                        "[12345::]",
                                        "[g::]",
                                        "[1:2:3:4:5:6:7:8:9]",
                                        "[1:2:3:4:5:6:7:8::]",
                                        "[::1:2:3:4:5:6:7:8]",
                                        "[127.0.0.1]",
                                        "[::1.2.3]",
                                        "[::1.2.3.4.5]",
                                        "[::1.2.3.256]",
                                        "[::01.2.3.4]",
                                        "[::1.2.3.]",
                                        "[::.1.2.3]",
                                        "[::1.2.3.4:5]",
                                        "[1:2:3:4:5:6:7:1.2.3.4]",
                                        "[1:2:3:4:5:6::1.2.3.4]",
                                        "[::1.2.3.+4]",
                                        "[::1%25eth0]",
                                        "[::1%eth0]",
                                        "[v.a]",
                                        "[v1.]",
                                        "[v1]",
                                        "[vg.a]",
                                        "[1.a]",
                                        "[v1.a/b]",
                                        "[v1.%41]",
                                        "[ ::1]"}) {
        expect_no_host(host);
    }
}

TEST(Framing, ReadsContentLength) {
    struct Case {
        std::string_view text;
        std::uint64_t length;
    };
    constexpr auto cases = std::to_array<Case>({
        {"1", 1},
        {"42", 42},
        {"0000000000000000000000000042", 42},
        {"9223372036854775807", 9'223'372'036'854'775'807},
    });
    for (const Case& test : cases) {
        const auto framing =
            framing_of("Host: x\r\nContent-Length: " + std::string(test.text) + "\r\n");
        ASSERT_TRUE(framing) << test.text;
        EXPECT_EQ(framing->body, BodyKind::content_length);
        EXPECT_EQ(framing->content_length, test.length);
    }
}

TEST(Framing, SeesNoBodyInAContentLengthOfZero) {
    const auto framing = framing_of("Host: x\r\nContent-Length: 0\r\n");
    ASSERT_TRUE(framing);
    EXPECT_EQ(framing->body, BodyKind::none);
}

// RFC 9112 §6.3, 5: an invalid Content-Length is an unrecoverable error.
TEST(Framing, RejectsContentLengthsThatAreNotOnePlainNumber) {
    for (const std::string_view text :
         {"", "-1", "+1", "1.0", "0x10", "1e3", "1 2", "1,1", "1, 1", "a", "1a", "\"1\"",
          "9223372036854775808", "18446744073709551616", "99999999999999999999999999"}) {
        expect_rejected("Host: x\r\nContent-Length: " + std::string(text) + "\r\n",
                        Status::bad_request);
    }
}

TEST(Framing, RejectsARepeatedContentLengthEvenWhenEqual) {
    expect_rejected("Host: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n", Status::bad_request);
}

TEST(Framing, RecognisesAChunkedBody) {
    for (const std::string_view text : {"chunked", "Chunked", "CHUNKED", ", chunked ,"}) {
        const auto framing =
            framing_of("Host: x\r\nTransfer-Encoding: " + std::string(text) + "\r\n");
        ASSERT_TRUE(framing) << text;
        EXPECT_EQ(framing->body, BodyKind::chunked);
    }
}

// RFC 9112 §6.1: "the server ought to handle that as an error": both is how requests are smuggled.
TEST(Framing, RejectsTransferEncodingBesideContentLength) {
    expect_rejected("Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                    Status::bad_request);
    expect_rejected("Host: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n",
                    Status::bad_request);
}

// RFC 9112 §6.1: "MUST treat the message as if the framing is faulty".
TEST(Framing, RejectsTransferEncodingIn10) {
    expect_rejected("Host: x\r\nTransfer-Encoding: chunked\r\n", Status::bad_request, "HTTP/1.0");
}

// RFC 9112 §6.3, 4: where chunked is not the final coding the length of a request can't be known.
TEST(Framing, RejectsCodingsThatDoNotEndWithChunked) {
    for (const std::string_view text :
         {"", ",", "gzip", "identity", "chunked, gzip", "xchunked", "chunkedx", "chunked;a=b",
          "\"chunked\"", "chunk ed", "chunked\tx"}) {
        expect_rejected("Host: x\r\nTransfer-Encoding: " + std::string(text) + "\r\n",
                        Status::bad_request);
    }
}

// RFC 9112 §7: "A sender MUST NOT apply the chunked transfer coding more than once".
TEST(Framing, RejectsChunkedTwice) {
    expect_rejected("Host: x\r\nTransfer-Encoding: chunked, chunked\r\n", Status::bad_request);
    expect_rejected("Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                    Status::bad_request);
}

// RFC 9112 §6.1: an unknown transfer coding is answered with 501.
TEST(Framing, RejectsOtherCodingsBeforeChunkedWith501) {
    expect_rejected("Host: x\r\nTransfer-Encoding: gzip, chunked\r\n", Status::not_implemented);
    expect_rejected("Host: x\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
                    Status::not_implemented);
}

// RFC 9110 §10.1.1.
TEST(Framing, KnowsTheOneExpectationThereIs) {
    EXPECT_FALSE(framing_of("Host: x\r\n")->expects_continue);
    EXPECT_FALSE(framing_of("Host: x\r\nExpect:\r\n")->expects_continue);
    EXPECT_TRUE(framing_of("Host: x\r\nExpect: 100-continue\r\n")->expects_continue);
    EXPECT_TRUE(framing_of("Host: x\r\nExpect: 100-Continue\r\n")->expects_continue);
}

// RFC 9110 §10.1.1: a server that receives it in an HTTP/1.0 request MUST ignore it.
TEST(Framing, IgnoresAnExpectationOf100In10) {
    const auto framing = framing_of("Expect: 100-continue\r\n", "HTTP/1.0");
    ASSERT_TRUE(framing);
    EXPECT_FALSE(framing->expects_continue);
}

TEST(Framing, RejectsOtherExpectationsWith417) {
    expect_rejected("Host: x\r\nExpect: 200-ok\r\n", Status::expectation_failed);
    expect_rejected("Host: x\r\nExpect: 100-continue, more\r\n", Status::expectation_failed);
    expect_rejected("Host: x\r\nExpect: 100-continue\r\nExpect: more\r\n",
                    Status::expectation_failed);
}

// RFC 9112 §9.3, in the order that it gives.
TEST(Framing, DecidesPersistence) {
    struct Case {
        std::string_view version;
        std::string_view connection;
        bool persistent;
    };
    constexpr auto cases = std::to_array<Case>({
        {"HTTP/1.1", "keep-alive", true},
        {"HTTP/1.1", "close", false},
        {"HTTP/1.1", "Close", false},
        {"HTTP/1.1", "upgrade, close", false},
        {"HTTP/1.1", "upgrade,\tclose ,", false},
        {"HTTP/1.1", "keep-alive, close", false},
        {"HTTP/1.1", "closed", true},
        {"HTTP/1.1", "", true},
        {"HTTP/1.0", "", false},
        {"HTTP/1.0", "keep-alive", true},
        {"HTTP/1.0", "Keep-Alive, TE", true},
        {"HTTP/1.0", "keep-alive, close", false},
        {"HTTP/1.0", "upgrade", false},
        {"HTTP/1.2", "", true},
    });
    for (const Case& test : cases) {
        const auto framing = framing_of(
            "Host: x\r\nConnection: " + std::string(test.connection) + "\r\n", test.version);
        ASSERT_TRUE(framing);
        EXPECT_EQ(framing->persistent, test.persistent) << test.version << " " << test.connection;
    }
}

TEST(Framing, LooksAtEveryConnectionField) {
    const auto framing = framing_of("Host: x\r\nConnection: upgrade\r\nConnection: close\r\n");
    ASSERT_TRUE(framing);
    EXPECT_FALSE(framing->persistent);
}

}  // namespace
}  // namespace torc::http
