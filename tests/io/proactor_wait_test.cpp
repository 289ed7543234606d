// What every operation has in common: wait, wake, deadlines, shares of a batch.

#include "proactor_fixture.hpp"
#include "support/allocation_counter.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace torc::io::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class ProactorWait : public ProactorTest {
protected:
    /// Turns until `deadline` has passed, since a wait may return early with nothing.
    void wait_past(MonotonicTime deadline) {
        const MonotonicTime give_up = deadline + patience;
        while (steady_clock::now() < deadline) {
            turn(deadline);
            ASSERT_LT(steady_clock::now(), give_up);
        }
    }

    /// Calls wait without a deadline until `woken` is true. Hangs if no wake comes.
    void wait_until(const std::atomic<bool>& woken) {
        while (!woken) {
            turn(never);
        }
    }
};

TEST_P(ProactorWait, ReturnsAtItsDeadline) {
    const MonotonicTime start = steady_clock::now();
    wait_past(start + milliseconds(20));
    EXPECT_LT(steady_clock::now() - start, patience);
}

TEST_P(ProactorWait, ReturnsAtOnceWhenTheDeadlineHasPassed) {
    const MonotonicTime start = steady_clock::now();
    turn(start - milliseconds(1));
    turn(MonotonicTime{});
    turn(MonotonicTime::min());
    EXPECT_LT(steady_clock::now() - start, patience);
}

TEST_P(ProactorWait, ObeysAShorterDeadlineGivenLater) {
    const auto connection = connect();
    const Token received = receive(connection.socket);
    write_all(connection.peer.get(), "x");
    while (!take(received)) {
        turn(steady_clock::now() + std::chrono::hours(1));
    }
    const MonotonicTime start = steady_clock::now();
    wait_past(start + milliseconds(20));
    EXPECT_LT(steady_clock::now() - start, patience);
}

TEST_P(ProactorWait, ObeysALongerDeadlineGivenLater) {
    const MonotonicTime start = steady_clock::now();
    turn(start + milliseconds(5));
    wait_past(start + milliseconds(40));
    EXPECT_GE(steady_clock::now(), start + milliseconds(40));
}

TEST_P(ProactorWait, DoesNotReturnForTheDeadlinesOfEarlierWaits) {
    // A server has several timeouts, so that a near deadline often comes after a distant one; each
    // must not leave a timer behind that wakes the loop for nothing ever after.
    const auto connection = connect();
    const MonotonicTime start = steady_clock::now();
    for (int distance = 200; distance > 100; --distance) {
        const Token received = receive(connection.socket);
        write_all(connection.peer.get(), "x");
        while (!take(received)) {
            turn(start + milliseconds(distance));
        }
    }
    int empty_waits = 0;
    while (steady_clock::now() < start + milliseconds(250)) {
        turn(start + milliseconds(250));
        ++empty_waits;
    }
    EXPECT_LT(empty_waits, 20);
}

TEST_P(ProactorWait, KnowsWhenItLastReturned) {
    const Now before = read_clocks();
    turn();
    const Now now = proactor().now();
    const Now after = read_clocks();
    EXPECT_GE(now.monotonic, before.monotonic);
    EXPECT_LE(now.monotonic, after.monotonic);
    EXPECT_GE(now.wall, before.wall);
    EXPECT_LE(now.wall, after.wall);
}

TEST_P(ProactorWait, IsWokenFromAnotherThread) {
    std::atomic<bool> woken = false;
    std::thread other([&] {
        std::this_thread::sleep_for(milliseconds(20));
        woken = true;
        proactor().wake();
    });
    wait_until(woken);
    other.join();
}

TEST_P(ProactorWait, IsWokenByAWakeThatCameBefore) {
    proactor().wake();
    turn(never);
    proactor().wake();
    proactor().wake();
    turn(never);
}

