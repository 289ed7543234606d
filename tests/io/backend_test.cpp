#include <torc/io/backend.hpp>

#include "proactor_fixture.hpp"
#include "support/temporary_directory.hpp"
#include "uring_operations.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace torc::io::test {
namespace {

/// Tells the parent of a death test.
void say(const std::string& text) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

/// From here on, the calling process gets `error` for the system call `number`, as under the
/// seccomp profile of a container. Exits if the kernel refuses.
void forbid(unsigned number, int error) {
    std::array<sock_filter, 4> program{{
        {.code = BPF_LD | BPF_W | BPF_ABS, .jt = 0, .jf = 0, .k = offsetof(seccomp_data, nr)},
        {.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = 0, .jf = 1, .k = number},
        {.code = BPF_RET | BPF_K,
         .jt = 0,
         .jf = 0,
         .k = SECCOMP_RET_ERRNO | static_cast<unsigned>(error)},
        {.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = SECCOMP_RET_ALLOW},
    }};
    const sock_fprog filter{.len = program.size(), .filter = program.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
        std::perror("seccomp");
        std::_Exit(2);
    }
}

/// Prints what find_uring_obstacle says, for a death test to read, and ends the process.
[[noreturn]] void report_obstacle() {
    const auto obstacle = find_uring_obstacle();
    say(obstacle ? std::string(obstacle->error.name()) + ": " + obstacle->explanation
                 : std::string("no obstacle"));
    std::_Exit(0);
}

/// Receives, sends and opens through an epoll proactor; "served" if all went well.
[[noreturn]] void serve_by_epoll(const std::filesystem::path& file) {
    const auto made = make_proactor(Backend::epoll, ProactorOptions{});
    std::array<int, 2> ends{};
    if (!made || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) != 0) {
        std::_Exit(2);
    }
    const auto complete = [&] {
        std::span<const Completion> completions;
        while (completions.empty()) {
            completions = (*made)->wait(never);
        }
        return completions.front();
    };
    const Message message{"answer"};
    (*made)->send(Token{}, ends[0], message.header(), false);
    bool served = complete().result == 6;
    (*made)->receive(Token{}, ends[1]);
    served = complete().result == 6 && served;
    const open_how how{.flags = O_RDONLY, .mode = 0, .resolve = 0};
    (*made)->open(Token{}, AT_FDCWD, file.c_str(), how, Lane::local);
    const int opened = complete().result;
    struct statx status{};
    (*made)->stat(Token{}, opened, status, Lane::local);  // Always through a thread.
    served = complete().result == 0 && status.stx_size == 8 && served;
    say(served ? "served" : "failed");
    std::_Exit(0);
}

/// How many kernel threads of io_uring this process has.
std::size_t ring_threads() {
    std::size_t count = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        if (name.starts_with("iou-wrk")) {
            ++count;
        }
    }
    return count;
}

class UringObstacle : public testing::Test {
protected:
    void SetUp() override {
        if (const auto obstacle = find_uring_obstacle()) {
            GTEST_SKIP() << "no io_uring here to begin with: " << obstacle->explanation;
        }
    }
};

using UringObstacleDeathTest = UringObstacle;

TEST_F(UringObstacle, IsAbsentWhereARingCanBeMade) {
    EXPECT_TRUE(make_proactor(Backend::uring, ProactorOptions{}).has_value());
}

TEST_F(UringObstacleDeathTest, IsASeccompFilterThatForbidsRings) {
    EXPECT_EXIT(
        {
            forbid(SYS_io_uring_setup, EPERM);
            report_obstacle();
        },
        testing::ExitedWithCode(0), "EPERM: a seccomp filter forbids it .*; allow io_uring_setup");
}

TEST_F(UringObstacleDeathTest, IsASeccompFilterThatHidesRings) {
    EXPECT_EXIT(
        {
            forbid(SYS_io_uring_setup, ENOSYS);
            report_obstacle();
        },
        testing::ExitedWithCode(0),
        "ENOSYS: kernel .* has no io_uring, or a seccomp filter hides it; use kernel 6\\.1");
}

TEST_F(UringObstacleDeathTest, IsAFilterThatForbidsOnlyToRegister) {
    EXPECT_EXIT(
        {
            forbid(SYS_io_uring_register, EPERM);
            report_obstacle();
        },
        testing::ExitedWithCode(0), "EPERM: a seccomp filter forbids it .*io_uring_register");
}

TEST_F(UringObstacleDeathTest, IsAFilterThatForbidsOnlyToEnter) {
    EXPECT_EXIT(
        {
            forbid(SYS_io_uring_enter, EPERM);
            report_obstacle();
        },
        testing::ExitedWithCode(0), "EPERM: a seccomp filter forbids it .*io_uring_enter");
}

