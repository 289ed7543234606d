// How much memory the server takes for clients that ask for much and read nothing.

#include "integration/support/server_test.hpp"
#include "support/sanitizers.hpp"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

constexpr std::size_t mebibyte = std::size_t{1024} * 1024;
/// The client's; so little comes out of the server that what it holds for a response stays.
constexpr int small_receive_buffer_bytes = 16 * 1024;
/// What may come and go beside bodies: connections, the heap's rounding, a page while it is made.
constexpr std::size_t slack_bytes = 8 * mebibyte;

class MemoryBound : public ServerTest {
protected:
    void SetUp() override {
        if (has_address_sanitizer || has_thread_sanitizer) {
            GTEST_SKIP() << "a sanitizer keeps memory that was freed";
        }
        ServerTest::SetUp();
    }

    /// Memory of the server's own, without what it maps of files.
    [[nodiscard]] std::size_t anonymous_bytes() { return status_bytes("RssAnon:"); }
    /// The most memory that it ever had.
    [[nodiscard]] std::size_t peak_bytes() { return status_bytes("VmHWM:"); }
    [[nodiscard]] std::size_t status_bytes(std::string_view name) {
        std::ifstream status("/proc/" + std::to_string(server().pid()) + "/status");
        std::string word;
        std::size_t kibibytes = 0;
        while (status >> word && word != name) {
        }
        status >> kibibytes;
        EXPECT_GT(kibibytes, 0U);
        return kibibytes * 1024;
    }

    /// A client that has the head of its first response and reads no more.
    [[nodiscard]] HttpClient client_that_stalls(std::string_view requests) {
        HttpClient client = connect(small_receive_buffer_bytes);
        client.send(requests);
        last_status_ = client.receive_head().status;
        return client;
    }

    int last_status_ = 0;
};

TORC_ON_BOTH_BACKENDS(MemoryBound);

TEST_P(MemoryBound, HoldsForBodiesThatSlowReadersAreSent) {
    constexpr std::size_t clients = 80;
    constexpr std::size_t files_each = 5;
    constexpr std::size_t file_bytes = std::size_t{100} * 1024;
    for (std::size_t number = 0; number < clients * files_each; ++number) {
        write(std::to_string(number), patterned_bytes(file_bytes));
    }
    write("page.txt", "a page\n");
    start({"--workers", "1", "--cache-memory", "1m"});
    ASSERT_EQ(get("/page.txt").body, "a page\n");
    const std::size_t before = anonymous_bytes();
    std::vector<HttpClient> readers;
    for (std::size_t reader = 0; reader < clients; ++reader) {
        std::string requests;
        for (std::size_t file = 0; file < files_each; ++file) {
            requests += request_bytes("GET", "/" + std::to_string(reader * files_each + file));
        }
        readers.push_back(client_that_stalls(requests));
        ASSERT_EQ(last_status_, 200);
    }
    EXPECT_LE(anonymous_bytes(), before + mebibyte + slack_bytes)
        << "they asked for " << clients * files_each * file_bytes / mebibyte << " MiB";
    EXPECT_EQ(get("/page.txt").body, "a page\n");
    // What went from its file is whole.
    for (std::size_t file = 0; file < files_each; ++file) {
        HttpClient& last = readers.back();
        const std::string body =
            file == 0 ? last.receive(file_bytes) : last.receive_response().body;
        EXPECT_TRUE(is_same_bytes(body, patterned_bytes(file_bytes)));
    }
}

TEST_P(MemoryBound, HoldsForListingsThatSlowReadersAreSent) {
    constexpr int entries = 5'000;
    const std::string long_name(200, 'n');
    std::filesystem::create_directory(site() / "directory");
    for (int number = 0; number < entries; ++number) {
        write("directory/" + long_name + std::to_string(number), "");
    }
    start({"--workers", "1", "--cache-memory", "8m", "--listing"});
    ASSERT_EQ(get("/directory/").status, 200);
    const std::size_t before = anonymous_bytes();
    std::size_t listings = 0;
    {
        std::vector<HttpClient> readers;
        for (const std::string_view accept : {"", "Accept: application/json\r\n"}) {
            for (const std::string_view query :
                 {"?C=N", "?C=N&O=D", "?C=M", "?C=M&O=D", "?C=S&O=A", "?C=S&O=D"}) {
                const std::string target = "/directory/" + std::string(query);
                readers.push_back(client_that_stalls(request_bytes("GET", target, accept)));
                ASSERT_TRUE(last_status_ == 200 || last_status_ == 503) << last_status_;
                listings += last_status_ == 200 ? 1 : 0;
            }
        }
        EXPECT_GT(listings, 0U);
        EXPECT_LE(anonymous_bytes(), before + 8 * mebibyte + slack_bytes);
    }
    EXPECT_TRUE(eventually([&] { return anonymous_bytes() <= before + 8 * mebibyte; }));
    EXPECT_EQ(get("/directory/?C=S&O=D").status, 200) << "once they have left";
}

TEST_P(MemoryBound, HasAListingOnceInMemoryWhileItMakesIt) {
    const std::string long_name(200, 'n');
    std::filesystem::create_directory(site() / "directory");
    for (int number = 0; number < 10'000; ++number) {
        write("directory/" + long_name + std::to_string(number), "");
    }
    start({"--workers", "1", "--cache-memory", "1m", "--listing"});
    const std::size_t before = peak_bytes();
    const std::size_t page_bytes = get("/directory/", "Accept: text/html\r\n").body.size();
    EXPECT_GT(page_bytes, 4 * mebibyte);
    EXPECT_LE(peak_bytes(), before + page_bytes + page_bytes / 2 + 2 * mebibyte);
}

TEST_P(MemoryBound, SharesOneListingAmongAllWhoReadIt) {
    const std::string long_name(200, 'n');
    std::filesystem::create_directory(site() / "directory");
    for (int number = 0; number < 2'500; ++number) {
        write("directory/" + long_name + std::to_string(number), "");
    }
    // Less than the page takes, so that it is not kept for longer than it is sent.
    start({"--workers", "1", "--cache-memory", "1m", "--listing"});
    const std::size_t before = anonymous_bytes();
    {
        std::vector<HttpClient> readers;
        for (int reader = 0; reader < 16; ++reader) {
            readers.push_back(client_that_stalls(request_bytes("GET", "/directory/")));
            ASSERT_EQ(last_status_, 200);
        }
        EXPECT_LE(anonymous_bytes(), before + 2 * mebibyte + slack_bytes);
    }
    EXPECT_TRUE(eventually([&] { return anonymous_bytes() <= before + 3 * mebibyte; }));
}

TEST_P(MemoryBound, GivesBackWhatResponsesTookThatWereNotRead) {
    write("page.txt", "a page\n");
    start({"--workers", "1"});
    ASSERT_EQ(get("/page.txt").status, 200);
    const std::size_t before = anonymous_bytes();
    {
        std::string requests;
        for (int count = 0; count < 2'000; ++count) {
            requests += request_bytes("GET", "/page.txt");
        }
        std::vector<HttpClient> readers;
        for (int reader = 0; reader < 200; ++reader) {
            readers.push_back(client_that_stalls(requests));
        }
    }
    EXPECT_TRUE(eventually([&] { return anonymous_bytes() <= before + 3 * mebibyte; }));
}

}  // namespace
}  // namespace torc::test
