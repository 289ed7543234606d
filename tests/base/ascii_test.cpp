#include <torc/base/ascii.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace torc {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";

TEST(Ascii, KnowsItsDigitsAndNoOthers) {
    for (int byte = 0; byte < 256; ++byte) {
        const char character = static_cast<char>(byte);
        EXPECT_EQ(is_digit(character), digits.contains(character)) << byte;
    }
}

TEST(Ascii, LowersItsLettersAndNothingElse) {
    for (int byte = 0; byte < 256; ++byte) {
        const char character = static_cast<char>(byte);
        const std::size_t letter = upper.find(character);
        EXPECT_EQ(to_lower(character), letter == upper.npos ? character : lower[letter]) << byte;
    }
}

}  // namespace
}  // namespace torc
