#include <torc/http/percent_encoder.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::http {
namespace {

using Part = PercentEncoder::Part;

std::vector<std::string> pieces(Part part, std::string_view text) {
    std::vector<std::string> pieces;
    PercentEncoder encoder(part, text);
    for (std::string_view piece = encoder.next(); !piece.empty(); piece = encoder.next()) {
        pieces.emplace_back(piece);
    }
    return pieces;
}

TEST(PercentEncoder, GivesRunsAndEscapesInTheirOrder) {
    EXPECT_EQ(pieces(Part::path, "a b  c"),
              (std::vector<std::string>{"a", "%20", "b", "%20", "%20", "c"}));
    EXPECT_EQ(pieces(Part::path, "%"), std::vector<std::string>{"%25"});
}

TEST(PercentEncoder, GivesWhatNeedsNothingAsAViewOfTheText) {
    constexpr std::string_view text = "a/b";
    PercentEncoder encoder(Part::path, text);
    EXPECT_EQ(encoder.next().data(), text.data());
}

TEST(PercentEncoder, StaysAtTheEnd) {
    PercentEncoder encoder(Part::path, "a");
    EXPECT_EQ(encoder.next(), "a");
    EXPECT_EQ(encoder.next(), "");
    EXPECT_EQ(encoder.next(), "");
    EXPECT_EQ(PercentEncoder(Part::path, {}).next(), "");
}

TEST(PercentEncoder, KeepsThePercentSignsOfAQuery) {
    EXPECT_EQ(pieces(Part::query, "%20[?]"), std::vector<std::string>{"%20[?]"});
    EXPECT_EQ(pieces(Part::query, "#"), std::vector<std::string>{"%23"});
}

TEST(PercentEncoder, LeavesOfASegmentOnlyWhatMeansNothingAnywhere) {
    constexpr std::string_view unreserved =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    EXPECT_EQ(pieces(Part::segment, unreserved), std::vector<std::string>{std::string(unreserved)});
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text(1, static_cast<char>(byte));
        const bool is_plain = unreserved.contains(text);
        EXPECT_EQ(pieces(Part::segment, text).front().size(), is_plain ? 1U : 3U) << byte;
    }
    EXPECT_EQ(pieces(Part::segment, "a&'b"), (std::vector<std::string>{"a", "%26", "%27", "b"}));
}

}  // namespace
}  // namespace torc::http
