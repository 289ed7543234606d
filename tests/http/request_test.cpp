#include <torc/http/request.hpp>

#include "http/parsed_head.hpp"

#include <gtest/gtest.h>

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

TEST(Request, CountsTheLinesOfAField) {
    const ParsedHead head(head_text);
    EXPECT_EQ(head.request().count(FieldName::accept), 2U);
    EXPECT_EQ(head.request().count(FieldName::host), 1U);
    EXPECT_EQ(head.request().count(FieldName::other), 1U);
    EXPECT_EQ(head.request().count(FieldName::range), 0U);
}

}  // namespace
}  // namespace torc::http
