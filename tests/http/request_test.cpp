#include <torc/http/request.hpp>

#include "http/parsed_head.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace torc::http {
namespace {

using test::ParsedHead;

constexpr std::string_view head_text =
    "GET / HTTP/1.1\r\nHost: a\r\nAccept: one\r\nX: y\r\nAccept: two\r\n\r\n";

TEST(Request, GivesTheFirstValueOfAField) {
    const ParsedHead head(head_text);
    EXPECT_EQ(head.request().value(FieldName::accept), "one");
    EXPECT_EQ(head.request().value(FieldName::host), "a");
}

TEST(Request, GivesAnEmptyValueForAFieldThatIsNotThere) {
    const ParsedHead head(head_text);
    EXPECT_EQ(head.request().value(FieldName::range), "");
    EXPECT_FALSE(head.request().has(FieldName::range));
}

TEST(Request, KnowsWhichFieldsAreThereMoreThanOnce) {
    const ParsedHead head(head_text);
    EXPECT_TRUE(head.request().has_several(FieldName::accept));
    EXPECT_FALSE(head.request().has_several(FieldName::host));
    EXPECT_FALSE(head.request().has_several(FieldName::other));
    EXPECT_FALSE(head.request().has_several(FieldName::range));
}

TEST(Request, GivesTheLinesOfAFieldAndWhatIsAmongThem) {
    const ParsedHead head(head_text);
    const auto lines = head.request().lines(FieldName::accept);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].value, "one");
    EXPECT_EQ(lines[2].value, "two");
}

TEST(Request, GivesNothingButTheOneLineOfAField) {
    const ParsedHead head(head_text);
    const auto lines = head.request().lines(FieldName::host);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].value, "a");
    EXPECT_TRUE(head.request().lines(FieldName::range).empty());
}

TEST(Request, FindsTheLastOfAsManyFieldsAsThereMayBe) {
    std::string text = "GET / HTTP/1.1\r\n";
    for (std::size_t i = 1; i < limits::request_fields_cap; ++i) {
        text += "X: y\r\n";
    }
    text += "Host: last\r\n\r\n";
    const ParsedHead head(text, 0, {.fields_max = limits::request_fields_cap});
    ASSERT_EQ(head.result().state, ParseState::parsed);
    EXPECT_EQ(head.request().value(FieldName::host), "last");
}

}  // namespace
}  // namespace torc::http
