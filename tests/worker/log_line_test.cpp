#include <torc/base/limits.hpp>
#include <torc/worker/log_line.hpp>

#include "support/environment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace torc::worker {
namespace {

using config::LogFormat;
using namespace std::chrono_literals;

constexpr WallTime wall{1'700'000'000s + 1234us};
const AccessEntry plain{.remote_address = "192.0.2.1",
                        .remote_port = 4711,
                        .user = "alice",
                        .request_line = "GET /a?b=c HTTP/1.1",
                        .method = "GET",
                        .target = "/a?b=c",
                        .host = "example.org",
                        .status = http::Status::ok,
                        .referer = "http://example.com/",
                        .user_agent = "curl/8.0"};
constexpr ResponseTimes times{
    .total = 2'345'678us, .disk = 2'000'001us, .send = 12us + 999ns, .client = 345ms};

class LogLine : public ::testing::Test {
protected:
    static std::string line_of(LogFormat format, const AccessEntry& entry) {
        const torc::test::ScopedTimeZone utc("UTC0");
        LogTime time;
        time.set(wall);
        std::string line;
        render_before_bytes(format, entry, time, line);
        append_bytes(1234, line);
        render_after_bytes(format, entry, line);
        render_end(format, times, line);
        return line;
    }
};

/// Whether `text` is a string of JSON (RFC 8259 §7) from its first quote on, and nothing but ASCII
/// that a terminal shows; takes it off.
bool takes_json_string(std::string_view& text) {
    const auto is_hex = [](char character) {
        return std::string_view("0123456789abcdefABCDEF").contains(character);
    };
    text.remove_prefix(1);
    while (!text.empty() && text.front() != '"') {
        if (text.front() < ' ' || text.front() > '~') {
            return false;
        }
        const bool is_escape = text.front() == '\\';
        const bool is_number = is_escape && text.size() > 5 && text[1] == 'u';
        if (is_escape && !is_number &&
            (text.size() < 2 || !std::string_view("\"\\").contains(text[1]))) {
            return false;
        }
        if (is_number && !std::ranges::all_of(text.substr(2, 4), is_hex)) {
            return false;
        }
        text.remove_prefix(is_number ? 6 : is_escape ? 2 : 1);
    }
    if (text.empty()) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

/// Whether all strings in it are right, and what is between them may be in an object.
bool looks_like_json(std::string_view text) {
    while (!text.empty()) {
        if (text.front() == '"') {
            if (!takes_json_string(text)) {
                return false;
            }
        } else if (!std::string_view("{}[]:,.0123456789").contains(text.front())) {
            return false;
        } else {
            text.remove_prefix(1);
        }
    }
    return true;
}

TEST_F(LogLine, CombinedHasNeitherHostNorTimes) {
    EXPECT_EQ(line_of(LogFormat::combined, plain),
              "192.0.2.1 - alice [14/Nov/2023:22:13:20 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234 "
              "\"http://example.com/\" \"curl/8.0\"\n");
}

TEST_F(LogLine, CombinedPlusHasThemBehindAllThatCombinedHas) {
    EXPECT_EQ(line_of(LogFormat::combined_plus, plain),
              "192.0.2.1 - alice [14/Nov/2023:22:13:20 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234 "
              "\"http://example.com/\" \"curl/8.0\" \"example.org\" 2.345678 disk=2.000001 "
              "send=0.000012 client=0.345000\n");
}

TEST_F(LogLine, JsonHasTheNamesOfCaddys) {
    EXPECT_EQ(line_of(LogFormat::json, plain),
              R"({"ts":1700000000.001234,"request":{"remote_ip":"192.0.2.1","remote_port":"4711",)"
              R"("client_ip":"192.0.2.1","proto":"HTTP/1.1","method":"GET","host":"example.org",)"
              R"("uri":"/a?b=c","headers":{"User-Agent":["curl/8.0"],)"
              R"("Referer":["http://example.com/"]}},"user_id":"alice","status":200,"size":1234,)"
              R"("duration":2.345678,"times":{"disk":2.000001,"send":0.000012,"client":0.345000}})"
              "\n");
}

TEST_F(LogLine, TellsWhoATrustedProxyAsksFor) {
    AccessEntry entry = plain;
    entry.client_address = "2001:db8::7";
    EXPECT_TRUE(line_of(LogFormat::combined, entry).starts_with("2001:db8::7 - alice ["));
    EXPECT_TRUE(line_of(LogFormat::json, entry)
                    .contains(R"("remote_ip":"192.0.2.1","remote_port":"4711",)"
                              R"("client_ip":"2001:db8::7",)"));
}

TEST_F(LogLine, JsonHasNoFieldThatIsNotThere) {
    AccessEntry entry = plain;
    entry.referer = {};
    EXPECT_TRUE(
        line_of(LogFormat::json, entry).contains(R"("headers":{"User-Agent":["curl/8.0"]}},)"));
    entry.user_agent = {};
    EXPECT_TRUE(line_of(LogFormat::json, entry).contains(R"("headers":{}},)"));
}

TEST_F(LogLine, JsonTellsWhatCameInPlaceOfARequest) {
    const AccessEntry entry{.remote_address = "192.0.2.1",
                            .request_line = "\x16\x03\x01 \xff\"",
                            .status = http::Status::bad_request,
                            .referer = {},
                            .user_agent = {}};
    EXPECT_TRUE(line_of(LogFormat::json, entry)
                    .contains(R"("received":"\u0016\u0003\u0001 \\xFF\"","proto":"",)"
                              R"("method":"","host":"","uri":"-","headers":{}})"));
}

TEST_F(LogLine, JsonNumbersCharactersThatAreNotAscii) {
    AccessEntry entry = plain;
    entry.user_agent = "\xC3\xA4\xF0\x9F\x98\x80\\\x7f";
    EXPECT_TRUE(line_of(LogFormat::json, entry).contains(R"(["\u00E4\uD83D\uDE00\\\u007F"])"));
}

TEST_F(LogLine, JsonIsValidWhateverBytesComeIn) {
    std::string all;
    for (int first = 0; first < 256; ++first) {
        for (const char second : {'a', '"', '\x80', '\xbf', '\xff'}) {
            all += static_cast<char>(first);
            all += second;
        }
    }
    AccessEntry entry = plain;
    for (std::size_t start = 0; start < all.size(); start += 7) {
        entry.user_agent = entry.referer = entry.host = entry.target = entry.user =
            std::string_view(all).substr(start);
        const std::string line = line_of(LogFormat::json, entry);
        ASSERT_TRUE(line.ends_with("}\n"));
        ASSERT_TRUE(looks_like_json(std::string_view(line).substr(0, line.size() - 1))) << line;
    }
}

TEST_F(LogLine, JsonKeepsWhatCameWithinALimitThatTheBufferHolds) {
    const std::string odd(limits::request_head_bytes_default, '\x01');
    const AccessEntry entry{.remote_address = "192.0.2.1",
                            .request_line = odd,
                            .status = http::Status::bad_request,
                            .referer = {},
                            .user_agent = {}};
    const std::string line = line_of(LogFormat::json, entry);
    EXPECT_GT(line.size(), 6 * limits::request_line_bytes_default);
    EXPECT_LT(line.size(), limits::access_log_buffer_bytes);
}

}  // namespace
}  // namespace torc::worker
