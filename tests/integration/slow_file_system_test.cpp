// The slow file system that other tests rely on.

#include "integration/support/slow_file_system.hpp"

#include <torc/base/unique_fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace torc::test {
namespace {

class SlowFiles : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto obstacle = slow_file_system_obstacle()) {
            GTEST_SKIP() << *obstacle;
        }
        slow_.emplace(directory_.path());
    }

    [[nodiscard]] SlowFileSystem& slow() { return *slow_; }
    [[nodiscard]] std::string path_of(std::string_view name) const {
        return (directory_.path() / name).string();
    }
    [[nodiscard]] UniqueFd open(std::string_view name, int flags = O_RDONLY) const {
        return UniqueFd(::open(path_of(name).c_str(), flags | O_CLOEXEC));
    }

    TemporaryDirectory directory_;
    std::optional<SlowFileSystem> slow_;
};

struct SlowCall {
    std::string_view name;
    /// Makes such a call, among others.
    std::function<void()> make;
};

std::size_t read_byte_at(const UniqueFd& file, off_t offset) {
    char byte = 0;
    return static_cast<std::size_t>(::pread(file.get(), &byte, 1, offset));
}

TEST_F(SlowFiles, ServesTheFilesThatItNames) {
    EXPECT_TRUE(is_same_bytes(contents_of(path_of("1m.bin")),
                              SlowFileSystem::contents(std::size_t{1024} * 1024)));
    EXPECT_EQ(contents_of(path_of("d/000.txt")), SlowFileSystem::contents(1024));
    EXPECT_EQ(contents_of(path_of("e/999.txt")), SlowFileSystem::contents(1024));
    EXPECT_EQ(std::filesystem::file_size(path_of("large/099.bin")), 1024U * 1024);
    EXPECT_FALSE(std::filesystem::exists(path_of("d/1000.txt")));
    const std::filesystem::directory_iterator entries(path_of("medium"));
    EXPECT_EQ(std::distance(begin(entries), end(entries)), 1000);
}

TEST_F(SlowFiles, MakesEachCallWaitByItself) {
    const UniqueFd file = open("1m.bin");
    const UniqueFd directory = open("e", O_RDONLY | O_DIRECTORY);
    const std::vector<SlowCall> calls = {
        {"lookup", [&] { static_cast<void>(std::filesystem::exists(path_of("d/001.txt"))); }},
        {"open", [&] { static_cast<void>(open("1k.txt")); }},
        {"read", [&] { static_cast<void>(read_byte_at(file, 0)); }},
        {"flush", [&] { static_cast<void>(open("1k.txt")); }},
        {"opendir", [&] { static_cast<void>(open("e", O_RDONLY | O_DIRECTORY)); }},
        {"readdir",
         [&] { static_cast<void>(std::filesystem::directory_iterator(path_of("medium"))); }},
        {"statfs",
         [&] {
             struct statfs statistics{};
             ::fstatfs(directory.get(), &statistics);
         }},
    };
    for (const SlowCall& call : calls) {
        SCOPED_TRACE(call.name);
        slow().stall(call.name);
        const std::future<void> caller = std::async(std::launch::async, call.make);
        EXPECT_TRUE(eventually([&] { return slow().waiting(call.name) == 1; }));
        EXPECT_EQ(slow().waiting(), 1U);
        slow().release(call.name);
        caller.wait();
        EXPECT_EQ(slow().waiting(), 0U);
    }
}

TEST_F(SlowFiles, MakesNobodyWaitForARelease) {
    slow().stall("release");
    static_cast<void>(open("1k.txt"));
    EXPECT_TRUE(eventually([&] { return slow().waiting("release") == 1; }));
}

TEST_F(SlowFiles, AsksForAttributesAgainThatAreNoLongerValid) {
    slow().set_valid_for(std::chrono::milliseconds(0));
    const UniqueFd file = open("1k.txt");
    const std::size_t before = slow().count("getattr");
    struct stat attributes{};
    EXPECT_EQ(::fstat(file.get(), &attributes), 0);
    EXPECT_EQ(attributes.st_size, 1024);
    EXPECT_GT(slow().count("getattr"), before);
}

TEST_F(SlowFiles, DelaysACallForAsLongAsItWasTold) {
    constexpr std::chrono::milliseconds delay{50};
    slow().delay("open", delay);
    const auto begin = std::chrono::steady_clock::now();
    static_cast<void>(open("1k.txt"));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, delay);
    EXPECT_EQ(slow().waiting(), 0U);
}

TEST_F(SlowFiles, ReadsEachTimeWithoutAPageCache) {
    for (const auto caching : {SlowFileCaching::keep_cache, SlowFileCaching::direct_io}) {
        slow().set_caching(caching);
        const UniqueFd file = open("1k.txt");
        EXPECT_EQ(read_byte_at(file, 0), 1U);
        const std::size_t before = slow().count("read");
        EXPECT_EQ(read_byte_at(file, 0), 1U);
        EXPECT_EQ(slow().count("read") - before, caching == SlowFileCaching::direct_io ? 1U : 0U);
    }
}

TEST_F(SlowFiles, LetsAProcessThatWaitsBeKilledIfToldSo) {
    slow().stall("open");
    Subprocess reader({.program = "/bin/cat", .arguments = {path_of("1k.txt")}});
    EXPECT_TRUE(eventually([&] { return slow().waiting("open") == 1; }));
    reader.send_signal(SIGKILL);
    EXPECT_FALSE(reader.ends_within(std::chrono::milliseconds(50)));
    slow().heed_signals();
    EXPECT_EQ(reader.exit_code(), 128 + SIGKILL);
    EXPECT_EQ(slow().waiting("open"), 0U);
}

TEST_F(SlowFiles, UnmountsBesideCallsThatWait) {
    slow().stall("open");
    const std::future<void> caller =
        std::async(std::launch::async, [&] { static_cast<void>(open("1k.txt")); });
    EXPECT_TRUE(eventually([&] { return slow().waiting("open") == 1; }));
    slow_.reset();
    caller.wait();
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

class SlowSite : public SlowSiteTest {};
TORC_ON_BOTH_BACKENDS(SlowSite);

TEST_P(SlowSite, IsServedOnceItIsReleased) {
    start();
    slow().stall("lookup");
    HttpClient client = connect();
    client.send(request_bytes("GET", "/slow/d/007.txt"));
    EXPECT_TRUE(eventually([&] { return slow().waiting("lookup") > 0; }));
    slow().release();
    EXPECT_EQ(client.receive_response().body, SlowFileSystem::contents(1024));
}

}  // namespace
}  // namespace torc::test
