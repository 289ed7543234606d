#include <torc/site/cache/digest.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>

namespace torc::site {
namespace {

/// As xxhsum(1) -H128 has them, high half first.
TEST(Digest, IsThatOfXxh3) {
    EXPECT_EQ(Digest::of(""),
              (Digest{.high = 0x99aa'06d3'0147'98d8, .low = 0x6001'c324'468d'497f}));
    EXPECT_EQ(Digest::of("12345"),
              (Digest{.high = 0x4af3'da69'f61e'14cf, .low = 0x26f4'c14b'6b6b'fdb4}));
}

TEST(Digest, IsTheSameInPieces) {
    std::string contents;
    for (int number = 0; contents.size() < 100'000; ++number) {
        contents += std::to_string(number);
    }
    for (const std::size_t piece : {std::size_t{1}, std::size_t{63}, std::size_t{4096},
                                    contents.size() - 1, contents.size()}) {
        Digester digester;
        for (std::size_t offset = 0; offset < contents.size(); offset += piece) {
            const std::string part = contents.substr(offset, piece);
            digester.add(std::span(part.data(), part.size()));
        }
        EXPECT_EQ(digester.digest(), Digest::of(contents)) << piece;
    }
}

TEST(Digest, OfNothingIsThatOfNoPieces) {
    EXPECT_EQ(Digester().digest(), Digest::of(""));
}

}  // namespace
}  // namespace torc::site
