// Whether the access log tells a slow disk from a slow client.

#include "integration/support/slow_file_system.hpp"

#include <chrono>
#include <cstddef>
#include <regex>
#include <string>
#include <string_view>

namespace torc::test {
namespace {

using namespace std::chrono_literals;

/// Of one line, in seconds.
struct Times {
    double disk = 0;
    double client = 0;
};

class SlowResponses : public SlowSiteTest {
protected:
    void start_logging() {
        start({"--access-log", log_file(), "--access-log-format", "json", "--workers", "1"});
    }
    [[nodiscard]] std::string log_file() const { return (directory_.path() / "log").string(); }
    /// Stops the server; gives the times of the line for `target`.
    [[nodiscard]] Times times_of(std::string_view target) {
        EXPECT_EQ(server().stop(), 0);
        const std::string log = contents_of(log_file());
        static const std::regex line(
            R"re("uri":"([^"]*)".*"times":\{"disk":([\d.]+),"send":[\d.]+,"client":([\d.]+)\})re");
        for (std::sregex_iterator at(log.begin(), log.end(), line); at != std::sregex_iterator();
             ++at) {
            if ((*at)[1].str() == target) {
                return {.disk = std::stod((*at)[2]), .client = std::stod((*at)[3])};
            }
        }
        ADD_FAILURE() << target << " is not in\n" << log;
        return {};
    }

    static constexpr std::chrono::milliseconds delay{300};
    /// The least of it that is to be found again.
    static constexpr double most_of_delay = 0.25;
};

TORC_ON_BOTH_BACKENDS(SlowResponses);

TEST_P(SlowResponses, AreTheDisksWhereItOpensAFileSlowly) {
    start_logging();
    slow().delay("open", delay);
    EXPECT_EQ(get("/slow/1k.txt").status, 200);
    const Times times = times_of("/slow/1k.txt");
    EXPECT_GT(times.disk, most_of_delay);
    EXPECT_LT(times.client, most_of_delay);
}

TEST_P(SlowResponses, AreTheDisksWhereItReadsALargeFileSlowly) {
    start_logging();
    slow().delay("read", 100ms);
    EXPECT_EQ(get("/slow/large/000.bin").body.size(), 1024U * 1024);
    const Times times = times_of("/slow/large/000.bin");
    EXPECT_GT(times.disk, most_of_delay);
    EXPECT_LT(times.client, most_of_delay);
}

TEST_P(SlowResponses, AreTheClientsWhereItDoesNotRead) {
    constexpr std::size_t bytes = std::size_t{24} * 1024 * 1024;
    write("large.bin", std::string(bytes, 'x'));
    start_logging();
    slow().delay("open", delay);
    HttpClient client = connect(64 * 1024);
    client.send(request_bytes("GET", "/large.bin"));
    EXPECT_EQ(client.receive_head().status, 200);
    // So long it reads nothing.
    EXPECT_EQ(get("/slow/1k.txt").status, 200);
    EXPECT_EQ(client.receive(bytes).size(), bytes);
    const Times times = times_of("/large.bin");
    EXPECT_GT(times.client, most_of_delay);
    EXPECT_LT(times.disk, most_of_delay);
}

}  // namespace
}  // namespace torc::test
