#include <torc/http/conditional.hpp>
#include <torc/http/date.hpp>
#include <torc/http/framing.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/http/negotiation.hpp>
#include <torc/http/range.hpp>
#include <torc/http/request_parser.hpp>
#include <torc/http/target.hpp>

#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace torc::http {
namespace {

TEST(Http, AnswersARequestWithoutAllocating) {
    constexpr std::string_view input =
        "GET /a/%2e%2e/%E4?q HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n"
        "If-None-Match: \"a\", \"b\"\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Range: bytes=0-1\r\nAccept-Encoding: gzip, br;q=0.5\r\nAccept: a/b;c=\"d\", */*\r\n\r\n";
    static Request request;
    std::array<char, limits::request_line_bytes_default> scratch;
    std::array<char, 1024> head;
    const Validators validators{.etag = "\"c\"", .last_modified = {}};

    const auto before = torc::test::allocations_of_this_thread();
    const ParseResult parsed = parse_request(input, 0, request);
    const auto framing = determine_framing(request);
    const auto target = resolve_target(request.target, scratch);
    const Precondition precondition = evaluate_preconditions(request, validators, {});
    const bool holds = if_range_holds(request, validators, {});
    RangeSet ranges;
    const RangeOutcome outcome = select_ranges(request.value(FieldName::range), 10, ranges);
    const Qualities qualities = coding_qualities(request);
    const TypeQuality type = type_quality(request, "text/html");
    HeadWriter writer(head);
    writer.append_path_encoded(target->path);
    writer.append_query(target->query);
    const DateText date = format_date({});
    const auto allocations = torc::test::allocations_of_this_thread() - before;

    EXPECT_EQ(allocations, 0U);
    EXPECT_EQ(parsed.state, ParseState::parsed);
    EXPECT_TRUE(framing);
    EXPECT_EQ(precondition, Precondition::passed);
    EXPECT_FALSE(holds);
    EXPECT_EQ(outcome, RangeOutcome::satisfiable);
    EXPECT_EQ(qualities, (Qualities{1, 1000, 500, 0}));
    EXPECT_EQ(type.quality, 1000);
    EXPECT_EQ(writer.written(), "%E4q");
    EXPECT_EQ(date.front(), 'T');
}

TEST(Http, RefusesARequestWithoutAllocating) {
    static Request request;
    std::array<char, limits::request_line_bytes_default> scratch;
    const auto before = torc::test::allocations_of_this_thread();
    const ParseResult parsed = parse_request("GET  / HTTP/1.1\r\n\r\n", 0, request);
    const auto target = resolve_target("/../..", scratch);
    const auto allocations = torc::test::allocations_of_this_thread() - before;

    EXPECT_EQ(allocations, 0U);
    EXPECT_EQ(parsed.state, ParseState::malformed);
    EXPECT_FALSE(target);
}

}  // namespace
}  // namespace torc::http
