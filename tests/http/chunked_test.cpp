#include <torc/base/limits.hpp>
#include <torc/http/chunked.hpp>

#include "support/guarded_buffer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace torc::http {
namespace {

using namespace std::string_view_literals;

/// A body fed whole, where it ends right before a guard page.
struct Decoded {
    explicit Decoded(std::string_view body) {
        torc::test::GuardedBuffer buffer(body.size());
        result = decoder.feed(buffer.place(body));
    }

    ChunkedDecoder decoder;
    ChunkedDecoder::Result result;
};

void expect_finished(std::string_view body, std::uint64_t content_bytes) {
    SCOPED_TRACE(body.substr(0, 80));
    const Decoded decoded(body);
    EXPECT_EQ(decoded.result.state, ChunkedState::finished) << decoded.decoder.reason();
    EXPECT_EQ(decoded.result.bytes, body.size());
    EXPECT_EQ(decoded.decoder.content_bytes(), content_bytes);
}

/// That `valid` is no body yet, and that what follows it makes it a malformed one.
struct MalformedCase {
    std::string_view valid;
    std::string_view offending;
};

void expect_malformed(const MalformedCase& test) {
    const std::string body = std::string(test.valid) + std::string(test.offending);
    SCOPED_TRACE(body.substr(0, 80));
    const Decoded decoded(body);
    EXPECT_EQ(decoded.result.state, ChunkedState::malformed);
    EXPECT_EQ(decoded.result.bytes, test.valid.size());
    EXPECT_FALSE(decoded.decoder.reason().empty());
}

constexpr std::string_view long_body =
    "5\r\nhello\r\n00A ; a=b;c; d = \"e\\\"f,;\\\\\" ;g\r\n0123456789\r\n00\r\nX-A: "
    "b\r\nY:\r\n\r\n";

// RFC 9112 §7.1.
TEST(ChunkedDecoder, FindsTheEndOfABody) {
    expect_finished("0\r\n\r\n", 0);
    expect_finished("5\r\nhello\r\n0\r\n\r\n", 5);
    expect_finished("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", 3);
    expect_finished(long_body, 15);
}

TEST(ChunkedDecoder, LeavesWhatFollowsTheBody) {
    const Decoded decoded("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n");
    EXPECT_EQ(decoded.result.state, ChunkedState::finished);
    EXPECT_EQ(decoded.result.bytes, "1\r\na\r\n0\r\n\r\n"sv.size());
}

TEST(ChunkedDecoder, TakesAnyByteAsContent) {
    std::string content;
    for (unsigned byte = 0; byte < 256; ++byte) {
        content += static_cast<char>(byte);
    }
    expect_finished("100\r\n" + content + "\r\n0\r\n\r\n", 256);
    expect_finished("7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", 7);
}

TEST(ChunkedDecoder, ReadsSizesInHexadecimalOfEitherCase) {
    expect_finished("a\r\n0123456789\r\n0\r\n\r\n", 10);
    expect_finished("A\r\n0123456789\r\n0\r\n\r\n", 10);
    expect_finished("1f\r\n" + std::string(0x1F, 'x') + "\r\n0\r\n\r\n", 0x1F);
    expect_finished("00a\r\n0123456789\r\n000\r\n\r\n", 10);
}

TEST(ChunkedDecoder, CountsTheContentThatCame) {
    const Decoded decoded("3\r\nabc\r\nffffffff\r\nde");
    EXPECT_EQ(decoded.result.state, ChunkedState::incomplete);
    EXPECT_EQ(decoded.decoder.content_bytes(), 5U);
}

TEST(ChunkedDecoder, CallsEveryProperPrefixOfABodyIncomplete) {
    for (std::size_t bytes = 0; bytes < long_body.size(); ++bytes) {
        const Decoded decoded(long_body.substr(0, bytes));
        EXPECT_EQ(decoded.result.state, ChunkedState::incomplete) << decoded.decoder.reason();
        EXPECT_EQ(decoded.result.bytes, bytes);
    }
}

TEST(ChunkedDecoder, GoesOnFromEverySplitPoint) {
    for (std::size_t split = 0; split < long_body.size(); ++split) {
        Decoded decoded(long_body.substr(0, split));
        const auto rest = decoded.decoder.feed(long_body.substr(split));
        EXPECT_EQ(rest.state, ChunkedState::finished);
        EXPECT_EQ(rest.bytes, long_body.size() - split);
        EXPECT_EQ(decoded.decoder.content_bytes(), 15U);
    }
}

TEST(ChunkedDecoder, RejectsSizesThatAreNotHexadecimalDigitsAlone) {
    constexpr auto cases = std::to_array<MalformedCase>({
        {"", "\r\n"},
        {"", "\n"},
        {"", ";a\r\n"},
        {"", " 5\r\n"},
        {"", "\t5\r\n"},
        {"", "+5\r\n"},
        {"", "-5\r\n"},
        {"", "g\r\n"},
        {"0", "x5\r\n"},
        {"5", "h\r\n"},
        {"5", ".0\r\n"},
        {"5", "_0\r\n"},
        {"5", ",5\r\n"},
        {"5", "\0\r\n"sv},
        {"1\r\na\r\n", "\r\n"},
    });
    for (const MalformedCase& test : cases) {
        expect_malformed(test);
    }
}

// RFC 9112 §7.1: "Recipients MUST anticipate potentially large hexadecimal numerals".
TEST(ChunkedDecoder, RejectsSizesBeyondTheLargestFile) {
    EXPECT_EQ(Decoded("7fffffffffffffff\r\n").result.state, ChunkedState::incomplete);
    EXPECT_EQ(Decoded("0007FFFFFFFFFFFFFFF\r\n").result.state, ChunkedState::incomplete);
    expect_malformed({.valid = "800000000000000", .offending = "0\r\n"});
    expect_malformed({.valid = "fffffffffffffff", .offending = "f\r\n"});
    expect_malformed({.valid = "1000000000000000", .offending = "0\r\n"});
}

// RFC 9112 §7.1.1.
TEST(ChunkedDecoder, SkipsExtensions) {
    for (const std::string_view extensions :
         {";a", ";a=b", ";a;b;c", ";a=b;c=d", " ;a", "\t; a", "; a", ";a =b", ";a= b", ";a \t=\t b",
          ";a=\"\"", ";a=\"b\"", ";a=\"b;c,d=e\"", ";a=\"\\\"\"", ";a=\"\\\\\"",
          ";a=\"\xE4\\\xE4\"", ";a=\"b\" ;c", ";a ;b", ";!#$%&'*+-.^_`|~09aZ=!"}) {
        expect_finished(
            "1" + std::string(extensions) + "\r\na\r\n0" + std::string(extensions) + "\r\n\r\n", 1);
    }
}

TEST(ChunkedDecoder, RejectsInvalidExtensions) {
    constexpr auto cases = std::to_array<MalformedCase>({
        {"1 ", "\r\na"},     {"1 ", "a\r\n"},          {"1 ", "=a\r\n"},
        {"1;", "\r\na"},     {"1; ", "\r\na"},         {"1;", ";a\r\n"},
        {"1;", "=a\r\n"},    {"1;", "\"a\"\r\n"},      {"1;a ", "\r\na"},
        {"1;a ", "b\r\n"},   {"1;a=", "\r\na"},        {"1;a= ", "\r\na"},
        {"1;a=", ";b\r\n"},  {"1;a=b", "=c\r\n"},      {"1;a=b ", "\r\n"},
        {"1;a=b ", "c\r\n"}, {"1;a=\"b\"", "c\r\n"},   {"1;a=\"b\" ", "\r\n"},
        {"1;a=\"b", "\r\n"}, {"1;a=\"b\\", "\r\n"},    {"1;a=\"b", "\n\"\r\n"},
        {"1;a", "\0\r\n"sv}, {"1;a=\"", "\x7F\"\r\n"}, {"1;a=\"\\", "\0\"\r\n"sv},
    });
    for (const MalformedCase& test : cases) {
        expect_malformed(test);
    }
}

// RFC 9112 §2.2: a bare CR must not end a line; that a bare LF may is a liberty torc does not take.
TEST(ChunkedDecoder, RejectsLinesThatDoNotEndInCrlf) {
    constexpr auto cases = std::to_array<MalformedCase>({
        {"1", "\na\r\n"},
        {"1\r", "a\r\n"},
        {"1\r", "\r\na\r\n"},
        {"1;a", "\na\r\n"},
        {"1;a=b\r", "a\r\n"},
        {"1\r\na", "\n0\r\n\r\n"},
        {"1\r\na\r", "0\r\n\r\n"},
        {"1\r\na", "b\r\n"},
        {"1\r\na", "0\r\n\r\n"},
        {"0", "\n\n"},
        {"0\r\n", "\n"},
        {"0\r\n\r", "\r\n"},
        {"0\r\n\r", "a"},
        {"0\r\nA: b", "\n\r\n"},
        {"0\r\nA: b\r", "c\r\n"},
        {"0\r\nA: b\r\n", "\n"},
    });
    for (const MalformedCase& test : cases) {
        expect_malformed(test);
    }
}

// RFC 9112 §7.1.2.
TEST(ChunkedDecoder, SkipsTrailerFields) {
    for (const std::string_view trailer :
         {"A:\r\n", "A: \r\n", "A:b\r\n", "A: b c\t\r\n", "A: \xC3\xA4\r\n", "A::\r\n",
          "A: b\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"}) {
        expect_finished("0\r\n" + std::string(trailer) + "\r\n", 0);
    }
}

// RFC 9112 §5: as in a head.
TEST(ChunkedDecoder, RejectsInvalidTrailerFields) {
    constexpr auto cases = std::to_array<MalformedCase>({
        {"0\r\n", ": b\r\n"},
        {"0\r\n", " A: b\r\n"},
        {"0\r\nA", " : b\r\n"},
        {"0\r\nA", "\t: b\r\n"},
        {"0\r\nA: b\r\n", " c\r\n"},
        {"0\r\nA: b\r\n", "\tc\r\n"},
        {"0\r\nA", "\r\n\r\n"},
        {"0\r\nA", "\"b: c\r\n"},
        {"0\r\nA", "\xC3\xA4: b\r\n"},
        {"0\r\nA: ", "\0\r\n"sv},
        {"0\r\nA: ", "\x7F\r\n"},
        {"0\r\nA: b", "\x1B\r\n"},
        {"0\r\nA", "\0: b\r\n"sv},
        {"0\r\nGET", " / HTTP/1.1\r\n"},
    });
    for (const MalformedCase& test : cases) {
        expect_malformed(test);
    }
}

TEST(ChunkedDecoder, BoundsTheExtensionsOfAllChunksTogether) {
    const std::string half = ";" + std::string(limits::chunk_extension_bytes_max / 2 - 1, 'a');
    const std::string two_chunks = "1" + half + "\r\nx\r\n1" + half;
    expect_finished(two_chunks + "\r\nx\r\n0\r\n\r\n", 2);
    expect_malformed({.valid = two_chunks, .offending = "a\r\nx\r\n0\r\n\r\n"});
    expect_malformed({.valid = two_chunks + "\r\nx\r\n0", .offending = ";a\r\n\r\n"});
}

TEST(ChunkedDecoder, BoundsLeadingZerosLikeExtensions) {
    const std::string zeros(limits::chunk_extension_bytes_max, '0');
    expect_finished(zeros + "1\r\nx\r\n0\r\n\r\n", 1);
    expect_malformed({.valid = zeros + "0", .offending = "1\r\n"});
    expect_malformed({.valid = zeros + "1", .offending = ";a\r\n"});
}

TEST(ChunkedDecoder, BoundsTheTrailerSection) {
    const std::string_view before = "0\r\n";
    const std::string_view after = "\r\n\r\n";
    std::string body = std::string(before) + "A:";
    body.resize(before.size() + limits::trailer_bytes_max - after.size(), 'b');
    expect_finished(body + std::string(after), 0);
    expect_malformed({.valid = body + "b\r\n\r", .offending = "\n"});
    const std::string endless(limits::trailer_bytes_max, 'A');
    expect_malformed({.valid = std::string(before) + endless, .offending = "A"});
}

TEST(ChunkedDecoderDeathTest, IsNotFedBeyondTheEnd) {
    ChunkedDecoder finished;
    (void)finished.feed("0\r\n\r\n");
    EXPECT_DEATH((void)finished.feed(""), "place_");
    ChunkedDecoder malformed;
    (void)malformed.feed("x");
    EXPECT_DEATH((void)malformed.feed("0"), "place_");
}

}  // namespace
}  // namespace torc::http
