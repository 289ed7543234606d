// How one torc takes over from another.

#include <torc/base/unique_fd.hpp>

#include "integration/support/server_test.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

/// More than the kernel takes of a response ahead of a reader that does not read.
constexpr std::size_t huge_bytes = std::size_t{24} * 1024 * 1024;
constexpr int small_receive_buffer_bytes = 64 * 1024;

/// A torc that has taken over from the one that a test has started: a child of the test's, too.
class Successor {
public:
    explicit Successor(pid_t pid)
        : pid_(pid), handle_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
    Successor(const Successor&) = delete;
    Successor& operator=(const Successor&) = delete;
    ~Successor() {
        if (!has_ended_) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Tells it to stop; its exit code, -1: none.
    int stop(int signal = SIGINT) {
        ::kill(pid_, signal);
        return exit_code();
    }
    int exit_code() {
        pollfd event{.fd = handle_.get(), .events = POLLIN, .revents = 0};
        const std::chrono::milliseconds time = patience;
        int status = 0;
        if (::poll(&event, 1, static_cast<int>(time.count())) != 1 ||
            ::waitpid(pid_, &status, 0) != pid_) {
            return -1;
        }
        has_ended_ = true;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t pid_;
    UniqueFd handle_;
    bool has_ended_ = false;
};

class Upgrade : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("page.txt", page_);
    }
    void TearDown() override {
        if (HasFailure() && server_) {
            ADD_FAILURE() << "torc printed:\n" << server().standard_error();
        }
    }
    /// Has the process that runs now replaced, and waits for the end of that; all of them print
    /// to one standard error.
    std::unique_ptr<Successor> replace(pid_t running) {
        ::kill(running, SIGUSR2);
        return await_successor();
    }
    std::unique_ptr<Successor> await_successor() {
        ++upgrades_;
        await("upgrade: this process has taken over", upgrades_);
        const std::string text = server().standard_error();
        constexpr std::string_view before = "upgrade: process ";
        const std::size_t at =
            text.rfind(before, text.rfind(" has taken over; this one")) + before.size();
        pid_t pid = -1;
        std::from_chars(text.data() + at, text.data() + text.size(), pid);
        return std::make_unique<Successor>(pid);
    }
    void await(std::string_view text, std::size_t times = 1) {
        ASSERT_TRUE(eventually([&] {
            const std::string printed = server().standard_error();
            std::size_t count = 0;
            for (std::size_t at = printed.find(text); at != std::string::npos;
                 at = printed.find(text, at + text.size())) {
                ++count;
            }
            return count >= times;
        })) << text;
    }

    /// Has clients ask in threads until `end_load`: on kept connections, which they replace when
    /// they are told that a response is the last, and each time on a fresh one.
    void begin_load() {
        for (const bool keeps : {true, true, false, false}) {
            threads_.emplace_back([this, keeps] { ask(keeps); });
        }
        EXPECT_TRUE(eventually([&] { return responses_ > 200; }));
    }
    void end_load() {
        is_over_ = true;
        threads_.clear();
    }
    void ask(bool keeps) {
        std::optional<HttpClient> client;
        while (!is_over_) {
            try {
                if (!client) {
                    client.emplace(port_);
                }
                const Response response = client->get("/page.txt");
                ++(response.status == 200 && response.body == page_ ? responses_ : failures_);
                if (!keeps || response.is_last()) {
                    client.reset();
                }
            } catch (const std::exception& error) {
                ++failures_;
                client.reset();
                const std::scoped_lock lock(mutex_);
                first_failure_ = first_failure_.empty() ? error.what() : first_failure_;
            }
        }
    }
    void begin() {
        start({"--workers", "2"});
        port_ = server().port();
    }

    const std::string page_ = "a page\n";
    std::uint16_t port_ = 0;
    std::size_t upgrades_ = 0;
    std::atomic<bool> is_over_ = false;
    std::atomic<int> responses_ = 0;
    std::atomic<int> failures_ = 0;
    std::mutex mutex_;
    std::string first_failure_;
    std::vector<std::jthread> threads_;
};

TORC_ON_BOTH_BACKENDS(Upgrade);

TEST_P(Upgrade, LosesNoRequest) {
    begin();
    begin_load();
    std::unique_ptr<Successor> running = replace(server().pid());
    for (int count = 1; count < 5; ++count) {
        const int before = responses_;
        EXPECT_TRUE(eventually([&] { return responses_ > before + 100; }));
        const std::unique_ptr<Successor> replaced = std::move(running);
        running = replace(replaced->pid());
        EXPECT_EQ(replaced->exit_code(), 0);
    }
    const int before = responses_;
    EXPECT_TRUE(eventually([&] { return responses_ > before + 100; }));
    end_load();
    EXPECT_EQ(failures_, 0) << "beside " << responses_ << ": " << first_failure_;
    EXPECT_EQ(server().exit_code(), 0);
    EXPECT_EQ(running->stop(), 0);
}

