// Operations on files of file systems that may not answer, which run on threads of their lanes.

#include "held_job.hpp"
#include "proactor_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <deque>

namespace torc::io::test {
namespace {

using torc::test::patterned_bytes;
using torc::test::TemporaryDirectory;

constexpr std::size_t megabyte = 1024 * 1024;
constexpr Lane hung = device_lane(0, 1);
constexpr Lane healthy = device_lane(0, 2);
constexpr open_how reading{.flags = O_RDONLY | O_CLOEXEC, .mode = 0, .resolve = 0};

class ProactorLane : public ProactorTest {
protected:
    void TearDown() override {
        let_go();
        ProactorTest::TearDown();
    }

    /// Makes every thread of the lane wait, and as many calls again wait for a thread.
    void hang(Lane lane) {
        for (unsigned count = 0; count < 2 * limits::device_threads_max; ++count) {
            run(held_.emplace_back(), lane);
        }
    }
    void let_go() {
        for (HeldJob& job : held_) {
            job.let_go();
        }
        while (!held_.empty() && in_flight() > 0) {
            turn(std::chrono::steady_clock::now() + std::chrono::milliseconds(10));
        }
        held_.clear();
    }

    UniqueFd file_of(std::string_view contents) {
        path_ = directory_.write("file", contents);
        return UniqueFd(check(::open(path_.c_str(), O_RDONLY | O_CLOEXEC), "open"));
    }
    [[nodiscard]] const std::string& path() const { return path_; }

