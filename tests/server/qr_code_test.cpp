#include "qr_code.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace torc::server {
namespace {

/// How many characters a line of UTF-8 has.
std::size_t characters(const std::string& line) {
    std::size_t count = 0;
    for (const char byte : line) {
        count += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
    }
    return count;
}

TEST(QrCode, IsASquareWithAMargin) {
    // 25 modules (version 2) and two of margin on each side, two modules a line.
    const QrCode code = draw_qr_code("http://192.168.1.20:8080/");
    EXPECT_EQ(code.columns, 29);
    EXPECT_EQ(code.lines, 15);
    std::istringstream lines(code.drawing);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        EXPECT_EQ(characters(line), 29U);
    }
    EXPECT_EQ(count, 15U);
}

TEST(QrCode, HasLightMarginsAndADarkFinderInItsCorner) {
    std::istringstream lines(draw_qr_code("http://192.168.1.20:8080/").drawing);
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line.find_first_not_of("\u2588"), std::string::npos);
    std::getline(lines, line);
    EXPECT_TRUE(line.starts_with("\u2588\u2588 \u2584\u2584\u2584\u2584\u2584 \u2588")) << line;
}

TEST(QrCode, IsNotThereForATextThatIsTooLong) {
    EXPECT_EQ(draw_qr_code(std::string(4000, 'a')).drawing, "");
}

}  // namespace
}  // namespace torc::server