TEST_P(ProactorWait, IsWokenByASignalHandler) {
    static Proactor* target = nullptr;
    static std::atomic<bool> woken = false;
    woken = false;
    target = &proactor();
    const auto previous = handle_signal(SIGUSR1, [](int) {
        woken = true;
        target->wake();
    });
    ASSERT_EQ(std::raise(SIGUSR1), 0);
    wait_until(woken);
    turn();  // Takes up the wake, if the signal itself ended the wait.
    handle_signal(SIGUSR1, previous);
}

TEST_P(ProactorWait, IsWokenAgainAndAgain) {
    std::atomic<int> round = 0;
    constexpr int rounds = 1000;
    std::thread other([&] {
        for (int count = 1; count <= rounds; ++count) {
            round = count;
            proactor().wake();
        }
    });
    while (round < rounds) {
        turn(never);
    }
    other.join();
}

TEST_P(ProactorWait, ReportsNothingThatWasNotAsked) {
    const auto connection = connect();
    write_all(connection.peer.get(), "nobody receives this");
    settle();
    EXPECT_EQ(in_flight(), 0U);
}

TEST_P(ProactorWait, GivesBackEveryTokenAsItWas) {
    const auto connection = connect();
    for (const Token token : {Token{}, Token{.operation = Token::reserved_operations - 1,
                                             .generation = 0xff'ffff,
                                             .slot = 0xffff'ffff}}) {
        const Message message{"x"};
        proactor().send(token, connection.socket, message.header(), false);
        std::span<const Completion> completions;
        while (completions.empty()) {
            completions = proactor().wait(never);
        }
        ASSERT_EQ(completions.size(), 1U);
        EXPECT_EQ(completions.front().token, token);
    }
}

TEST_P(ProactorWait, CompletesMoreOperationsThanOneBatchHolds) {
    const torc::test::TemporaryDirectory directory;
    const UniqueFd file(::open(directory.write("file", "contents").c_str(), O_RDONLY | O_CLOEXEC));
    constexpr std::size_t count = 3 * limits::submission_queue_entries;
    std::vector<std::array<std::byte, 8>> buffers(count);
    std::vector<Token> reads;
    reads.reserve(count);
    for (auto& buffer : buffers) {
        reads.push_back(read(file.get(), buffer, 0));
    }
    for (const Token token : reads) {
        EXPECT_EQ(finish(token).result, 8);
    }
}

TEST_P(ProactorWait, LetsNobodyStarveWhoWaitsBesideBusyConnections) {
    // Enough connections that are always ready to fill every batch; a download, a new connection
    // and a wake must still get through.
    const torc::test::TemporaryDirectory directory;
    const UniqueFd file(::open(directory.write("file", "contents").c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd listener = listen_on_loopback(8);
    const Token accepted = accept(listener.get());
    std::vector<Connection> busy;
    std::vector<Token> receives;
    const std::string load(128 * 1024, 'x');
    for (std::size_t index = 0; index < limits::completions_per_wait_max + 64; ++index) {
        busy.push_back(connect());
        ASSERT_GT(::send(busy.back().peer.get(), load.data(), load.size(), MSG_DONTWAIT), 0);
        receives.push_back(receive(busy.back().socket));
    }
    const auto again = [&] {
        for (std::size_t index = 0; index < busy.size(); ++index) {
            if (take(receives[index])) {
                static_cast<void>(
                    ::send(busy[index].peer.get(), load.data(), load.size(), MSG_DONTWAIT));
                receives[index] = receive(busy[index].socket);
            }
        }
    };
    const auto download = connect();
    const UniqueFd newcomer = connect_to(listener.get());
    Token sent = send_file({.socket = download.socket, .file = file.get(), .length = 8});
    int waits = 0;
    std::optional<Outcome> sent_file;
    std::optional<Outcome> arrived;
    while ((!sent_file || !arrived) && waits < 20) {
        turn();
        ++waits;
        sent_file = sent_file ? sent_file : take(sent);
        arrived = arrived ? arrived : take(accepted);
        again();
    }
    EXPECT_TRUE(sent_file.has_value());
    EXPECT_TRUE(arrived.has_value());
    if (arrived) {
        adopt(arrived->result);
    }
    proactor().cancel_accept(accepted, listener.get());
    while (in_flight() > receives.size()) {
        turn();
        again();
    }
}

TEST_P(ProactorWait, LetsNobodyStarveWhoWaitsBesideDownloads) {
    // The other way round: sends of files that complete at once in every batch.
    const torc::test::TemporaryDirectory directory;
    const UniqueFd file(::open(directory.write("file", "c").c_str(), O_RDONLY | O_CLOEXEC));
    std::vector<Connection> downloads;
    std::vector<Token> sends;
    const auto download = [&](std::size_t index) {
        return send_file({.socket = downloads[index].socket, .file = file.get(), .length = 1});
    };
    for (std::size_t index = 0; index < limits::completions_per_wait_max + 64; ++index) {
        downloads.push_back(connect());
        sends.push_back(download(index));
    }
    const auto asking = connect();
    const Token received = receive(asking.socket);
    write_all(asking.peer.get(), "x");
    std::optional<Outcome> request;
    for (int waits = 0; waits < 20 && !request; ++waits) {
        turn();
        request = take(received);
        for (std::size_t index = 0; index < downloads.size(); ++index) {
            if (take(sends[index])) {
                sends[index] = download(index);
            }
        }
    }
    EXPECT_TRUE(request.has_value());
}

TEST_P(ProactorWait, LetsNobodyStarveWhoWaitsBesideReads) {
    const torc::test::TemporaryDirectory directory;
    const UniqueFd file(::open(directory.write("file", "contents").c_str(), O_RDONLY | O_CLOEXEC));
    std::vector<Token> reads(2 * limits::completions_per_wait_max);
    std::vector<std::array<std::byte, 8>> buffers(reads.size());
    for (std::size_t index = 0; index < reads.size(); ++index) {
        reads[index] = read(file.get(), buffers[index], 0);
    }
    const auto download = connect();
    const Token sent = send_file({.socket = download.socket, .file = file.get(), .length = 8});
    const auto asking = connect();
    const Token received = receive(asking.socket);
    write_all(asking.peer.get(), "x");
    std::optional<Outcome> request;
    std::optional<Outcome> answer;
    for (int waits = 0; waits < 20 && (!request || !answer); ++waits) {
        turn();
        request = request ? request : take(received);
        answer = answer ? answer : take(sent);
        for (std::size_t index = 0; index < reads.size(); ++index) {
            if (take(reads[index])) {
                reads[index] = read(file.get(), buffers[index], 0);
            }
        }
    }
    EXPECT_TRUE(request.has_value());
    EXPECT_TRUE(answer.has_value());
    for (const Token token : reads) {
        EXPECT_EQ(finish(token).result, 8);
    }
}

TEST_P(ProactorWait, DoesNotAllocateOnceItIsWarm) {
    const auto connection = connect();
    const Message message{"head", "body"};
    std::uint64_t allocations = 0;
    for (int round = 0; round < 100; ++round) {
        if (round == 50) {
            allocations = torc::test::allocations_of_this_thread();
        }
        const std::string_view request = "request";
        ASSERT_EQ(::send(connection.peer.get(), request.data(), request.size(), 0), 7);
        proactor().receive(Token{.slot = 1}, connection.socket);
        while (proactor().wait(steady_clock::now() + patience).empty()) {
        }
        proactor().send(Token{.slot = 1}, connection.socket, message.header(), false);
        while (proactor().wait(steady_clock::now() + patience).empty()) {
        }
    }
    EXPECT_EQ(torc::test::allocations_of_this_thread(), allocations);
}

INSTANTIATE_TEST_SUITE_P(Every, ProactorWait, every_backend(), backend_name);

}  // namespace
}  // namespace torc::io::test