/// What the test above must be able to see: without the sockets passed on, requests are lost.
TEST_P(Upgrade, WouldLoseRequestsIfTheNewProcessBoundItsOwnSockets) {
    begin();
    begin_load();
    server().send_signal(SIGINT);
    EXPECT_EQ(server().exit_code(), 0);
    LaunchOptions again = torc_with({site().string(), "--port", fmt::format("{}", port_),
                                     "--address", "127.0.0.1", "--io", GetParam()});
    ServerProcess next(again);
    const int before = responses_;
    EXPECT_TRUE(eventually([&] { return responses_ > before + 100; }));
    end_load();
    EXPECT_GT(failures_, 0);
    EXPECT_EQ(next.stop(), 0);
}

TEST_P(Upgrade, FinishesADownload) {
    const std::string huge = patterned_bytes(huge_bytes);
    write("huge.bin", huge);
    begin();
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/huge.bin"));
    EXPECT_EQ(client.receive_head().status, 200);
    const std::unique_ptr<Successor> running = replace(server().pid());
    EXPECT_EQ(HttpClient(port_).get("/page.txt").body, page_) << "of the new process";
    EXPECT_FALSE(server().ends_within(std::chrono::milliseconds(0)));
    EXPECT_TRUE(is_same_bytes(client.receive(huge_bytes), huge));
    // Its head was sent before anybody knew that it would be the last.
    EXPECT_TRUE(client.get("/page.txt").is_last());
    EXPECT_EQ(server().exit_code(), 0);
    EXPECT_EQ(running->stop(), 0);
}

TEST_P(Upgrade, AnswersAKeptConnectionOnceMore) {
    begin();
    HttpClient client = connect();
    EXPECT_EQ(client.get("/page.txt").body, page_);
    const std::unique_ptr<Successor> running = replace(server().pid());
    const Response last = client.get("/page.txt");
    EXPECT_EQ(last.body, page_);
    EXPECT_TRUE(last.is_last());
    EXPECT_EQ(server().exit_code(), 0);
    EXPECT_EQ(running->stop(), 0);
}

TEST_P(Upgrade, ToWhatDoesNotStartLeavesTheOldProcessServing) {
    begin();
    begin_load();
    std::filesystem::rename(site(), directory_.path() / "elsewhere");
    server().send_signal(SIGUSR2);
    await("upgrade: this process serves on");
    std::filesystem::rename(directory_.path() / "elsewhere", site());
    EXPECT_TRUE(server().standard_error().contains(" has ended; what it has printed says why"));
    const std::unique_ptr<Successor> running = replace(server().pid());
    end_load();
    EXPECT_EQ(failures_, 0) << first_failure_;
    EXPECT_EQ(running->stop(), 0);
}

TEST_P(Upgrade, HasEndedForWhoAskedForItWhenTheNextProcessCanBeAsked) {
    const std::string admin = "unix:" + (directory_.path() / "admin.sock").string();
    start({"--workers", "2", "--admin", admin});
    std::vector<std::unique_ptr<Successor>> processes;
    for (int count = 0; count < 5; ++count) {
        const FinishedRun upgrade = run_to_end(torc_with({"upgrade", "--admin", admin}));
        ASSERT_EQ(upgrade.exit_code, 0) << upgrade.standard_error;
        constexpr std::string_view before = "process ";
        const std::string& text = upgrade.standard_output;
        pid_t pid = -1;
        std::from_chars(text.data() + text.find(before) + before.size(), text.data() + text.size(),
                        pid);
        ASSERT_GT(pid, 0) << text;
        processes.push_back(std::make_unique<Successor>(pid));
        const FinishedRun status = run_to_end(torc_with({"status", "--admin", admin}));
        EXPECT_EQ(status.exit_code, 0) << status.standard_error;
    }
    EXPECT_EQ(processes.back()->stop(), 0);
}

TEST_P(Upgrade, ToWhatCannotBeRunSaysWhyAndLeavesTheOldProcessServing) {
    const std::filesystem::path program = directory_.path() / "torc";
    LaunchOptions options = torc_with({"--workers", "2"});
    std::filesystem::create_symlink(options.program, program);
    options.program = program;
    start(options);
    std::filesystem::remove(program);
    server().send_signal(SIGUSR2);
    await(
        fmt::format("can't run {}: No such file or directory; install it there", program.string()));
    directory_.write("torc", "no program");
    server().send_signal(SIGUSR2);
    await(fmt::format("can't run {}: Permission denied; it must be a file", program.string()));
    std::filesystem::permissions(program, std::filesystem::perms(0755));
    server().send_signal(SIGUSR2);
    await(fmt::format("can't run {}: Exec format error; it is no program", program.string()));
    await("upgrade: this process serves on", 3);
    EXPECT_EQ(get("/page.txt").body, page_);
    EXPECT_EQ(server().stop(), 0);
}

