#include <torc/http/opening.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace torc::http {
namespace {

using namespace std::string_view_literals;

/// The beginning of what a TLS client sends, as far as the first line feed in it or further.
constexpr std::string_view client_hello =
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x8f\x0a\x51"sv;

TEST(Opening, OfARequestIsHttpHoweverMuchOfItIsThere) {
    for (const std::string_view request :
         {"GET /index.html?q=%20 HTTP/1.1\r\nHost: a\r\n\r\n"sv,
          "\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"sv, "M-SEARCH /\xc3\xa4 HTTP/1.0\r\n\r\n"sv,
          "PRIORITY / HTTP/1.1\r\n"sv, "PRI / HTTP/1.1\r\n"sv, "SSH / HTTP/1.1\r\n"sv}) {
        for (std::size_t bytes = 0; bytes <= request.size(); ++bytes) {
            EXPECT_EQ(opening_of(request.substr(0, bytes)), Opening::http)
                << request.substr(0, bytes);
        }
    }
}

TEST(Opening, OfTlsIsKnownByTwoBytes) {
    for (std::size_t bytes = 2; bytes <= client_hello.size(); ++bytes) {
        EXPECT_EQ(opening_of(client_hello.substr(0, bytes)), Opening::tls) << bytes;
    }
}

TEST(Opening, OfHttp2IsItsPreface) {
    EXPECT_EQ(opening_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Opening::http2);
    EXPECT_EQ(opening_of("PRI * HTTP/2.0\r\n"), Opening::http2);
    EXPECT_EQ(opening_of("PRI * HTTP/2.0"), Opening::http);
}

TEST(Opening, OfSshIsItsIdentification) {
    EXPECT_EQ(opening_of("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), Opening::ssh);
    EXPECT_EQ(opening_of("SSH-"), Opening::ssh);
}

TEST(Opening, OfAnythingElseIsNoneOfThese) {
    for (const std::string_view input : {
             "\x16"sv,                      // Perhaps TLS, and surely no request.
             "\x80\x2e\x01\x03\x01"sv,      // SSL 2.0.
             "\x03\x00\x00\x13\x0e\xe0"sv,  // RDP.
             "\x00\x00\x00\x85\xff"
             "SMB"sv,                   // SMB.
             "\x05\x01\x00"sv,          // SOCKS.
             "*1\r\n$4\r\nPING\r\n"sv,  // Redis.
             "PING\r\n"sv,
             "stats\r\n"sv,
             "get key\r\n"sv,  // Redis, memcached.
             "EHLO example.org\r\n"sv,
             "USER root\r\n"sv,  // SMTP, FTP.
             "{\"id\":1}"sv,
             "<?xml version"sv,
             "\n"sv,
             "\r\r"sv,
             " GET / HTTP/1.1"sv,
             "GET\t/ HTTP/1.1"sv,
             "GET /\x01"sv,
             "GET /\x7f"sv,
             "\r\n\x16"sv,
             "\xff\xfe"sv,
         }) {
        EXPECT_EQ(opening_of(input), Opening::other) << input;
    }
}

TEST(Opening, DoesNotChangeWithWhatFollows) {
    for (const std::string_view input : {"\x80\x2e"sv, "{"sv, "GET /\x01"sv, "SSH-"sv}) {
        const Opening opening = opening_of(input);
        EXPECT_NE(opening, Opening::http);
        for (const std::string_view more : {"x"sv, " HTTP/1.1\r\n"sv, "\r\n\r\n"sv, "\0"sv}) {
            EXPECT_EQ(opening_of(std::string(input) + std::string(more)), opening) << input;
        }
    }
}

TEST(Opening, LooksAtTheBeginningOfALineAlone) {
    EXPECT_EQ(opening_of("GET /" + std::string(100, 'x') + "\x01"), Opening::http);
}

TEST(FirstLine, IsWhatCameBeforeTheLineEnd) {
    EXPECT_EQ(first_line("GET / HTTP/1.1\r\nHost: a\r\n"), "GET / HTTP/1.1");
    EXPECT_EQ(first_line("GET / HT"), "GET / HT");
    EXPECT_EQ(first_line("\r\nGET /\n"), "GET /");
    EXPECT_EQ(first_line("GET /\r"), "GET /");
    EXPECT_EQ(first_line("a\rb\r\n"), "a\rb");
    EXPECT_EQ(first_line("\n"), "");
    EXPECT_EQ(first_line(""), "");
}

}  // namespace
}  // namespace torc::http
