#include <torc/http/field.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace torc::http {
namespace {

using namespace std::string_view_literals;

TEST(Field, HasANameThatIsAToken) {
    EXPECT_TRUE(is_field_name("X-Frame-Options"));
    for (const std::string_view name : {""sv, "a b"sv, "a:"sv, "a\r"sv, "\xC3\xA4"sv, "a\0"sv}) {
        EXPECT_FALSE(is_field_name(name)) << name;
    }
}

TEST(Field, HasAValueWithoutControlsAndWithoutWhiteSpaceAround) {
    for (const std::string_view value : {""sv, "a"sv, "a b\tc"sv, "\xC3\xA4"sv, "max-age=1"sv}) {
        EXPECT_TRUE(is_field_value(value)) << value;
    }
    for (const std::string_view value :
         {" a"sv, "a\t"sv, "a\r\nb"sv, "a\nb"sv, "a\0b"sv, "\x7F"sv}) {
        EXPECT_FALSE(is_field_value(value)) << value;
    }
}

TEST(Field, HasANameWithoutCase) {
    EXPECT_TRUE(is_same_field_name("ETag", "etag"));
    EXPECT_FALSE(is_same_field_name("ETag", "etags"));
    EXPECT_FALSE(is_same_field_name("a-b", "a_b"));
}

TEST(Field, IsAMediaTypeWithParametersOrWithout) {
    for (const char* text :
         {"text/plain", "application/vnd.oasis.opendocument.text", "image/svg+xml",
          "text/html; charset=utf-8", "text/html;charset=\"utf-8\" ;\tlevel=1", "a/b;c=\"\\\"\""}) {
        EXPECT_TRUE(is_media_type(text)) << text;
    }
    for (const char* text : {"", "text", "text/", "/plain", "text/plain;", "text/plain; charset",
                             "text/plain; charset=", "text /plain", "text/plain charset=utf-8",
                             "text/pl\x01in", "text/plain\r\nX: y", "a/b;c=\"", "a/b;c=\"\\",
                             "a/b;c=\"\n\"", "a/b/c", " a/b", "a/b "}) {
        EXPECT_FALSE(is_media_type(text)) << text;
    }
}

}  // namespace
}  // namespace torc::http
