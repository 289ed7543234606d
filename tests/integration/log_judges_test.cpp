// Programs that read access logs, on lines that torc wrote, and the one that rotates them.

#include "integration/support/server_test.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

class LogJudges : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("page.txt", "a page\n");
        write("large.bin", patterned_bytes(300'000));
    }

    [[nodiscard]] std::string path(std::string_view name) const {
        return (directory_.path() / name).string();
    }
    /// Requests of all kinds, by which a log of that format is made: 5 that are answered by 200,
    /// one each by 206, 404 and 400.
    void make_log(const std::string& format) {
        start({"--access-log", path("log"), "--access-log-format", format, "--workers", "1"});
        {
            HttpClient client = connect();
            for (const std::string_view agent : {"curl/8.0", "Mozilla/5.0 (X11; Linux x86_64)",
                                                 "odd \"quote\\\"", "\xC3\xA4\xFF\xFE"}) {
                EXPECT_EQ(client
                              .get("/page.txt",
                                   fmt::format("User-Agent: {}\r\nReferer: http://a.test/{}\r\n",
                                               agent, agent))
                              .status,
                          200);
            }
            EXPECT_EQ(client.get("/large.bin?a=b").status, 200);
            EXPECT_EQ(client.get("/large.bin", "Range: bytes=1-\r\n").status, 206);
            EXPECT_EQ(client.get("/wp-login.php").status, 404);
            client.send("\x16\x03\x01 \xff\r\n\r\n");
            EXPECT_EQ(client.receive_response().status, 400);
        }
        EXPECT_EQ(server().stop(), 0);
    }
    /// What a program prints.
    [[nodiscard]] std::string run(const std::string& program,
                                  const std::vector<std::string>& arguments) const {
        LaunchOptions options;
        options.program = program;
        options.arguments = arguments;
        options.working_directory = directory_.path();
        const FinishedRun run = run_to_end(options);
        EXPECT_EQ(run.exit_code, 0) << run.standard_error;
        return run.standard_output;
    }
    /// Expects GoAccess to understand every line of the log.
    void expect_goaccess_reads_all(const std::string& format) {
        (void)run(goaccess, {path("log"), "--log-format=" + format, "--no-global-config",
                             "--no-progress", "--output=" + path("report.json")});
        const std::string report = contents_of(path("report.json"));
        EXPECT_TRUE(report.contains("\"valid_requests\": 8")) << report.substr(0, 500);
        EXPECT_TRUE(report.contains("\"failed_requests\": 0")) << report.substr(0, 500);
        EXPECT_TRUE(report.contains("/page.txt"));
    }

    static constexpr const char* goaccess = "/usr/bin/goaccess";
    static constexpr const char* fail2ban = "/usr/bin/fail2ban-regex";
    static constexpr const char* logrotate = "/usr/sbin/logrotate";
};

TORC_ON_BOTH_BACKENDS(LogJudges);

#define TORC_NEEDS(path)                                                      \
    if (!std::filesystem::exists(path)) {                                     \
        GTEST_SKIP() << (path) << " is not there; scripts/setup installs it"; \
    }

TEST_P(LogJudges, GoAccessReadsCombinedWithAndWithoutTimes) {
    TORC_NEEDS(goaccess);
    for (const char* const format : {"combined", "combined-plus"}) {
        std::filesystem::remove(path("log"));
        make_log(format);
        expect_goaccess_reads_all("COMBINED");
    }
}

TEST_P(LogJudges, GoAccessReadsJsonAsCaddys) {
    TORC_NEEDS(goaccess);
    make_log("json");
    expect_goaccess_reads_all("CADDY");
}

TEST_P(LogJudges, PythonReadsJson) {
    make_log("json");
    const std::string read =
        run("/usr/bin/python3", {"-c",
                                 "import json\n"
                                 "for line in open('log'):\n"
                                 "    r = json.loads(line)\n"
                                 "    assert line.isascii() and r['duration'] >= 0\n"
                                 "    print(r['status'], r['size'], r['request']['uri'])\n"});
    EXPECT_TRUE(read.starts_with("200 7 /page.txt\n")) << read;
    EXPECT_TRUE(read.contains("\n206 299999 /large.bin\n")) << read;
    EXPECT_EQ(std::ranges::count(read, '\n'), 8);
}

TEST_P(LogJudges, Fail2banFindsWhoProbes) {
    TORC_NEEDS(fail2ban);
    // What it finds there it finds in `combined`, of which this has more.
    make_log("combined-plus");
    for (const char* const filter : {"nginx-botsearch", "nginx-bad-request"}) {
        const std::string found = run(fail2ban, {path("log"), filter});
        EXPECT_TRUE(found.contains("8 lines, 0 ignored, 1 matched, 7 missed")) << found;
    }
}

TEST_P(LogJudges, LogrotateLosesNoLineByTheFileThatTorcComesWith) {
    TORC_NEEDS(logrotate);
    constexpr int rotations = 10;
    start({"--access-log", path("access.log")});
    std::string rules = contents_of(std::filesystem::path(TORC_SOURCE) / "config/torc.logrotate");
    const auto replace = [&rules](std::string_view what, const std::string& by) {
        const std::size_t at = rules.find(what);
        ASSERT_NE(at, std::string::npos) << what;
        rules.replace(at, what.size(), by);
    };
    (void)run(logrotate, {"--debug", "--state", path("state"),
                          (std::filesystem::path(TORC_SOURCE) / "config/torc.logrotate").string()});
    replace("/var/log/torc/*.log", path("access.log"));
    // On a busy machine that takes longer than the clients take to log as much again.
    replace("    compress\n", "");
    replace("systemctl kill -s USR1 torc.service", fmt::format("kill -USR1 {}", server().pid()));
    directory_.write("rules", fmt::format("{}", rules));
    std::filesystem::permissions(path("rules"), std::filesystem::perms(0644));

    std::atomic<bool> is_over = false;
    std::atomic<int> requests = 0;
    std::vector<std::jthread> threads;
    /// Before the threads are waited for, however this test ends.
    struct End {
        ~End() { flag = true; }
        std::atomic<bool>& flag;
    } const end{is_over};
    for (int client = 0; client < 2; ++client) {
        threads.emplace_back([&] {
            HttpClient connection = connect();
            while (!is_over) {
                EXPECT_EQ(connection.get("/page.txt").status, 200);
                ++requests;
            }
        });
    }
    for (int rotation = 1; rotation <= rotations; ++rotation) {
        // Nothing is rotated that is empty.
        EXPECT_TRUE(eventually([&] { return std::filesystem::file_size(path("access.log")) > 0; }));
        (void)run(logrotate, {"--force", "--state", path("state"), path("rules")});
    }
    is_over = true;
    threads.clear();
    EXPECT_EQ(server().stop(), 0);
    const std::string lines = run(
        "/bin/sh",
        {"-c", "zcat -f access.log access.log.* | grep -c '\"GET /page.txt HTTP/1.1\" 200 7 '"});
    EXPECT_EQ(lines, fmt::format("{}\n", requests.load()));
    EXPECT_TRUE(std::filesystem::exists(path("access.log.10")));
}

}  // namespace
}  // namespace torc::test
