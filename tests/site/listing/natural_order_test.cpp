#include <torc/site/listing/natural_order.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::site {
namespace {

std::string natural_key(std::string_view name) {
    std::string key;
    append_natural_key(key, name);
    return key;
}

/// Whether each name comes before all that follow it, and none of them before it.
void expect_ascending(const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        for (std::size_t k = i + 1; k < names.size(); ++k) {
            EXPECT_LT(natural_key(names[i]), natural_key(names[k])) << names[i] << ", " << names[k];
        }
    }
}

TEST(NaturalOrder, ComparesNumbersByTheirValue) {
    expect_ascending({"file", "file1", "file2", "file10", "file10a", "file11", "file100"});
    expect_ascending({"0", "9", "10", "099", "100"});
    expect_ascending({"1.2.9", "1.2.10", "1.10.0", "2"});
}

TEST(NaturalOrder, HasNoLargestNumber) {
    const std::string nines(254, '9');
    expect_ascending({"18446744073709551615", "18446744073709551616", nines, "1" + nines,
                      "1" + nines + "0", "1" + nines + nines, "1" + nines + nines + "0"});
}

TEST(NaturalOrder, DisregardsTheCaseOfLetters) {
    expect_ascending({"alpha", "Beta", "gamma", "README", "Zeta"});
    EXPECT_EQ(natural_key("ReadMe"), natural_key("README"));
}

TEST(NaturalOrder, DisregardsLeadingZeros) {
    EXPECT_EQ(natural_key("a001b"), natural_key("a1b"));
    EXPECT_EQ(natural_key("000"), natural_key("0"));
    expect_ascending({"img008", "img9", "img0010"});
}

TEST(NaturalOrder, PutsNumbersWhereDigitsAre) {
    expect_ascending({" ", "!", "-", ".", "/", "0", "12345", ":", "[", "_", "A", "a0", "\x7F"});
}

TEST(NaturalOrder, ComparesOtherBytesAsTheyAre) {
    expect_ascending({"z", "\xC3\xA4", "\xE6\x97\xA5", "\xFF"});
    EXPECT_NE(natural_key("\xC3\x84"), natural_key("\xC3\xA4"));
}

TEST(NaturalOrder, LeavesWhatIsBeforeAKeyAlone) {
    std::string keys;
    append_natural_key(keys, "File7");
    append_natural_key(keys, "x");
    EXPECT_EQ(keys, natural_key("File7") + "x");
}

TEST(NaturalOrder, PutsAShorterNameFirst) {
    expect_ascending({"", "a", "a.txt", "ab"});
}

}  // namespace
}  // namespace torc::site
