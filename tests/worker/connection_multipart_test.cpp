#include <torc/worker/connection.hpp>

#include "worker/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::worker {
namespace {

using test::ActionKind;
using test::ok;
using test::request;
using test::statuses;

class ConnectionMultipartTest : public test::ConnectionTest {
protected:
    ConnectionMultipartTest() { harness_.put("memory", site::test::memory_asset(memory_bytes())); }
    static const std::string& memory_bytes() {
        static const std::string bytes = torc::test::patterned_bytes(60'000);
        return bytes;
    }

    /// The parts' bytes of an answer, taken apart by its own lengths and boundary.
    static std::vector<std::string> parts_of(std::string_view answer) {
        const std::string boundary =
            "--" + std::string(between(answer, "multipart/byteranges; boundary=", "\r\n"));
        const std::size_t length =
            std::stoull(std::string(between(answer, "Content-Length: ", "\r\n")));
        std::string_view content = answer.substr(answer.find("\r\n\r\n") + 4);
        EXPECT_EQ(content.size(), length);
        // zsync takes nothing else for a boundary, the first one included.
        EXPECT_TRUE(content.starts_with("\r\n"));
        content.remove_prefix(2);
        std::vector<std::string> parts;
        while (content.starts_with(boundary + "\r\n")) {
            const std::string_view range = between(content, "Content-Range: bytes ", "/");
            const std::size_t first = std::stoull(std::string(range.substr(0, range.find('-'))));
            const std::size_t last = std::stoull(std::string(range.substr(range.find('-') + 1)));
            content = content.substr(content.find("\r\n\r\n") + 4);
            parts.emplace_back(content.substr(0, last - first + 1));
            content = content.substr(last - first + 1);
            EXPECT_TRUE(content.starts_with("\r\n"));
            content.remove_prefix(2);
        }
        EXPECT_EQ(content, boundary + "--\r\n");
        return parts;
    }

private:
    static std::string_view between(std::string_view text, std::string_view before,
                                    std::string_view after) {
        const std::size_t begin = text.find(before) + before.size();
        return text.substr(begin, text.find(after, begin) - begin);
    }
};

TEST_F(ConnectionMultipartTest, SendsTheRangesOfAFileInMemory) {
    const std::string answer =
        harness_.exchange(request("GET /memory", "Range: bytes=0-9,50000-59998,100-119\r\n"));
    EXPECT_EQ(parts_of(answer),
              (std::vector{memory_bytes().substr(0, 10), memory_bytes().substr(50'000, 9'999),
                           memory_bytes().substr(100, 20)}));
    EXPECT_EQ(harness_.last(), ActionKind::receive);
}

TEST_F(ConnectionMultipartTest, SendsTheRangesOfAFileOnDisk) {
    const std::string answer =
        harness_.exchange(request("GET /large", "Range: bytes=-7,100000-219999,0-0\r\n"));
    EXPECT_EQ(parts_of(answer),
              (std::vector{large_bytes().substr(large_bytes().size() - 7),
                           large_bytes().substr(100'000, 120'000), large_bytes().substr(0, 1)}));
    EXPECT_EQ(harness_.last(), ActionKind::receive);
}

TEST_F(ConnectionMultipartTest, SendsAsManyPartsAsThereMayBe) {
    std::string ranges = "Range: bytes=0-1";
    for (std::size_t part = 1; part < limits::ranges_max; ++part) {
        ranges += "," + std::to_string(part * 200) + "-" + std::to_string(part * 200 + 1);
    }
    for (const std::string_view path : {"GET /memory", "GET /large"}) {
        const auto parts = parts_of(harness_.exchange(request(path, ranges + "\r\n")));
        ASSERT_EQ(parts.size(), limits::ranges_max) << path;
        const std::string& bytes = path.ends_with("memory") ? memory_bytes() : large_bytes();
        for (std::size_t part = 0; part < parts.size(); ++part) {
            EXPECT_EQ(parts[part], bytes.substr(part * 200, 2)) << path << ", part " << part;
        }
    }
}

TEST_F(ConnectionMultipartTest, GoesOnWithTheNextRequest) {
    const std::string answer = harness_.exchange(
        request("GET /b") + request("GET /large", "Range: bytes=0-9,100-109\r\n") +
        request("GET /memory", "Range: bytes=0-9,100-109\r\n") + request("GET /a"));
    EXPECT_EQ(statuses(answer), (std::vector{200, 206, 206, 200}));
    EXPECT_TRUE(answer.ends_with(ok("12345")));
}

TEST_F(ConnectionMultipartTest, SendsManyPipelinedThoughTheirHeadsFillTheResponseBatch) {
    std::string requests;
    for (int count = 0; count < 20; ++count) {
        requests += request("GET /memory", "Range: bytes=0-4000,5000-9000,10000-14000\r\n");
    }
    EXPECT_EQ(statuses(harness_.exchange(requests)), std::vector<int>(20, 206));
}

TEST_F(ConnectionMultipartTest, SaysThatMoreFollowsUntilTheEnd) {
    (void)harness_.receive(request("GET /large", "Range: bytes=0-9,100-109\r\n"));
    std::vector<bool> more;
    while (harness_.last() != ActionKind::receive) {
        if (harness_.last() == ActionKind::send) {
            more.push_back(harness_.wanted<Send>().more_follows);
        }
        (void)harness_.perform_one();
    }
    EXPECT_EQ(more, (std::vector{true, true, false}));
}

TEST_F(ConnectionMultipartTest, EndsWhenTheFileBecomesShorterMeanwhile) {
    (void)harness_.receive(request("GET /large", "Range: bytes=0-9,100-109\r\n"));
    (void)harness_.perform_one();
    ASSERT_EQ(harness_.last(), ActionKind::send_file);
    EXPECT_EQ(harness_.complete_send_file(0), ActionKind::close);
}

}  // namespace
}  // namespace torc::worker
