// A file system that does not answer holds up who asks for its files, and nobody else.

#include "integration/support/slow_file_system.hpp"
#include "support/sanitizers.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

using Arguments = std::vector<std::string>;

/// More than there are threads for one file system, of all workers together.
constexpr int many = 100;

class StalledFileSystem : public SlowSiteTest {
protected:
    void SetUp() override {
        SlowSiteTest::SetUp();
        if (IsSkipped()) {
            return;
        }
        write("hot.txt", "hot\n");
        for (int number = 0; number < many; ++number) {
            write("healthy/" + std::to_string(number) + ".txt", "healthy\n");
        }
    }

    /// Asks for so many different files of `directory`, and leaves it at that.
    std::vector<HttpClient> ask(std::string_view directory, std::string_view suffix, int count,
                                int first = 0) {
        std::vector<HttpClient> clients;
        for (int number = first; number < first + count; ++number) {
            std::string name = std::to_string(number);
            name.insert(0, 3 - name.size(), '0');
            clients.push_back(connect());
            clients.back().send(
                request_bytes("GET", std::string(directory) + name + std::string(suffix)));
        }
        return clients;
    }

    /// What everybody else asks for: each on a connection of its own, so that both workers are
    /// asked.
    void expect_others_are_served() {
        for (int count = 0; count < 6; ++count) {
            EXPECT_EQ(get("/hot.txt").body, "hot\n");
            EXPECT_EQ(get("/healthy/" + std::to_string(next_healthy_++) + ".txt").body,
                      "healthy\n");
            EXPECT_EQ(get("/healthy/missing-" + std::to_string(count)).status, 404);
            EXPECT_EQ(get("/missing/" + std::to_string(count) + "/").status, 404);
        }
        EXPECT_EQ(get("/healthy/").status, 200) << "a listing";
        EXPECT_EQ(get("/").status, 200) << "the listing of what the slow one is mounted in";
    }

    /// Long before the timeouts of the server, that is.
    void expect_stop_once_they_have_left(std::vector<HttpClient>& waiting) {
        std::ranges::for_each(waiting, &HttpClient::reset);
        server().send_signal(SIGTERM);
        EXPECT_TRUE(server().ends_within(std::chrono::seconds(20)));
        slow().release();
        server_.reset();
    }

private:
    int next_healthy_ = 0;
};

TORC_ON_BOTH_BACKENDS(StalledFileSystem);

TEST_P(StalledFileSystem, HoldsUpNobodyElseWhicheverOfItsCallsItIs) {
    start(Arguments{"--listing"});
    ASSERT_EQ(get("/hot.txt").body, "hot\n");
    int first = 0;
    for (const std::string_view call : {"lookup", "open", "read", "flush"}) {
        SCOPED_TRACE(call);
        slow().stall(call);
        std::vector<HttpClient> clients = ask("/slow/d/", ".txt", many, first);
        ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
        expect_others_are_served();
        slow().release();
        for (HttpClient& client : clients) {
            EXPECT_EQ(client.receive_response().status, 200);
        }
        first += many;
    }
}

TEST_P(StalledFileSystem, HoldsUpNobodyElseBesideOthersThatHangToo) {
    std::deque<SlowFileSystem> others;
    for (int number = 0; number < 6; ++number) {
        const auto mountpoint = site() / ("other-" + std::to_string(number));
        std::filesystem::create_directory(mountpoint);
        others.emplace_back(mountpoint);
    }
    SlowFileSystem& healthy = others.front();
    start(Arguments{"--listing"});
    ASSERT_EQ(get("/hot.txt").body, "hot\n");
    slow().stall("open");
    std::vector<HttpClient> clients = ask("/slow/d/", ".txt", many);
    for (std::size_t number = 1; number < others.size(); ++number) {
        others[number].stall("open");
        std::ranges::move(ask("/other-" + std::to_string(number) + "/d/", ".txt", many),
                          std::back_inserter(clients));
        ASSERT_TRUE(eventually([&] { return others[number].waiting() >= 1; }));
    }
    expect_others_are_served();
    for (int number = 0; number < many; ++number) {
        EXPECT_EQ(get("/other-0/e/" + std::to_string(100 + number) + ".txt").status, 200)
            << "of a file system that may wait as well, and does not";
    }
    EXPECT_EQ(healthy.waiting(), 0U);
    slow().release();
    std::ranges::for_each(others, [](SlowFileSystem& other) { other.release(); });
    for (HttpClient& client : clients) {
        EXPECT_EQ(client.receive_response().status, 200);
    }
}

