// The access log as an operator reads it.

#include "integration/support/server_test.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

class AccessLogging : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("page.txt", "a page\n");
    }

    [[nodiscard]] std::string log_file() const {
        return (directory_.path() / "access.log").string();
    }
    [[nodiscard]] std::string log() const { return contents_of(log_file()); }
    /// Stops the server, which writes the last lines, and gives the log's.
    [[nodiscard]] std::vector<std::string> stop_and_read_lines() {
        EXPECT_EQ(server().stop(), 0);
        return split(log());
    }
    [[nodiscard]] static std::vector<std::string> split(std::string_view text) {
        std::vector<std::string> lines;
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            if (end == std::string_view::npos) {
                ADD_FAILURE() << "a line without its end: " << text;
                break;
            }
            lines.emplace_back(text.substr(0, end));
            text.remove_prefix(end + 1);
        }
        return lines;
    }
};

TORC_ON_BOTH_BACKENDS(AccessLogging);

/// A line in the format `combined`, given its request, status, bytes, referer and user agent.
std::regex combined_line(const std::string& rest) {
    return std::regex(
        R"re(127\.0\.0\.1 - - \[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] )re" + rest);
}

TEST_P(AccessLogging, WritesALineForEveryAnswerInTheirOrder) {
    const std::string large = patterned_bytes(300'000);
    write("large.bin", large);
    start({"--access-log", log_file(), "--workers", "1"});
    {
        HttpClient client = connect();
        const std::string fields =
            "Referer: http://test/start?a=b\r\nUser-Agent: curl/8.0 (x; y)\r\n";
        EXPECT_EQ(client.get("/page.txt", fields).status, 200);
        EXPECT_EQ(client.request("HEAD", "/large.bin?q=1", fields).status, 200);
        EXPECT_EQ(client.get("/large.bin").body.size(), large.size());
        EXPECT_EQ(client.get("/large.bin", "Range: bytes=100-\r\n").status, 206);
        EXPECT_EQ(client.get("/page.txt", "If-None-Match: *\r\n").status, 304);
        EXPECT_EQ(client.get("/absent").status, 404);
    }
    const std::vector<std::string> lines = stop_and_read_lines();
    const std::vector<std::string> expected = {
        R"re("GET /page\.txt HTTP/1\.1" 200 7 "http://test/start\?a=b" "curl/8\.0 \(x; y\)")re",
        R"re("HEAD /large\.bin\?q=1 HTTP/1\.1" 200 0 "http://test/start\?a=b" "curl/8\.0 \(x; y\)")re",
        R"re("GET /large\.bin HTTP/1\.1" 200 300000 "-" "-")re",
        R"re("GET /large\.bin HTTP/1\.1" 206 299900 "-" "-")re",
        R"re("GET /page\.txt HTTP/1\.1" 304 0 "-" "-")re",
        R"re("GET /absent HTTP/1\.1" 404 \d+ "-" "-")re",
    };
    ASSERT_EQ(lines.size(), expected.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_TRUE(std::regex_match(lines[i], combined_line(expected[i]))) << lines[i];
    }
}

TEST_P(AccessLogging, LetsNobodyForgeALineOrATerminalCommand) {
    start({"--access-log", log_file(), "--workers", "1"});
    EXPECT_EQ(
        get("/\"\\\xc3\xa9", "User-Agent: a\"b\\c\x1b[31m\xff\r\nReferer: \" 200 7 \"-\r\n").status,
        400);
    EXPECT_EQ(get("/\"\\", "User-Agent: a\"b\\c\xff\r\nReferer: \" 200 7 \"-\r\n").status, 404);
    const std::vector<std::string> lines = stop_and_read_lines();
    ASSERT_EQ(lines.size(), 2U);
    // What could not be parsed is logged by its first line.
    EXPECT_TRUE(std::regex_match(
        lines[0], combined_line(R"re("GET /\\x22\\x5C\\xC3\\xA9 HTTP/1\.1" 400 \d+ "-" "-")re")))
        << lines[0];
    EXPECT_TRUE(std::regex_match(
        lines[1],
        combined_line(
            R"re("GET /\\x22\\x5C HTTP/1\.1" 404 \d+ "\\x22 200 7 \\x22-" "a\\x22b\\x5Cc\\xFF")re")))
        << lines[1];
}

TEST_P(AccessLogging, CountsWhatWasSentOfAnAnswerThatWasBrokenOff) {
    constexpr std::size_t huge_bytes = std::size_t{24} * 1024 * 1024;
    write("huge.bin", std::string(huge_bytes, 'x'));
    start({"--access-log", log_file()});
    HttpClient client = connect(64 * 1024);
    client.send(request_bytes("GET", "/huge.bin"));
    EXPECT_EQ(client.receive_head().status, 200);
    client.reset();
    std::smatch match;
    std::string line;
    EXPECT_TRUE(eventually([&] {
        line = log();
        return !line.empty();
    }));
    line.pop_back();
    ASSERT_TRUE(std::regex_match(
        line, match, combined_line(R"re("GET /huge\.bin HTTP/1\.1" 200 (\d+) "-" "-")re")))
        << line;
    EXPECT_GT(std::stoul(match[1]), 0U);
    EXPECT_LT(std::stoul(match[1]), huge_bytes);
}

TEST_P(AccessLogging, ShowsLinesWhileItRuns) {
    start({"--access-log", log_file()});
    EXPECT_EQ(get("/page.txt").status, 200);
    EXPECT_TRUE(eventually([this] { return log().ends_with('\n'); }));
}

TEST_P(AccessLogging, AppendsToALogThatIsThere) {
    directory_.write("access.log", "an old line\n");
    start({"--access-log", log_file()});
    EXPECT_EQ(get("/page.txt").status, 200);
    const std::vector<std::string> lines = stop_and_read_lines();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0], "an old line");
}

