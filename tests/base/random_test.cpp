#include <torc/base/random.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

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

// vectors_sip64 of the same; message n is the bytes 0 to n - 1.
TEST(SipHash, GivesTheNumbersOfItsAuthorsForMessagesOfAnyLength) {
    std::string message;
    const auto of_length = [&message](std::size_t length) {
        while (message.size() < length) {
            message += static_cast<char>(message.size());
        }
        return siphash(reference_key, std::string_view(message).substr(0, length));
    };
    EXPECT_EQ(of_length(0), 0x726f'db47'dd0e'0e31U);
    EXPECT_EQ(of_length(1), 0x74f8'39c5'93dc'67fdU);
    EXPECT_EQ(of_length(7), 0xab02'00f5'8b01'd137U);
    EXPECT_EQ(of_length(8), 0x93f5'f579'9a93'2462U);
    EXPECT_EQ(of_length(15), 0xa129'ca61'49be'45e5U);
    EXPECT_EQ(of_length(63), 0x958a'324c'eb06'4572U);
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
