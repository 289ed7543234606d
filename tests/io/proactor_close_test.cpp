#include "proactor_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>

#include <atomic>
#include <thread>

namespace torc::io::test {
namespace {

using ProactorClose = ProactorTest;

/// Opens a file and closes it again; the descriptor that it had.
int open_and_close(Proactor& proactor, const char* path) {
    const open_how how{.flags = O_RDONLY | O_CLOEXEC, .mode = 0, .resolve = 0};
    proactor.open(Token{.operation = 1}, AT_FDCWD, path, how, Lane::local);
    std::span<const Completion> completions;
    while (completions.empty()) {
        completions = proactor.wait(MonotonicTime::max());
    }
    const int file = completions.front().result;
    if (file >= 0) {
        proactor.close_file(file, Lane::local);
    }
    return file;
}

TEST_P(ProactorClose, LetsAnotherThreadUseAndCloseTheSameDescriptor) {
    const torc::test::TemporaryDirectory directory;
    const auto path = directory.write("file", "contents");
    // Relaxed: what orders the two threads is the kernel, which gives a number out again only when
    // it is free. ThreadSanitizer must have been told of that, or it reports a race.
    std::atomic<bool> is_other_ready = false;
    std::atomic<bool> is_closed = false;
    std::atomic<int> file = -1;
    std::thread other([&] {
        auto proactor = make_proactor(GetParam(), ProactorOptions{.connections_max = 1});
        is_other_ready.store(true, std::memory_order_relaxed);
        while (!is_closed.load(std::memory_order_relaxed)) {
            std::this_thread::yield();
        }
        if (proactor) {
            file.store(open_and_close(**proactor, path.c_str()), std::memory_order_relaxed);
        }
    });
    while (!is_other_ready.load(std::memory_order_relaxed)) {
        std::this_thread::yield();
    }
    std::array<int, 2> ends{};
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()),
          "socketpair");
    const UniqueFd peer(ends[1]);
    write_all(ends[0], "x");
    proactor().close(ends[0]);
    while (::fcntl(ends[0], F_GETFD) >= 0) {
        turn();
    }
    is_closed.store(true, std::memory_order_relaxed);
    other.join();
    EXPECT_EQ(file.load(), ends[0]);
}

INSTANTIATE_TEST_SUITE_P(Every, ProactorClose, every_backend(), backend_name);

}  // namespace
}  // namespace torc::io::test