TEST_P(Upgrade, WaitsForTheOutcomeOfAReload) {
    const auto configure = [&](std::string_view root) {
        return directory_
            .write("torc.toml", fmt::format("version = 1\n[server]\nport = 0\nlisten = "
                                            "[\"127.0.0.1\"]\n[[site]]\nroot = \"{}\"\n",
                                            (directory_.path() / root).string()))
            .string();
    };
    directory_.write("other/page.txt", "another");
    server_ =
        std::make_unique<ServerProcess>(torc_with({"-c", configure("site"), "--io", GetParam()}));
    configure("other");
    // Both are there when it looks at either.
    server().send_signal(SIGSTOP);
    server().send_signal(SIGHUP);
    server().send_signal(SIGUSR2);
    server().send_signal(SIGCONT);
    const std::unique_ptr<Successor> running = await_successor();
    const std::string printed = server().standard_error();
    EXPECT_TRUE(printed.contains("upgrade: as soon as the reload is over")) << printed;
    EXPECT_FALSE(printed.contains("refused")) << printed;
    EXPECT_EQ(get("/page.txt").body, "another");
    EXPECT_EQ(running->stop(), 0);
}

TEST_P(Upgrade, IsRefusedWhileAReloadWaitsForAFileSystem) {
    const std::filesystem::path file = directory_.write(
        "torc.toml", fmt::format("version = 1\n[server]\nport = 0\nlisten = [\"127.0.0.1\"]\n"
                                 "[server.timeouts]\nload = \"1s\"\n[[site]]\nroot = \"{}\"\n",
                                 (directory_.path() / "site").string()));
    server_ = std::make_unique<ServerProcess>(torc_with({"-c", file.string(), "--io", GetParam()}));
    std::filesystem::remove(file);
    ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
    server().send_signal(SIGHUP);
    server().send_signal(SIGUSR2);
    await("upgrade: refused: a reload waits for a file system");
    server().send_signal(SIGUSR2);
    await("upgrade: refused: a reload waits for a file system", 2);
    EXPECT_EQ(get("/page.txt").body, page_);
    EXPECT_EQ(server().stop(), 0);
}

TEST_P(Upgrade, NeedsNoClone3WhichFiltersForbidAltogether) {
    LaunchOptions options = torc_with({"--workers", "2"});
    options.refused_calls = {{.number = SYS_clone3, .error = ENOSYS}};
    start(options);
    port_ = server().port();
    const std::unique_ptr<Successor> running = replace(server().pid());
    EXPECT_EQ(HttpClient(port_).get("/page.txt").body, page_);
    EXPECT_EQ(running->stop(), 0);
}

TEST_P(Upgrade, IsGivenUpByASignalToStop) {
    const std::string huge = patterned_bytes(huge_bytes);
    write("huge.bin", huge);
    begin();
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/huge.bin"));
    EXPECT_EQ(client.receive_head().status, 200);
    // Both are there when it looks at either.
    server().send_signal(SIGSTOP);
    server().send_signal(SIGUSR2);
    server().send_signal(SIGTERM);
    server().send_signal(SIGCONT);
    server().await_standard_error("finishing what is in flight");
    EXPECT_TRUE(is_same_bytes(client.receive(huge_bytes), huge));
    EXPECT_EQ(server().exit_code(), 0);
    EXPECT_FALSE(server().standard_error().contains("has taken over"));
    EXPECT_THROW(HttpClient{port_}, ClientError);
}

TEST_P(Upgrade, ThatFailsLeavesUnixDomainSocketsAndTheirModesAlone) {
    const std::string path = (directory_.path() / "torc.sock").string();
    const auto configure = [&](std::string_view more, std::string_view mode) {
        return directory_
            .write("torc.toml",
                   fmt::format("version = 1\n[server]\nport = 0\nlisten = [\"127.0.0.1\", "
                               "{{ address = \"unix:{}\", mode = \"{}\" }}{}]\n[[site]]\n"
                               "default = true\nroot = \"{}\"\n",
                               path, mode, more, site().string()))
            .string();
    };
    server_ = std::make_unique<ServerProcess>(
        torc_with({"-c", configure("", "0600"), "--io", GetParam()}));
    configure(", \"192.0.2.1:1\"", "0666");
    server().send_signal(SIGUSR2);
    await("upgrade: this process serves on");
    EXPECT_TRUE(std::filesystem::is_socket(path));
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
    EXPECT_EQ(get("/page.txt").body, page_);
    EXPECT_EQ(server().stop(), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_P(Upgrade, OfAProcessThatStopsIsRefused) {
    write("huge.bin", std::string(huge_bytes, 'x'));
    begin();
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/huge.bin"));
    EXPECT_EQ(client.receive_head().status, 200);
    server().send_signal(SIGTERM);
    server().await_standard_error("finishing what is in flight");
    server().send_signal(SIGUSR2);
    server().await_standard_error("upgrade: refused: this process stops already");
    server().send_signal(SIGTERM);
    EXPECT_EQ(server().exit_code(), 3);
}

}  // namespace
}  // namespace torc::test
