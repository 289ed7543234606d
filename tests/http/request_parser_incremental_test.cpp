#include <torc/base/limits.hpp>
#include <torc/http/request_parser.hpp>

#include "http/parsed_head.hpp"
#include "support/guarded_buffer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

// How the parser behaves while a head arrives in pieces, and where its limits are.

namespace torc::http {
namespace {

using namespace std::string_view_literals;
using test::expect_same;
using test::ParsedHead;

constexpr auto valid_heads = std::to_array<std::string_view>({
    "GET / HTTP/1.1\r\n\r\n",
    "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /a%20b?q=1 HTTP/1.1\r\nHost: www.example.com:8080\r\nUser-Agent:\tcurl/8 \r\nAccept: "
    "*/*\r\n"
    "If-None-Match: \"a\", W/\"b\"\r\nX-Empty:\r\n\r\n",
    "POST http://h/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\nX: \xE4\xF6\xFC\r\n\r\n",
});

constexpr auto malformed_heads = std::to_array<std::string_view>({
    "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/3.1\r\nHost: x\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : x\r\nA: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "GET / HTTP/1.1\r\nA: b\0c\r\nHost : x\r\n\r\n"sv,
    "GET / HTTP/1.1\r\nA: b\n\n",
    "GET / HTTP/1.1\r\nA: \rb\r\nC: d\r\n\r\n",
});

/// A request line of that many bytes, without its CRLF.
std::string request_line(std::size_t bytes) {
    constexpr std::string_view before = "GET /";
    constexpr std::string_view after = " HTTP/1.1";
    return std::string(before) + std::string(bytes - before.size() - after.size(), 'a') +
           std::string(after);
}

/// A head of that many bytes, in many lines, none of them long.
std::string head_of(std::size_t bytes) {
    std::string head = "GET / HTTP/1.1\r\n";
    const std::string line = "X-Padding: " + std::string(487, 'p') + "\r\n";
    while (head.size() + 2 * line.size() < bytes) {
        head += line;
    }
    head += "X-Rest: ";
    head += std::string(bytes - head.size() - 4, 'r');
    head += "\r\n\r\n";
    return head;
}

TEST(RequestParser, CallsEveryProperPrefixOfAValidHeadIncomplete) {
    for (const std::string_view head : valid_heads) {
        for (std::size_t bytes = 0; bytes < head.size(); ++bytes) {
            EXPECT_EQ(ParsedHead(head.substr(0, bytes)).result().state, ParseState::incomplete)
                << head.substr(0, bytes);
        }
        EXPECT_EQ(ParsedHead(head).result().state, ParseState::parsed) << head;
    }
}

TEST(RequestParser, ComesToTheSameResultFromEverySplitPoint) {
    for (const std::string_view head : valid_heads) {
        const ParsedHead whole(head);
        for (std::size_t split = 0; split < head.size(); ++split) {
            expect_same(ParsedHead(head, split), whole);
        }
    }
}

TEST(RequestParser, ComesToTheSameVerdictOnAMalformedHeadFromEverySplitPoint) {
    for (const std::string_view head : malformed_heads) {
        SCOPED_TRACE(head);
        const ParsedHead whole(head);
        ASSERT_EQ(whole.result().state, ParseState::malformed);
        for (std::size_t split = 0; split < head.size(); ++split) {
            const ParsedHead part(head.substr(0, split));
            if (part.result().state == ParseState::incomplete) {
                expect_same(ParsedHead(head, split), whole);
            } else {
                // Decided early: then the same way as with everything at hand.
                expect_same(part, whole);
            }
        }
    }
}

TEST(RequestParser, ReportsAViolationOnceItsLineIsComplete) {
    constexpr std::string_view broken = "GET / HTTP/1.1\r\nHost : x\r\n";
    for (std::size_t bytes = 0; bytes < broken.size(); ++bytes) {
        EXPECT_EQ(ParsedHead(broken.substr(0, bytes)).result().state, ParseState::incomplete);
    }
    EXPECT_EQ(ParsedHead(broken).result().state, ParseState::malformed);
    EXPECT_EQ(ParsedHead(broken, broken.size() - 1).result().state, ParseState::malformed);
}

TEST(RequestParser, IsIncompleteStillWhenNothingCame) {
    constexpr std::string_view part = "GET / HTTP/1.1\r\nHost: x\r\n";
    EXPECT_EQ(ParsedHead("").result().state, ParseState::incomplete);
    EXPECT_EQ(ParsedHead(part, part.size()).result().state, ParseState::incomplete);
}

// Judged lines are read again only when the head is whole: else a head sent byte by byte would cost
// O(n²).
TEST(RequestParser, LeavesJudgedLinesAloneUntilTheHeadIsWhole) {
    const std::string head = head_of(limits::request_head_bytes_default);
    torc::test::GuardedBuffer buffer(head.size());
    const std::string_view input = buffer.place(head);
    Request request;
    const std::size_t first = limits::request_line_bytes_default + 4;
    ASSERT_EQ(parse_request(input.substr(0, first), 0, request).state, ParseState::incomplete);
    for (std::size_t bytes = first + 1; bytes < head.size(); ++bytes) {
        const std::size_t line = input.substr(0, bytes - 1).rfind('\n') + 1;
        buffer.lock_before(input.data() + line);
        ASSERT_EQ(parse_request(input.substr(0, bytes), bytes - 1, request).state,
                  ParseState::incomplete);
    }
    buffer.unlock();
    EXPECT_EQ(parse_request(input, input.size() - 1, request).state, ParseState::parsed);
    EXPECT_EQ(request.head_bytes, head.size());
}

TEST(RequestParser, LeavesTheBytesOfAnUnfinishedLineAloneUntilItEnds) {
    std::string head = "GET / HTTP/1.1\r\nX: ";
    head.resize(limits::request_head_bytes_default - 1, 'x');
    torc::test::GuardedBuffer buffer(head.size());
    const std::string_view input = buffer.place(head);
    Request request;
    for (std::size_t bytes = limits::request_line_bytes_default + 5; bytes <= head.size();
         ++bytes) {
        buffer.lock_before(input.data() + bytes - 1);
        ASSERT_EQ(parse_request(input.substr(0, bytes), bytes - 1, request).state,
                  ParseState::incomplete);
    }
}

TEST(RequestParser, TakesARequestLineOfTheLimit) {
    const std::string line = request_line(limits::request_line_bytes_default);
    const ParsedHead head(line + "\r\n\r\n");
    ASSERT_EQ(head.result().state, ParseState::parsed);
    EXPECT_EQ(head.request().request_line, line);
    EXPECT_EQ(ParsedHead("\r\n" + line + "\r\n\r\n").result().state, ParseState::parsed);
}

TEST(RequestParser, RefusesARequestLineOverTheLimitWith414) {
    const ParsedHead head(request_line(limits::request_line_bytes_default + 1) + "\r\n\r\n");
    EXPECT_EQ(head.result().state, ParseState::malformed);
    EXPECT_EQ(head.result().status, Status::uri_too_long);
}

TEST(RequestParser, RefusesAnEndlessRequestLineAsSoonAsItsEndIsOverdue) {
    const std::string line = "GET /" + std::string(limits::request_line_bytes_default, 'a');
    const std::size_t overdue = limits::request_line_bytes_default + 2;
    EXPECT_EQ(ParsedHead(line.substr(0, overdue - 1)).result().state, ParseState::incomplete);
    for (const std::size_t scanned_bytes : {std::size_t{0}, std::size_t{1}, overdue - 1}) {
        const ParsedHead head(line.substr(0, overdue), scanned_bytes);
        EXPECT_EQ(head.result().state, ParseState::malformed);
        EXPECT_EQ(head.result().status, Status::uri_too_long);
    }
}

TEST(RequestParser, DoesNotCountAnEmptyLineTowardsTheRequestLine) {
    const std::string line = "\r\nGET /" + std::string(limits::request_line_bytes_default, 'a');
    const std::size_t overdue = limits::request_line_bytes_default + 4;
    EXPECT_EQ(ParsedHead(line.substr(0, overdue - 1), overdue - 2).result().state,
              ParseState::incomplete);
    const ParsedHead head(line.substr(0, overdue), overdue - 1);
    EXPECT_EQ(head.result().state, ParseState::malformed);
    EXPECT_EQ(head.result().status, Status::uri_too_long);
}

TEST(RequestParser, TakesAHeadOfTheLimit) {
    const std::string input = head_of(limits::request_head_bytes_default);
    const ParsedHead head(input + "more");
    ASSERT_EQ(head.result().state, ParseState::parsed);
    EXPECT_EQ(head.request().head_bytes, limits::request_head_bytes_default);
}

TEST(RequestParser, RefusesAHeadOverTheLimitWith431) {
    const std::string input = head_of(limits::request_head_bytes_default + 1);
    for (const std::size_t scanned_bytes :
         {std::size_t{0}, limits::request_head_bytes_default - 1}) {
        const ParsedHead head(input, scanned_bytes);
        EXPECT_EQ(head.result().state, ParseState::malformed);
        EXPECT_EQ(head.result().status, Status::request_header_fields_too_large);
    }
}

// Whoever buffers a head of the limit is never asked for more.
TEST(RequestParser, NeverCallsAnInputOfTheHeadLimitIncomplete) {
    std::string endless = "GET / HTTP/1.1\r\nX: ";
    endless.resize(limits::request_head_bytes_default, 'x');
    for (const std::size_t scanned_bytes : {std::size_t{0}, endless.size() - 1}) {
        const ParsedHead head(endless, scanned_bytes);
        EXPECT_EQ(head.result().state, ParseState::malformed);
        EXPECT_EQ(head.result().status, Status::request_header_fields_too_large);
    }
    EXPECT_EQ(ParsedHead(endless.substr(1)).result().state, ParseState::incomplete);
}

TEST(RequestParser, TakesAsManyFieldsAsTheLimit) {
    std::string input = "GET / HTTP/1.1\r\n";
    for (std::size_t i = 0; i < limits::request_fields_default; ++i) {
        input += "A: b\r\n";
    }
    const ParsedHead head(input + "\r\n");
    ASSERT_EQ(head.result().state, ParseState::parsed);
    EXPECT_EQ(head.request().field_count, limits::request_fields_default);
}

TEST(RequestParser, RefusesMoreFieldsThanTheLimitWith431) {
    std::string input = "GET / HTTP/1.1\r\n";
    for (std::size_t i = 0; i < limits::request_fields_default + 1; ++i) {
        input += "A: b\r\n";
    }
    for (const std::size_t scanned_bytes : {std::size_t{0}, std::size_t{40}, input.size()}) {
        const ParsedHead head(input + "\r\n", scanned_bytes);
        EXPECT_EQ(head.result().state, ParseState::malformed);
        EXPECT_EQ(head.result().status, Status::request_header_fields_too_large);
    }
}

// The number of fields is judged at the head's end, so that it is not known too late for a resumed
// parse.
TEST(RequestParser, ReportsAMalformedLineBehindTooManyFields) {
    std::string input = "GET / HTTP/1.1\r\n";
    for (std::size_t i = 0; i < limits::request_fields_default + 1; ++i) {
        input += "A: b\r\n";
    }
    EXPECT_EQ(ParsedHead(input).result().state, ParseState::incomplete);
    const ParsedHead head(input + "A : b\r\n\r\n");
    EXPECT_EQ(head.result().state, ParseState::malformed);
    EXPECT_EQ(head.result().status, Status::bad_request);
}

constexpr ParseLimits small_limits = {.line_bytes_max = 20, .head_bytes_max = 40, .fields_max = 2};

/// What the parser says with small limits, of the whole and from every split point at which it was
/// incomplete.
void expect_small(std::string_view input, ParseState state, Status status) {
    SCOPED_TRACE(input);
    for (std::size_t split = 0; split < input.size(); ++split) {
        const ParsedHead part(input.substr(0, split), 0, small_limits);
        if (part.result().state != ParseState::incomplete) {
            break;
        }
        const ParsedHead whole(input, split, small_limits);
        EXPECT_EQ(whole.result().state, state);
        EXPECT_EQ(whole.result().status, status);
    }
}

TEST(RequestParser, GoesByTheLimitsItIsGiven) {
    constexpr Status none = ParseResult().status;
    expect_small(request_line(20) + "\r\n\r\n", ParseState::parsed, none);
    expect_small(request_line(21) + "\r\n\r\n", ParseState::malformed, Status::uri_too_long);
    expect_small("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n", ParseState::parsed, none);
    expect_small("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", ParseState::malformed,
                 Status::request_header_fields_too_large);
    expect_small("GET / HTTP/1.1\r\nA: 12345678901234567\r\n\r\n", ParseState::parsed, none);
    expect_small("GET / HTTP/1.1\r\nA: 123456789012345678\r\n\r\n", ParseState::malformed,
                 Status::request_header_fields_too_large);
}

TEST(RequestParser, NeverNeedsMoreThanAHeadEvenForALongerRequestLine) {
    constexpr ParseLimits limits = {.line_bytes_max = 30, .head_bytes_max = 20, .fields_max = 2};
    const std::string input = request_line(30) + "\r\n\r\n";
    EXPECT_EQ(ParsedHead(input.substr(0, 19), 0, limits).result().state, ParseState::incomplete);
    for (const std::size_t scanned_bytes : {0U, 1U, 19U}) {
        const ParsedHead head(input.substr(0, 20), scanned_bytes, limits);
        EXPECT_EQ(head.result().state, ParseState::malformed);
        EXPECT_EQ(head.result().status, Status::request_header_fields_too_large);
    }
}

TEST(RequestParser, CanBeGivenLimitsUpToTheirCaps) {
    constexpr ParseLimits caps = {.line_bytes_max = limits::request_line_bytes_cap,
                                  .head_bytes_max = limits::request_head_bytes_cap,
                                  .fields_max = limits::request_fields_cap};
    std::string input = request_line(caps.line_bytes_max) + "\r\n";
    for (std::size_t i = 0; i < caps.fields_max; ++i) {
        input += "A: b\r\n";
    }
    input.insert(input.size() - 2, caps.head_bytes_max - input.size() - 2, 'b');
    const ParsedHead head(input + "\r\n", 0, caps);
    ASSERT_EQ(head.result().state, ParseState::parsed);
    EXPECT_EQ(head.request().head_bytes, caps.head_bytes_max);
    EXPECT_EQ(head.request().field_count, caps.fields_max);
}

TEST(RequestParserDeathTest, IsNotGivenLimitsOverTheirCaps) {
    Request request;
    constexpr ParseLimits limits = {.fields_max = limits::request_fields_cap + 1};
    EXPECT_DEATH((void)parse_request("", 0, request, limits), "request_fields_cap");
}

TEST(RequestParserIncremental, RefusesWhatWasScannedBeyondALimitThatIsLowerByNow) {
    const std::string input = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x');
    Request request;
    const ParseResult result = parse_request(input, input.size() - 1, request,
                                             {.line_bytes_max = 256, .head_bytes_max = 1024});
    EXPECT_EQ(result.state, ParseState::malformed);
    EXPECT_EQ(result.status, Status::request_header_fields_too_large);
}

}  // namespace
}  // namespace torc::http