TEST_P(StalledFileSystem, HoldsUpNobodyElseWhenItsDirectoriesAreListed) {
    for (const std::string_view call : {"getattr", "opendir", "readdir"}) {
        SCOPED_TRACE(call);
        start(Arguments{"--listing"});
        slow().set_valid_for(std::chrono::milliseconds(0));
        slow().stall(call);
        std::vector<HttpClient> clients;
        for (const std::string_view path : {"/slow/", "/slow/d/", "/slow/e/", "/slow/medium/"}) {
            clients.push_back(connect());
            clients.back().send(request_bytes("GET", path));
        }
        ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
        expect_others_are_served();
        slow().release();
        for (HttpClient& client : clients) {
            EXPECT_EQ(client.receive_response().status, 200);
        }
        EXPECT_EQ(server().stop(), 0);
    }
}

TEST_P(StalledFileSystem, HoldsUpNobodyElseWhenSymbolicLinksLeadThere) {
    std::filesystem::create_directory_symlink("slow/d", site() / "linked");
    start(Arguments{"--listing"});
    slow().stall("open");
    std::vector<HttpClient> clients = ask("/linked/", ".txt", many);
    ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
    expect_others_are_served();
    slow().release();
    for (HttpClient& client : clients) {
        EXPECT_EQ(client.receive_response().status, 200);
    }
}

TEST_P(StalledFileSystem, HoldsUpNobodyElseInTheMidstOfLargeFiles) {
    for (const SlowFileCaching caching :
         {SlowFileCaching::keep_cache, SlowFileCaching::direct_io}) {
        slow().set_caching(caching);
        start(Arguments{"--listing"});
        std::vector<HttpClient> clients;
        for (int count = 0; count < many; ++count) {
            clients.push_back(connect());
        }
        slow().stall("read");
        for (HttpClient& client : clients) {
            client.send(request_bytes("GET", "/slow/10m.bin"));
            EXPECT_EQ(client.receive_head().status, 200);
        }
        ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
        expect_others_are_served();
        clients.erase(clients.begin() + 2, clients.end());  // The others leave.
        slow().release();
        constexpr std::size_t bytes = std::size_t{10} * 1024 * 1024;
        for (HttpClient& client : clients) {
            EXPECT_TRUE(is_same_bytes(client.receive(bytes), SlowFileSystem::contents(bytes)));
        }
        EXPECT_EQ(server().stop(), 0);
    }
}

