// What a server that serves says of what its owner could mend: once, however often it happens.

#include "integration/support/server_test.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

constexpr std::size_t huge_bytes = std::size_t{24} * 1024 * 1024;
constexpr int small_receive_buffer_bytes = 64 * 1024;

std::size_t count_of(std::string_view needle, std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = text.find(needle); at != std::string_view::npos;
         at = text.find(needle, at + needle.size())) {
        ++count;
    }
    return count;
}

class Reports : public ServerTest {};

TORC_ON_BOTH_BACKENDS(Reports);

TEST_P(Reports, FilesThatMayNotBeRead) {
    write("page.txt", "a page\n");
    write("secret.txt", "a secret\n");
    // As a name that writes to the terminal of whoever reads the report.
    write("secret\x1b[2J", "a secret\n");
    std::filesystem::permissions(directory_.path(), std::filesystem::perms{0755});
    for (const std::string_view name : {"secret.txt", "secret\x1b[2J"}) {
        std::filesystem::permissions(site() / name, std::filesystem::perms{0});
    }
    LaunchOptions options = torc_with({"--workers", "1"});
    options.is_unprivileged = true;
    start(options);
    for (int count = 0; count < 20; ++count) {
        ASSERT_EQ(get("/secret%1b%5b2J").status, 403);
        ASSERT_EQ(get("/secret.txt").status, 403);
        ASSERT_EQ(get("/missing.txt").status, 404);
    }
    server().await_standard_error("may not read them: 'secret?[2J'");
    EXPECT_EQ(get("/page.txt").body, "a page\n");
    EXPECT_EQ(count_of("may not read them", server().standard_error()), 1U);
}

TEST_P(Reports, ConnectionsThatAreRefused) {
    write("huge.bin", std::string(huge_bytes, 'x'));
    LaunchOptions options = torc_with({"--workers", "1"});
    options.descriptors_max = 160;
    start(options);
    // None of them is idle or waits for the disk, and so none can make room.
    std::vector<HttpClient> clients;
    clients.push_back(connect(small_receive_buffer_bytes));
    clients.back().send(request_bytes("GET", "/huge.bin"));
    ASSERT_EQ(clients.back().receive_head().status, 200);
    for (int count = 0; count < 250; ++count) {
        try {
            clients.push_back(connect(small_receive_buffer_bytes));
            clients.back().send(request_bytes("GET", "/huge.bin"));
        } catch (const ClientError&) {
            // It was refused.
        }
    }
    EXPECT_TRUE(eventually([&] {
        const std::string printed = server().standard_error();
        return printed.contains("connections are refused") ||
               printed.contains("connections wait for descriptors");
    }));
    EXPECT_TRUE(server().standard_error().contains("LimitNOFILE="));
}

}  // namespace
}  // namespace torc::test
