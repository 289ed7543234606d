// What a server does whose memory runs out.

#include "integration/support/server_test.hpp"
#include "support/sanitizers.hpp"

#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

class Memory : public ServerTest {
protected:
    void SetUp() override {
        if (has_address_sanitizer || has_thread_sanitizer) {
            GTEST_SKIP() << "a sanitizer ends the process whose memory runs out";
        }
        ServerTest::SetUp();
        write("page.txt", "a page\n");
        for (int number = 0; number < files; ++number) {
            write("files/" + std::to_string(number), patterned_bytes(std::size_t{100} * 1024));
        }
    }

    /// Lets the server have so much more address space than it has now.
    void limit_memory(std::size_t more_bytes) {
        std::ifstream status("/proc/" + std::to_string(server().pid()) + "/status");
        std::string word;
        rlim_t kibibytes = 0;
        while (status >> word && word != "VmSize:") {
        }
        status >> kibibytes;
        ASSERT_GT(kibibytes, 0U);
        set_limit(kibibytes * 1024 + more_bytes);
    }
    void set_limit(rlim_t bytes) {
        const rlimit limit{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
        ASSERT_EQ(::prlimit(server().pid(), RLIMIT_AS, &limit, nullptr), 0);
    }

    static constexpr int files = 100;
};

TORC_ON_BOTH_BACKENDS(Memory);

TEST_P(Memory, ThatRunsOutCostsTheConnectionsThatWantMoreAndNobodyElse) {
    start();
    HttpClient before = connect();
    ASSERT_EQ(before.get("/page.txt").body, "a page\n");
    limit_memory(std::size_t{256} * 1024);
    // Each wants a file that is not in memory, or else a place of its own to be answered from.
    std::vector<HttpClient> clients;
    for (int count = 0; count < 600; ++count) {
        clients.push_back(connect());
        clients.back().send(request_bytes("GET", "/files/" + std::to_string(count % files)));
    }
    int refused = 0;
    for (HttpClient& client : clients) {
        try {
            refused += static_cast<int>(client.receive_response().status != 200);
        } catch (const ClientError&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 0) << "or memory did not run out";
    set_limit(RLIM_INFINITY);
    EXPECT_TRUE(eventually_serves("/page.txt", 200, "a page\n"));
    EXPECT_TRUE(eventually_serves("/files/7", 200, patterned_bytes(std::size_t{100} * 1024)));
}

}  // namespace
}  // namespace torc::test
