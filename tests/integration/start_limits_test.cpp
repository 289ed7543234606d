// How torc starts where a user may have few threads or lock little memory.

#include <torc/base/unique_fd.hpp>

#include "integration/support/server_test.hpp"
#include "support/sanitizers.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

/// Nobody else's: the kernel counts threads and locked memory by user.
constexpr uid_t lonely_user = 61'728;

class StartWithLimits : public ::testing::Test {
protected:
    void SetUp() override {
        if (has_thread_sanitizer) {
            GTEST_SKIP() << "the sanitizer's own thread counts, and it fails without";
        }
        if (::geteuid() != 0) {
            GTEST_SKIP() << "only root can become a user that runs nothing else";
        }
        take_turn();
        directory_.write("page.txt", "a page");
        std::filesystem::permissions(directory_.path(), std::filesystem::perms{0755});
        std::filesystem::permissions(directory_.path() / "page.txt", std::filesystem::perms{0644});
    }

    [[nodiscard]] LaunchOptions torc_on(std::string_view io, unsigned workers) const {
        LaunchOptions options =
            torc_with({directory_.path().string(), "--port", "0", "--address", "127.0.0.1", "--io",
                       std::string(io), "--workers", std::to_string(workers)});
        options.user = lonely_user;
        return options;
    }

    TemporaryDirectory directory_;

private:
    /// Waits until no other run of the tests, or other share of this one, has that user; until the
    /// end of the test.
    void take_turn() {
        const std::filesystem::path name =
            std::filesystem::temp_directory_path() / "torc-test-lonely-user";
        turn_.reset(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
        ASSERT_GE(turn_.get(), 0) << name;
        ASSERT_EQ(::flock(turn_.get(), LOCK_EX), 0);
    }

    UniqueFd turn_;
};

void expect_failure(const LaunchOptions& options, const std::vector<std::string>& parts) {
    const FinishedRun run = run_to_end(options);
    EXPECT_EQ(run.exit_code, 1) << run.standard_error;
    for (const std::string& part : parts) {
        EXPECT_TRUE(run.standard_error.contains(part))
            << part << "\nis not in: " << run.standard_error;
    }
}

TEST_F(StartWithLimits, FailsInOneLineWhenAWorkerGetsNoThread) {
    for (const std::string_view io : {"uring", "epoll"}) {
        // The first thread is the process's own and the second writes standard error; so the first,
        // the second or the last worker fails.
        for (const std::uint64_t threads : {2U, 3U, 5U}) {
            LaunchOptions options = torc_on(io, 4);
            options.threads_max = threads;
            expect_failure(options, {"torc: worker " + std::to_string(threads - 2), "RLIMIT_NPROC",
                                     "TasksMax=", "pids.max", "--workers"});
        }
    }
}

TEST_F(StartWithLimits, ServesWithJustTheThreadsThatItsWorkersNeed) {
    LaunchOptions options = torc_on("epoll", 2);
    options.threads_max = 4;
    ServerProcess server(options);
    EXPECT_EQ(HttpClient(server.port()).get("/page.txt").body, "a page");
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(StartWithLimits, ServesFilesThoughNoThreadCanBeMadeForThem) {
    std::filesystem::create_symlink("page.txt", directory_.path() / "link.txt");
    for (const std::string_view io : {"uring", "epoll"}) {
        LaunchOptions options = torc_on(io, 2);
        options.threads_max = 4;
        ServerProcess server(options);
        for (int count = 0; count < 20; ++count) {
            const std::string name = "fresh-" + std::string(io) + std::to_string(count);
            directory_.write(name, "fresh");
            HttpClient client(server.port());
            EXPECT_EQ(client.get("/" + name).body, "fresh");
            EXPECT_EQ(client.get("/link.txt").body, "a page");
            EXPECT_EQ(client.get("/missing-" + name).status, 404);
        }
        EXPECT_EQ(server.stop(), 0);
    }
}

/// The memory that sixteen rings do not find and one does.
constexpr rlimit memory_for_few_rings{.rlim_cur = 512 << 10, .rlim_max = 512 << 10};

TEST_F(StartWithLimits, FallsBackToEpollWhenTheRingsFindTooLittleMemoryToLock) {
    LaunchOptions options = torc_on("auto", 16);
    options.locked_memory_bytes = memory_for_few_rings;
    ServerProcess server(options);
    EXPECT_EQ(HttpClient(server.port()).get("/page.txt").body, "a page");
    const std::string printed = server.standard_error();
    for (const std::string_view part : {"running on epoll", "RLIMIT_MEMLOCK", "512 KiB",
                                        "ulimit -Hl", "LimitMEMLOCK=", ", epoll"}) {
        EXPECT_TRUE(printed.contains(part)) << part << "\nis not in: " << printed;
    }
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(StartWithLimits, FailsWhenNeitherRingsNorEpollCanBeUsed) {
    LaunchOptions options = torc_on("auto", 16);
    options.locked_memory_bytes = memory_for_few_rings;
    options.refused_calls = {{.number = SYS_openat2, .error = ENOSYS}};
    expect_failure(options, {"io_uring", "RLIMIT_MEMLOCK", "ulimit -Hl"});
}

TEST_F(StartWithLimits, FailsWithoutMemoryToLockWhenToldToUseRings) {
    LaunchOptions options = torc_on("uring", 16);
    options.locked_memory_bytes = memory_for_few_rings;
    expect_failure(options,
                   {"io_uring", "RLIMIT_MEMLOCK", "ulimit -Hl", "LimitMEMLOCK=", "--workers"});
}

TEST_F(StartWithLimits, RaisesTheLimitOfLockedMemoryAsFarAsItMay) {
    LaunchOptions options = torc_on("uring", 2);
    options.locked_memory_bytes = rlimit{.rlim_cur = 64 << 10, .rlim_max = 4 << 20};
    ServerProcess server(options);
    EXPECT_EQ(HttpClient(server.port()).get("/page.txt").body, "a page");
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace torc::test
