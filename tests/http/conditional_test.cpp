#include <torc/http/conditional.hpp>

#include "http/parsed_head.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace torc::http {
namespace {

using namespace std::chrono_literals;
using test::ParsedHead;

/// Sun, 06 Nov 1994 08:49:37 GMT.
constexpr DateSeconds modified =
    std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;
constexpr DateSeconds now = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
constexpr Validators validators{.etag = "\"current\"", .last_modified = modified};

Precondition outcome(std::string_view fields, std::string_view method = "GET",
                     const Validators& current = validators) {
    const ParsedHead head(std::string(method) + " / HTTP/1.1\r\n" + std::string(fields) + "\r\n");
    EXPECT_EQ(head.result().state, ParseState::parsed) << fields;
    return evaluate_preconditions(head.request(), current, now);
}

struct Case {
    std::string_view fields;
    Precondition outcome;
};

void expect_outcomes(std::span<const Case> cases) {
    for (const Case& test : cases) {
        EXPECT_EQ(outcome(test.fields), test.outcome) << test.fields;
        EXPECT_EQ(outcome(test.fields, "HEAD"), test.outcome) << test.fields;
    }
}

TEST(Conditional, PassesWithoutPreconditions) {
    EXPECT_EQ(outcome(""), Precondition::passed);
}

// RFC 9110 §13.1.2: weak comparison.
TEST(Conditional, AnswersIfNoneMatch) {
    constexpr auto cases = std::to_array<Case>({
        {"If-None-Match: \"current\"\r\n", Precondition::not_modified},
        {"If-None-Match: W/\"current\"\r\n", Precondition::not_modified},
        {"If-None-Match: \"other\"\r\n", Precondition::passed},
        {"If-None-Match: \"a\", \"current\"\r\n", Precondition::not_modified},
        {"If-None-Match: \"a\",W/\"current\",\"b\"\r\n", Precondition::not_modified},
        {"If-None-Match: , ,\"current\" ,\r\n", Precondition::not_modified},
        {"If-None-Match: \"a\"\r\nIf-None-Match: \"current\"\r\n", Precondition::not_modified},
        {"If-None-Match: *\r\n", Precondition::not_modified},
        {"If-None-Match: \"\"\r\n", Precondition::passed},
        {"If-None-Match:\r\n", Precondition::passed},
    });
    expect_outcomes(cases);
}

// A wrong 304 leaves a client with stale bytes for good; a 200 too many costs a transfer.
TEST(Conditional, NeverMatchesMalformedTags) {
    constexpr auto cases = std::to_array<Case>({
        {"If-None-Match: current\r\n", Precondition::passed},
        {"If-None-Match: \"current\r\n", Precondition::passed},
        {"If-None-Match: current\"\r\n", Precondition::passed},
        {"If-None-Match: 'current'\r\n", Precondition::passed},
        {"If-None-Match: w/\"current\"\r\n", Precondition::passed},
        {"If-None-Match: W/ \"current\"\r\n", Precondition::passed},
        {"If-None-Match: W\"current\"\r\n", Precondition::passed},
        {"If-None-Match: \"current\"x\r\n", Precondition::passed},
        {"If-None-Match: \"current\" \"a\"\r\n", Precondition::passed},
        {"If-None-Match: \"Current\"\r\n", Precondition::passed},
        {"If-None-Match: \"a b\", \"current\"\r\n", Precondition::passed},
        {"If-None-Match: a, \"current\"\r\n", Precondition::passed},
        {"If-None-Match: \"a, \"current\"\r\n", Precondition::passed},
        {"If-None-Match: \"a\", *\r\n", Precondition::passed},
        {"If-None-Match: **\r\n", Precondition::passed},
        {"If-None-Match: \"*\"\r\n", Precondition::passed},
    });
    expect_outcomes(cases);
}

TEST(Conditional, FindsATagThatHoldsACommaAsAWhole) {
    const Validators current{.etag = "\"a,b\"", .last_modified = modified};
    EXPECT_EQ(outcome("If-None-Match: \"x\", \"a,b\"\r\n", "GET", current),
              Precondition::not_modified);
    EXPECT_EQ(outcome("If-None-Match: \"a\", \"b\"\r\n", "GET", current), Precondition::passed);
}

// RFC 9110 §13.1.1: strong comparison.
TEST(Conditional, AnswersIfMatch) {
    constexpr auto cases = std::to_array<Case>({
        {"If-Match: \"current\"\r\n", Precondition::passed},
        {"If-Match: \"a\", \"current\"\r\n", Precondition::passed},
        {"If-Match: *\r\n", Precondition::passed},
        {"If-Match: W/\"current\"\r\n", Precondition::failed},
        {"If-Match: \"other\"\r\n", Precondition::failed},
        {"If-Match: current\r\n", Precondition::failed},
        {"If-Match:\r\n", Precondition::failed},
    });
    expect_outcomes(cases);
}

// RFC 9110 §13.1.3.
TEST(Conditional, AnswersIfModifiedSince) {
    constexpr auto cases = std::to_array<Case>({
        {"If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", Precondition::passed},
        {"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", Precondition::not_modified},
        {"If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT\r\n", Precondition::not_modified},
        {"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", Precondition::not_modified},
        {"If-Modified-Since: yesterday\r\n", Precondition::passed},
        {"If-Modified-Since: 0\r\n", Precondition::passed},
        {"If-Modified-Since:\r\n", Precondition::passed},
        {"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\nIf-Modified-Since: Sun, 06 Nov 1994 "
         "08:49:37 GMT\r\n",
         Precondition::passed},
    });
    expect_outcomes(cases);
}

// RFC 9110 §13.1.4.
TEST(Conditional, AnswersIfUnmodifiedSince) {
    constexpr auto cases = std::to_array<Case>({
        {"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", Precondition::failed},
        {"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", Precondition::passed},
        {"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:38 GMT\r\n", Precondition::passed},
        {"If-Unmodified-Since: yesterday\r\n", Precondition::passed},
    });
    expect_outcomes(cases);
}

// RFC 9110 §13.2.2.
TEST(Conditional, KeepsTheOrderOfPrecedence) {
    constexpr auto cases = std::to_array<Case>({
        // If-Match puts If-Unmodified-Since aside.
        {"If-Match: \"current\"\r\nIf-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n",
         Precondition::passed},
        {"If-Match: \"other\"\r\nIf-Unmodified-Since: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
         Precondition::failed},
        // If-None-Match puts If-Modified-Since aside, even when it has no valid tag.
        {"If-None-Match: \"other\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
         Precondition::passed},
        {"If-None-Match: x\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
         Precondition::passed},
        {"If-None-Match: \"current\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n",
         Precondition::not_modified},
        // What guards against a lost update comes before what saves a transfer.
        {"If-Match: \"other\"\r\nIf-None-Match: \"current\"\r\n", Precondition::failed},
        {"If-Match: \"current\"\r\nIf-None-Match: \"current\"\r\n", Precondition::not_modified},
        {"If-Match: *\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
         Precondition::not_modified},
        {"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\nIf-None-Match: \"current\"\r\n",
         Precondition::failed},
    });
    expect_outcomes(cases);
}

TEST(Conditional, FailsIfNoneMatchForOtherMethods) {
    EXPECT_EQ(outcome("If-None-Match: *\r\n", "PUT"), Precondition::failed);
    EXPECT_EQ(outcome("If-None-Match: \"current\"\r\n", "DELETE"), Precondition::failed);
    EXPECT_EQ(outcome("If-None-Match: \"other\"\r\n", "PUT"), Precondition::passed);
}

TEST(Conditional, IgnoresIfModifiedSinceForOtherMethods) {
    EXPECT_EQ(outcome("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "POST"),
              Precondition::passed);
}

TEST(Conditional, IgnoresDatesWhenTheFileHasNone) {
    const Validators undated{
        .etag = "\"current\"", .last_modified = modified, .has_last_modified = false};
    EXPECT_EQ(outcome("If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT\r\n", "GET", undated),
              Precondition::passed);
    EXPECT_EQ(outcome("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", "GET", undated),
              Precondition::passed);
    EXPECT_EQ(outcome("If-None-Match: \"current\"\r\n", "GET", undated),
              Precondition::not_modified);
}

TEST(Conditional, MatchesNoTagWhenTheFileHasNone) {
    const Validators untagged{.etag = {}, .last_modified = modified};
    EXPECT_EQ(outcome("If-None-Match: \"\"\r\n", "GET", untagged), Precondition::passed);
    EXPECT_EQ(outcome("If-Match: \"\"\r\n", "GET", untagged), Precondition::failed);
    EXPECT_EQ(outcome("If-Match: *\r\n", "GET", untagged), Precondition::passed);
}

bool range_holds(std::string_view fields, const Validators& current = validators,
                 DateSeconds time = now) {
    const ParsedHead head("GET / HTTP/1.1\r\n" + std::string(fields) + "\r\n");
    EXPECT_EQ(head.result().state, ParseState::parsed) << fields;
    return if_range_holds(head.request(), current, time);
}

// RFC 9110 §13.1.5.
TEST(IfRange, HoldsForTheCurrentRepresentationAlone) {
    EXPECT_TRUE(range_holds(""));
    EXPECT_TRUE(range_holds("If-Range: \"current\"\r\n"));
    EXPECT_TRUE(range_holds("If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    EXPECT_FALSE(range_holds("If-Range: \"other\"\r\n"));
    EXPECT_FALSE(range_holds("If-Range: W/\"current\"\r\n"));
    EXPECT_FALSE(range_holds("If-Range: current\r\n"));
    EXPECT_FALSE(range_holds("If-Range: \"current\", \"other\"\r\n"));
    EXPECT_FALSE(range_holds("If-Range: *\r\n"));
    EXPECT_FALSE(range_holds("If-Range:\r\n"));
    EXPECT_FALSE(range_holds("If-Range: Sun, 06 Nov 1994 08:49:36 GMT\r\n"));
    EXPECT_FALSE(range_holds("If-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\n"));
    EXPECT_FALSE(range_holds("If-Range: \"current\"\r\nIf-Range: \"current\"\r\n"));
}

// RFC 9110 §8.8.2.2.
TEST(IfRange, TrustsADateOnlyOnceItsSecondIsOver) {
    EXPECT_FALSE(range_holds("If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", validators, modified));
    EXPECT_TRUE(
        range_holds("If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", validators, modified + 1s));
}

TEST(IfRange, DoesNotHoldWithoutTheValidatorItNames) {
    const Validators none{.etag = {}, .last_modified = modified, .has_last_modified = false};
    EXPECT_FALSE(range_holds("If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", none));
    EXPECT_FALSE(range_holds("If-Range: \"\"\r\n", none));
}

}  // namespace
}  // namespace torc::http
