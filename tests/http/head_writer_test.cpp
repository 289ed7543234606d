#include <torc/http/head_writer.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace torc::http {
namespace {

std::string path_encoded(std::string_view path) {
    std::array<char, 1024> buffer;
    HeadWriter writer(buffer);
    writer.append_path_encoded(path);
    return std::string(writer.written());
}

std::string query_encoded(std::string_view query) {
    std::array<char, 1024> buffer;
    HeadWriter writer(buffer);
    writer.append_query(query);
    return std::string(writer.written());
}

TEST(HeadWriter, WritesFrontToBack) {
    std::array<char, 64> buffer;
    HeadWriter writer(buffer);
    writer.append("HTTP/1.1 200 OK\r\n");
    writer.field("Content-Length", std::uint64_t{42});
    writer.field("A", "b");
    EXPECT_EQ(writer.written(), "HTTP/1.1 200 OK\r\nContent-Length: 42\r\nA: b\r\n");
    EXPECT_EQ(writer.room(), buffer.size() - writer.written().size());
}

TEST(HeadWriter, WritesTheLargestNumber) {
    std::array<char, 20> buffer;
    HeadWriter writer(buffer);
    writer.append(std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(writer.written(), "18446744073709551615");
    EXPECT_EQ(writer.room(), 0U);
}

TEST(HeadWriter, TakesAnEmptyView) {
    std::array<char, 1> buffer;
    HeadWriter writer(buffer);
    writer.append(std::string_view());
    writer.append_path_encoded(std::string_view());
    EXPECT_EQ(writer.written(), "");
}

TEST(HeadWriterDeathTest, AbortsWhenTheRoomRunsOut) {
    std::array<char, 2> buffer;
    HeadWriter writer(buffer);
    EXPECT_DEATH(writer.append("abc"), "room");
    EXPECT_DEATH(writer.append(std::uint64_t{100}), "error");
    EXPECT_DEATH(writer.append_path_encoded(" "), "room");
}

// RFC 3986 §3.3: pchar and '/' stand for themselves.
TEST(HeadWriter, EncodesInAPathExactlyWhatNeedsIt) {
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/";
    EXPECT_EQ(path_encoded(plain), plain);
    for (unsigned byte = 0; byte < 256; ++byte) {
        const std::string text(1, static_cast<char>(byte));
        EXPECT_EQ(path_encoded(text).size(), plain.contains(text) ? 1U : 3U) << byte;
    }
}

TEST(HeadWriter, EncodesPaths) {
    EXPECT_EQ(path_encoded("a b/%41?#"), "a%20b/%2541%3F%23");
    EXPECT_EQ(path_encoded("\xC3\xA4\r\n"), "%C3%A4%0D%0A");
    EXPECT_EQ(path_encoded("\\\""), "%5C%22");
}

TEST(HeadWriter, EncodesInASegmentAllThatCouldMeanSomething) {
    std::array<char, 64> buffer;
    HeadWriter writer(buffer);
    writer.append_segment_encoded("a-b_c.d~/&=+:\xC3\xA4");
    EXPECT_EQ(writer.written(), "a-b_c.d~%2F%26%3D%2B%3A%C3%A4");
}

TEST(HeadWriter, KeepsAQueryAsItCame) {
    EXPECT_EQ(query_encoded("a=b&c[]=%20%zz?/:@"), "a=b&c[]=%20%zz?/:@");
}

TEST(HeadWriter, EncodesInAQueryWhatNoUriMayHold) {
    EXPECT_EQ(query_encoded("<a>\"\\^`{|} \x01\x7F\xFF#"),
              "%3Ca%3E%22%5C%5E%60%7B%7C%7D%20%01%7F%FF%23");
    EXPECT_EQ(query_encoded("\r\nSet-Cookie:x"), "%0D%0ASet-Cookie:x");
}

}  // namespace
}  // namespace torc::http