TEST_F(UringObstacleDeathTest, IsAnOldKernelWhenSetUpFlagsAreUnknown) {
    EXPECT_EXIT(
        {
            forbid(SYS_io_uring_setup, EINVAL);
            report_obstacle();
        },
        testing::ExitedWithCode(0), "EINVAL: kernel .* is too old .*6\\.1 or newer has it");
}

TEST_F(UringObstacleDeathTest, IsNotAShortageOfMemoryOrDescriptors) {
    for (const int error : {ENOMEM, EMFILE, ENFILE}) {
        EXPECT_EXIT(
            {
                forbid(SYS_io_uring_setup, error);
                report_obstacle();
            },
            testing::ExitedWithCode(0), "no obstacle");
    }
}

TEST_F(UringObstacleDeathTest, IsTheErrorOfMakingARing) {
    EXPECT_EXIT(
        {
            forbid(SYS_io_uring_setup, EPERM);
            const auto made = make_proactor(Backend::uring, ProactorOptions{});
            say(made ? "made" : std::string(made.error().name()));
            std::_Exit(0);
        },
        testing::ExitedWithCode(0), "EPERM");
}

TEST_F(UringObstacle, IsAbsentFromTheDescriptionOfAKernelThatHasRings) {
    EXPECT_NE(describe_kernel().find("io_uring: yes"), std::string::npos);
}

TEST(UringOperations, AreThoseThatTheDescriptionOfTheKernelCounts) {
    EXPECT_TRUE(is_used_operation(IORING_OP_ACCEPT));
    EXPECT_TRUE(is_used_operation(IORING_OP_TIMEOUT_REMOVE));  // A timer is brought forward by it.
    EXPECT_FALSE(is_used_operation(IORING_OP_SPLICE));
    EXPECT_FALSE(is_used_operation(IORING_OP_NOP));
    EXPECT_FALSE(is_used_operation(255));
    EXPECT_NE(describe_kernel().find(std::to_string(used_operations.size()) + " operations"),
              std::string::npos);
}

TEST_F(UringObstacleDeathTest, IsPartOfTheDescriptionOfTheKernel) {
    EXPECT_EXIT(
        {
            forbid(SYS_io_uring_setup, EPERM);
            say(describe_kernel());
            std::_Exit(0);
        },
        testing::ExitedWithCode(0), "io_uring: no .EPERM.: a seccomp filter forbids it");
}

TEST(EpollBackendDeathTest, ServesWhereRingsAreForbidden) {
    const torc::test::TemporaryDirectory directory;
    const auto file = directory.write("file", "contents");
    EXPECT_EXIT(
        {
            forbid(SYS_io_uring_setup, EPERM);
            serve_by_epoll(file);
        },
        testing::ExitedWithCode(0), "served");
}

TEST(EpollBackendDeathTest, ServesWhereThreadsCantBeMade) {
    // As in a container whose limit of processes is used up.
    const torc::test::TemporaryDirectory directory;
    const auto file = directory.write("file", "contents");
    EXPECT_EXIT(
        {
            forbid(SYS_clone, EAGAIN);
            forbid(SYS_clone3, EAGAIN);
            serve_by_epoll(file);
        },
        testing::ExitedWithCode(0), "served");
}

class UringThreads : public ProactorTest {};

TEST_P(UringThreads, AreNotMadeForSockets) {
    const std::size_t before = ring_threads();
    const torc::test::TemporaryDirectory directory;
    const std::string contents(4 * 1024 * 1024, 'x');
    const UniqueFd file(::open(directory.write("file", contents).c_str(), O_RDONLY | O_CLOEXEC));
    const Message message{contents};
    std::vector<Connection> connections;
    for (int index = 0; index < 150; ++index) {
        connections.push_back(connect());
        const int socket = connections.back().socket;
        switch (index % 3) {
            case 0:
                send_file({.socket = socket, .file = file.get(), .length = contents.size()});
                break;
            case 1:
                send(socket, message);
                break;
            default:
                receive(socket);
                break;
        }
    }
    settle();
    // Threads of earlier tests may have ended meanwhile.
    EXPECT_LE(ring_threads(), before);
}

TEST_P(UringThreads, AreCappedForFiles) {
    const torc::test::TemporaryDirectory directory;
    const auto path = directory.write("file", "contents");
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<struct statx, 400> statuses{};
    std::vector<Token> tokens;
    tokens.reserve(statuses.size());
    for (struct statx& status : statuses) {
        tokens.push_back(stat(file.get(), status));
    }
    std::size_t most = 0;
    for (const Token token : tokens) {
        EXPECT_EQ(finish(token).result, 0);
        most = std::max(most, ring_threads());
    }
    EXPECT_LE(most, limits::ring_bounded_threads_max + limits::ring_unbounded_threads_max);
}

INSTANTIATE_TEST_SUITE_P(Of, UringThreads, testing::Values(Backend::uring), backend_name);

}  // namespace
}  // namespace torc::io::test
