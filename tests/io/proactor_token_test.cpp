#include <torc/io/proactor.hpp>

#include <gtest/gtest.h>

namespace torc::io {
namespace {

TEST(Token, ComesBackAsItWasPacked) {
    for (const Token token :
         {Token{}, Token{.operation = 0xff, .generation = 0xff'ffff, .slot = 0xffff'ffff},
          Token{.operation = 0x80, .generation = 0, .slot = 0},
          Token{.operation = 0, .generation = 0x80'0000, .slot = 0},
          Token{.operation = 0, .generation = 0, .slot = 0x8000'0000},
          Token{.operation = 1, .generation = 2, .slot = 3}}) {
        EXPECT_EQ(Token::unpack(token.pack()), token);
    }
}

TEST(Token, KeepsItsPartsApart) {
    const Token token{.operation = 0x12, .generation = 0x34'5678, .slot = 0x9abc'def0};
    EXPECT_EQ(token.pack(), 0x1234'5678'9abc'def0U);
}

TEST(Token, DropsGenerationBitsThatItHasNoRoomFor) {
    const Token token{.operation = 1, .generation = 0xff00'0002, .slot = 3};
    EXPECT_EQ(Token::unpack(token.pack()), (Token{.operation = 1, .generation = 2, .slot = 3}));
}

TEST(Completion, TellsAnErrorFromACount) {
    const Completion refused{.token = {}, .result = -ECONNRESET, .more = false, .data = {}};
    EXPECT_TRUE(refused.failed());
    EXPECT_EQ(refused.error(), Errno(ECONNRESET));
    const Completion empty{.token = {}, .result = 0, .more = false, .data = {}};
    EXPECT_FALSE(empty.failed());
}

}  // namespace
}  // namespace torc::io