TEST_P(StalledFileSystem, SendsItsLargeFilesWholeAndInRanges) {
    start();
    constexpr std::size_t bytes = std::size_t{1024} * 1024;
    const std::string contents = SlowFileSystem::contents(bytes);
    EXPECT_TRUE(is_same_bytes(get("/slow/1m.bin").body, contents));
    EXPECT_TRUE(is_same_bytes(get("/slow/1m.bin", "Range: bytes=77-700000\r\n").body,
                              contents.substr(77, 700'000 - 77 + 1)));
    const Response parts = get("/slow/1m.bin", "Range: bytes=0-300000,500000-900000\r\n");
    EXPECT_EQ(parts.status, 206);
    EXPECT_NE(parts.body.find(contents.substr(500'000, 400'001)), std::string::npos);
}

TEST_P(StalledFileSystem, IsGivenUpAfterTheLoadTimeout) {
    start(Arguments{"--load-timeout", "1", "--workers", "1"});
    slow().stall("open");
    HttpClient client = connect();
    client.send(request_bytes("GET", "/slow/1k.txt") + request_bytes("GET", "/hot.txt"));
    const Response response = client.receive_response();
    EXPECT_EQ(response.status, 503);
    EXPECT_TRUE(response.field("Retry-After"));
    EXPECT_EQ(client.receive_response().body, "hot\n") << "on the same connection";
    // Who asks now is not kept waiting.
    EXPECT_EQ(client.get("/slow/1k.txt").status, 503);
    slow().release();
    EXPECT_TRUE(eventually_serves("/slow/1k.txt", 200, SlowFileSystem::contents(1024)));
}

TEST_P(StalledFileSystem, KeepsNobodyOutByThoseWhoWaitForIt) {
    constexpr std::uint64_t descriptors_max = 160;
    LaunchOptions options = torc_with({"--workers", "1"});
    options.descriptors_max = descriptors_max;
    start(options);
    slow().stall("open");
    // All of them at once, and then they leave; and then as many who stay.
    static_cast<void>(ask("/slow/d/", ".txt", 200));
    const std::vector<HttpClient> waiting = ask("/slow/e/", ".txt", 200);
    for (int count = 0; count < 20; ++count) {
        EXPECT_EQ(get("/hot.txt").body, "hot\n");
    }
}

TEST_P(StalledFileSystem, HoldsUpNoDeploy) {
    const std::filesystem::path current = directory_.path() / "current";
    const std::filesystem::path next = directory_.path() / "next";
    std::filesystem::create_directory_symlink(site(), current);
    std::filesystem::create_directories(next);
    directory_.write("next/hot.txt", "next\n");
    start_at(current, torc_with({}));
    ASSERT_EQ(get("/hot.txt").body, "hot\n");
    slow().stall("all");
    const std::vector<HttpClient> waiting = ask("/slow/d/", ".txt", many);
    ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
    std::filesystem::remove(current);
    std::filesystem::create_directory_symlink(next, current);
    EXPECT_TRUE(eventually_serves("/hot.txt", 200, "next\n"));
}

TEST_P(StalledFileSystem, ServesWhatIsCachedThoughTheRootItselfIsThere) {
    start_at(slow().path(), torc_with({"--load-timeout", "1"}));
    const std::string contents = SlowFileSystem::contents(1024);
    for (int count = 0; count < 20; ++count) {
        ASSERT_EQ(get("/1k.txt").body, contents) << "by both workers";
    }
    slow().set_valid_for(std::chrono::milliseconds(0));
    slow().stall("all");
    const std::vector<HttpClient> waiting = ask("/d/", ".txt", many);
    ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
    EXPECT_EQ(get("/missing").status, 503);
    slow().release();
}

TEST_P(StalledFileSystem, HoldsUpNoOtherLinkThroughDirectoriesOfTheClientsChoice) {
    std::filesystem::create_directory_symlink("slow", site() / "linked");
    std::filesystem::create_directory_symlink("healthy", site() / "good");
    start(Arguments{"--listing"});
    slow().set_valid_for(std::chrono::milliseconds(0));
    slow().stall("lookup");
    std::vector<HttpClient> waiting;
    for (int number = 0; number < 3 * many; ++number) {
        waiting.push_back(connect());
        waiting.back().send(
            request_bytes("GET", "/linked/" + std::to_string(number) + "/file.txt"));
    }
    ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
    expect_others_are_served();
    for (int number = 50; number < 60; ++number) {
        EXPECT_EQ(get("/good/" + std::to_string(number) + ".txt").body, "healthy\n");
    }
}

TEST_P(StalledFileSystem, HoldsUpNoListingOfOthersByLinksInSome) {
    for (int number = 0; number < 20; ++number) {
        const std::filesystem::path directory = site() / ("links" + std::to_string(number));
        std::filesystem::create_directory(directory);
        std::filesystem::create_symlink("../slow/1k.txt", directory / "link.txt");
    }
    start(Arguments{"--listing"});
    slow().set_valid_for(std::chrono::milliseconds(0));
    EXPECT_NE(get("/links0/").body.find("link.txt"), std::string::npos);
    slow().stall("lookup");
    std::vector<HttpClient> waiting;
    for (int number = 1; number < 20; ++number) {
        waiting.push_back(connect());
        waiting.back().send(request_bytes("GET", "/links" + std::to_string(number) + "/"));
    }
    ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
    expect_others_are_served();
}

TEST_P(StalledFileSystem, IsForgottenWhenADeployThatLedThereIsRolledBack) {
    const std::filesystem::path current = directory_.path() / "current";
    std::filesystem::create_directory_symlink(site(), current);
    start_at(current, torc_with({"--load-timeout", "1"}));
    ASSERT_EQ(get("/hot.txt").body, "hot\n");
    slow().set_valid_for(std::chrono::milliseconds(0));
    slow().stall("all");
    const auto point_to = [&](const std::filesystem::path& target) {
        std::filesystem::create_directory_symlink(target, directory_.path() / "next");
        std::filesystem::rename(directory_.path() / "next", current);
    };
    point_to(slow().path());
    EXPECT_TRUE(eventually([&] { return get("/healthy/1.txt").status == 503; }));
    point_to(site());
    EXPECT_TRUE(eventually_serves("/healthy/1.txt", 200, "healthy\n"));
    EXPECT_TRUE(eventually_serves("/hot.txt", 200, "hot\n"));
}

TEST_P(StalledFileSystem, DoesNotKeepTheServerFromStoppingByTheCloseOfAFile) {
    start(Arguments{"--drain-timeout", "2"});
    slow().heed_signals();
    ASSERT_EQ(get("/slow/1m.bin").status, 200) << "it stays open";
    slow().stall("flush");
    server().send_signal(SIGTERM);
    EXPECT_TRUE(server().ends_within(std::chrono::seconds(30)));
    slow().release();
    server_.reset();
}

TEST_P(StalledFileSystem, DoesNotKeepTheServerFromStoppingOnceNobodyWaitsForIt) {
    start(Arguments{"--load-timeout", "60", "--drain-timeout", "60"});
    slow().heed_signals();
    slow().stall("open");
    std::vector<HttpClient> waiting = ask("/slow/d/", ".txt", many);
    ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
    expect_stop_once_they_have_left(waiting);
}

TEST_P(StalledFileSystem, DoesNotKeepTheServerFromStoppingByABodyThatNobodyWaitsFor) {
    if (has_address_sanitizer) {
        GTEST_SKIP() << "it stops all threads at the end, which one that reads a page does not do";
    }
    start(Arguments{"--send-timeout", "60", "--drain-timeout", "60"});
    slow().heed_signals();
    slow().stall("read");
    std::vector<HttpClient> waiting = ask("/slow/large/", ".bin", 20);
    for (HttpClient& client : waiting) {
        EXPECT_EQ(client.receive_head().status, 200);
    }
    ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
    expect_stop_once_they_have_left(waiting);
}

TEST_P(StalledFileSystem, HoldsNoConnectionWhosePeerHasGone) {
    start(Arguments{"--send-timeout", "600", "--max-connections-per-address", "1"});
    slow().stall("read");
    HttpClient client = connect();
    client.send(request_bytes("GET", "/slow/10m.bin"));
    ASSERT_EQ(client.receive_head().status, 200);
    ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
    client.reset();
    EXPECT_TRUE(eventually([&] {
        try {
            return get("/hot.txt").body == "hot\n";
        } catch (const ClientError&) {
            return false;  // The first is still counted.
        }
    }));
}

TEST_P(StalledFileSystem, DoesNotKeepTheServerFromStopping) {
    for (const std::string_view call : {"open", "read"}) {
        start(Arguments{"--load-timeout", "60"});
        slow().heed_signals();
        slow().stall(call);
        std::vector<HttpClient> waiting = ask("/slow/d/", ".txt", many);
        ASSERT_TRUE(eventually([&] { return slow().waiting() >= 1; }));
        server().send_signal(SIGTERM);
        server().await_standard_error("finishing what is in flight");
        server().send_signal(SIGTERM);
        EXPECT_TRUE(server().ends_within(std::chrono::seconds(20))) << call;
        slow().release();
    }
    server_.reset();
}

}  // namespace
}  // namespace torc::test