    std::string send_all(const Connection& connection, FileSlice slice, std::size_t read_bytes) {
        slice.socket = connection.socket;
        const std::uint64_t length = slice.length;
        std::string received;
        while (slice.length > 0) {
            const Outcome outcome = finish_while(
                send_file(slice), [&] { read_some(connection.peer.get(), received, read_bytes); });
            if (outcome.result <= 0) {
                throw std::runtime_error("send_file: " + std::to_string(outcome.result));
            }
            slice.offset += static_cast<std::uint64_t>(outcome.result);
            slice.length -= static_cast<std::uint64_t>(outcome.result);
        }
        return received + read_exactly(connection.peer.get(), length - received.size());
    }

private:
    TemporaryDirectory directory_;
    std::string path_;
    std::deque<HeldJob> held_;
};

TEST_P(ProactorLane, ThatHangsHoldsUpNoOther) {
    const UniqueFd file = file_of("contents");
    hang(hung);
    settle();
    for (const Lane lane :
         {Lane::local, Lane::local_threads, Lane::root, job_lane(0), linked_lane(0), healthy}) {
        const UniqueFd opened(finish(open(AT_FDCWD, path().c_str(), reading, lane)).result);
        ASSERT_TRUE(opened);
        struct statx status{};
        EXPECT_EQ(finish(stat(opened.get(), status, lane)).result, 0);
        EXPECT_EQ(status.stx_size, 8U);
        std::array<std::byte, 16> bytes{};
        EXPECT_EQ(finish(read(opened.get(), bytes, 0, lane)).result, 8);
        const auto connection = connect();
        EXPECT_EQ(send_all(connection, {.file = opened.get(), .length = 8, .lane = lane}, 8),
                  "contents");
    }
}

TEST_P(ProactorLane, ThatHangsRefusesWhatWouldWaitTooLong) {
    const UniqueFd file = file_of("contents");
    hang(hung);
    // It hangs once it has ended nothing for a second.
    const MonotonicTime later = std::chrono::steady_clock::now() + std::chrono::milliseconds(1100);
    while (std::chrono::steady_clock::now() < later) {
        turn(later);
    }
    std::vector<Token> tokens;
    // One each, as threads will read into them at once.
    std::vector<std::array<std::byte, 16>> buffers(limits::device_calls_waiting_max + 10);
    for (std::array<std::byte, 16>& buffer : buffers) {
        tokens.push_back(read(file.get(), buffer, 0, hung));
    }
    EXPECT_EQ(finish(tokens.back()).result, -EBUSY);
    EXPECT_FALSE(take(tokens.front()).has_value());
    let_go();
    EXPECT_EQ(finish(tokens.front()).result, 8);
}

TEST_P(ProactorLane, OpensAndReadsWhatLocalOperationsDo) {
    file_of("contents");
    EXPECT_EQ(finish(open(AT_FDCWD, (path() + "x").c_str(), reading, healthy)).result, -ENOENT);
    const UniqueFd opened(finish(open(AT_FDCWD, path().c_str(), reading, healthy)).result);
    std::array<std::byte, 4> bytes{};
    EXPECT_EQ(finish(read(opened.get(), bytes, 6, healthy)).result, 2);
    EXPECT_EQ(finish(read(opened.get(), bytes, 8, healthy)).result, 0);
}

TEST_P(ProactorLane, TellsHowLongASendHasWaitedForTheFile) {
    const UniqueFd file = file_of("some bytes");
    const auto connection = connect();
    FileSlice slice{.socket = connection.socket, .file = file.get(), .length = 10};
    EXPECT_EQ(finish(send_file(slice)).file_wait.count(), 0);
    slice.lane = healthy;
    EXPECT_GT(finish(send_file(slice)).file_wait.count(), 0);
}

TEST_P(ProactorLane, SendsAFileToASlowReader) {
    const std::string contents = patterned_bytes((6 * megabyte) + 77);
    const UniqueFd file = file_of(contents);
    const auto connection = connect();
    EXPECT_TRUE(send_all(connection, {.file = file.get(), .length = contents.size(), .lane = hung},
                         64 * 1024) == contents);
}

TEST_P(ProactorLane, SendsAFileToAHalfClosedReader) {
    const std::string contents = patterned_bytes(6 * megabyte);
    const UniqueFd file = file_of(contents);
    const auto connection = connect();
    half_close(connection.peer.get(), connection.socket);
    EXPECT_TRUE(send_all(connection, {.file = file.get(), .length = contents.size(), .lane = hung},
                         64 * 1024) == contents);
}

TEST_P(ProactorLane, GivesZeroWhereTheFileHasEnded) {
    const UniqueFd file = file_of("0123456789");
    const auto connection = connect();
    EXPECT_EQ(finish(send_file({.socket = connection.socket,
                                .file = file.get(),
                                .offset = 10,
                                .length = 5,
                                .lane = healthy}))
                  .result,
              0);
}

TEST_P(ProactorLane, ReportsAFileThatCantBeRead) {
    const UniqueFd directory(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto connection = connect();
    EXPECT_EQ(finish(send_file({.socket = connection.socket,
                                .file = directory.get(),
                                .length = 5,
                                .lane = healthy}))
                  .result,
              -EISDIR);
}

TEST_P(ProactorLane, FailsWhenThePeerIsGone) {
    const UniqueFd file = file_of(patterned_bytes(megabyte));
    auto connection = connect();
    reset_connection(connection.peer);
    settle();
    EXPECT_LT(finish(send_file({.socket = connection.socket,
                                .file = file.get(),
                                .length = megabyte,
                                .lane = healthy}))
                  .result,
              0);
}

TEST_P(ProactorLane, ThatHangsKeepsNoSocketThatIsShutDown) {
    const UniqueFd file = file_of(patterned_bytes(megabyte));
    hang(hung);
    // The number of a socket that was closed goes to the next one, and so may its place here.
    for (int round = 0; round < 3; ++round) {
        const auto connection = connect();
        const Token token = send_file(
            {.socket = connection.socket, .file = file.get(), .length = megabyte, .lane = hung});
        settle();
        ASSERT_FALSE(take(token).has_value());
        proactor().shutdown(connection.socket, SHUT_RDWR);
        EXPECT_EQ(finish(token).result, -ECANCELED);
        close(connection.socket);
    }
    const auto connection = connect();
    const Token token = send_file(
        {.socket = connection.socket, .file = file.get(), .offset = 1, .length = 2, .lane = hung});
    let_go();
    EXPECT_EQ(finish(token).result, 2);
    EXPECT_EQ(read_exactly(connection.peer.get(), 2), patterned_bytes(3).substr(1));
}

TEST_P(ProactorLane, ClosesFilesInItsTurn) {
    UniqueFd file = file_of("contents");
    const int fd = file.get();
    hang(hung);
    proactor().close_file(file.release(), hung);
    settle();
    EXPECT_GE(::fcntl(fd, F_GETFD), 0) << "its file system does not answer";
    let_go();
    const MonotonicTime give_up = std::chrono::steady_clock::now() + patience;
    while (::fcntl(fd, F_GETFD) >= 0 && std::chrono::steady_clock::now() < give_up) {
        turn(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    }
    EXPECT_LT(::fcntl(fd, F_GETFD), 0);
}

INSTANTIATE_TEST_SUITE_P(Every, ProactorLane, every_backend(), backend_name);

}  // namespace
}  // namespace torc::io::test