TEST_P(AccessLogging, WritesToStandardOutput) {
    start({"--access-log", "-"});
    EXPECT_EQ(get("/page.txt").status, 200);
    EXPECT_EQ(server().stop(), 0);
    const auto lines = split(server().standard_output());
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(std::regex_match(lines[0],
                                 combined_line(R"re("GET /page\.txt HTTP/1\.1" 200 7 "-" "-")re")))
        << lines[0];
}

TEST_P(AccessLogging, WritesWholeLinesToAPipe) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    LaunchOptions options = torc_with({"--access-log", "-"});
    options.standard_output = writer.get();
    start(options);
    writer.reset();
    constexpr std::size_t requests = 100;
    for (std::size_t i = 0; i < requests; ++i) {
        // Few enough for what a pipe holds: nobody reads yet.
        EXPECT_EQ(get("/page.txt", "User-Agent: " + std::string(100, 'x') + "\r\n").status, 200);
    }
    EXPECT_EQ(server().stop(), 0);
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 0; (count = ::read(reader.get(), buffer.data(), buffer.size())) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    const auto lines = split(text);
    EXPECT_EQ(lines.size(), requests);
    const std::regex line = combined_line(R"re("GET /page\.txt HTTP/1\.1" 200 7 "-" "x{100}")re");
    for (const std::string& each : lines) {
        EXPECT_TRUE(std::regex_match(each, line)) << each;
    }
}

TEST_P(AccessLogging, IsTheSameInServerTimingWhereThatIsWanted) {
    start({"--server-timing", "--workers", "1"});
    HttpClient client = connect();
    const std::string first = client.get("/page.txt").field("Server-Timing").value_or("");
    EXPECT_TRUE(std::regex_match(first, std::regex(R"re(cache;desc=miss, disk;dur=\d+\.\d\d\d)re")))
        << first;
    EXPECT_EQ(client.get("/page.txt").field("Server-Timing"), "cache;desc=hit");
}

TEST_P(AccessLogging, IsNotDoneUnasked) {
    start();
    EXPECT_EQ(get("/page.txt").status, 200);
    EXPECT_EQ(server().stop(), 0);
    EXPECT_EQ(server().standard_output(), "");
}

TEST_P(AccessLogging, DoesNotHoldUpRequestsWhenItFails) {
    start({"--access-log", "/dev/full"});
    EXPECT_EQ(get("/page.txt").status, 200);
    server().await_standard_error(
        "access log: 1 line lost: the disk is full (No space left on device)");
    EXPECT_EQ(get("/page.txt").status, 200);
}

}  // namespace
}  // namespace torc::test
