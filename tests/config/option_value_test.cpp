#include "option_value.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace torc::config {
namespace {

constexpr std::uint64_t kibibyte = 1024;
constexpr std::uint64_t any_size = std::numeric_limits<std::uint64_t>::max();

std::uint64_t size(std::string_view text) {
    return parse_size("--size", text, 0, any_size);
}

TEST(OptionValue, SizesAreBytesOrPowersOf1024) {
    for (const std::string_view text : {"512", "512b", "512B"}) {
        EXPECT_EQ(size(text), 512U) << text;
    }
    for (const std::string_view text : {"8k", "8K", "8kb", "8KB", "8kB", "8KiB", "8kib"}) {
        EXPECT_EQ(size(text), 8 * kibibyte) << text;
    }
    for (const std::string_view text : {"10m", "10M", "10MB", "10MiB"}) {
        EXPECT_EQ(size(text), 10 * kibibyte * kibibyte) << text;
    }
    for (const std::string_view text : {"1g", "1G", "1GB", "1GiB"}) {
        EXPECT_EQ(size(text), kibibyte * kibibyte * kibibyte) << text;
    }
    EXPECT_EQ(size("2T"), 2 * kibibyte * kibibyte * kibibyte * kibibyte);
}

TEST(OptionValue, RefusesSizesThatAreNone) {
    for (const std::string_view text : {"", "k", "1kk", "1bb", "1ki", "1i", "1 k", "1.5g", "-1",
                                        "1p", "0x10", "99999999999999999999", "17179869184g"}) {
        EXPECT_THROW((void)size(text), StartError) << text;
    }
    EXPECT_THROW((void)parse_size("--size", "1k", 2048, any_size), StartError);
    EXPECT_THROW((void)parse_size("--size", "3k", 0, 2048), StartError);
}

}  // namespace
}  // namespace torc::config
