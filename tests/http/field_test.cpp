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

}  // namespace
}  // namespace torc::http
