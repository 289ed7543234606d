#include "response/sha256.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace torc::site {
namespace {

template <std::size_t Size>
std::string_view view(const std::array<char, Size>& text) {
    return {text.data(), text.size()};
}

// As sha256sum(1) and base64(1) have them.
TEST(Sha256, IsRightForEveryLengthOfTheLastBlock) {
    static constexpr auto empty = sha256_base64("");
    EXPECT_EQ(view(empty), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    static constexpr auto abc = sha256_base64("abc");
    EXPECT_EQ(view(abc), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    // 55 bytes: the last that leaves room for the length; 56: the first that does not.
    static constexpr auto fits =
        sha256_base64("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    EXPECT_EQ(view(fits), "n0OQ+NMMLdkuyfCVtl4rmumwqSWlJY4kHJ8ekQ9zQxg=");
    static constexpr auto overflows =
        sha256_base64("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    EXPECT_EQ(view(overflows), "s1Q5pKxvCUi21vnjxq8PX1kM4g8b3nCQ73lwaG7Gc4o=");
    static constexpr auto block =
        sha256_base64("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    EXPECT_EQ(view(block), "/+BU/nrgy23GXDr5th1SCfQ5hR20PQulmXM33xVGaOs=");
}

}  // namespace
}  // namespace torc::site
