#include <torc/base/random.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace torc {
namespace {

/// The key of the test vectors of SipHash's authors: the bytes 0 to 15.
constexpr SecretKey reference_key{.first = 0x0706'0504'0302'0100, .second = 0x0f0e'0d0c'0b0a'0908};

TEST(Random, DoesNotRepeatItself) {
    std::set<std::uint64_t> numbers;
    for (int count = 0; count < 100; ++count) {
        numbers.insert(random_number());
    }
    EXPECT_EQ(numbers.size(), 100U);
}

// vectors_sip64[8] of https://github.com/veorq/SipHash: the message is the bytes 0 to 7.
TEST(SipHash, GivesTheNumberOfItsAuthors) {
    EXPECT_EQ(siphash(reference_key, 0x0706'0504'0302'0100), 0x93f5'f579'9a93'2462U);
}

TEST(SipHash, DependsOnEveryBitOfTheKeyAndTheMessage) {
    const std::uint64_t plain = siphash(reference_key, 1);
    for (unsigned bit = 0; bit < 64; ++bit) {
        const std::uint64_t flipped = std::uint64_t{1} << bit;
        EXPECT_NE(siphash(reference_key, 1 ^ flipped), plain) << bit;
        EXPECT_NE(siphash({reference_key.first ^ flipped, reference_key.second}, 1), plain) << bit;
        EXPECT_NE(siphash({reference_key.first, reference_key.second ^ flipped}, 1), plain) << bit;
    }
}

}  // namespace
}  // namespace torc
