#include <torc/worker/log_writer.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;
using torc::test::TemporaryDirectory;

bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

std::string contents_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string numbered_lines(int first, int end) {
    std::string lines;
    for (int line = first; line < end; ++line) {
        lines += "line " + std::to_string(line) + "\n";
    }
    return lines;
}

/// The two ends of a connection in one direction.
struct Ends {
    UniqueFd reader;
    UniqueFd writer;
};

Ends make_pipe(int flags = 0) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | flags), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Ends make_sockets() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

class LogWriterTest : public ::testing::Test {
protected:
    void write_to(Result<LogFile> file) {
        ASSERT_TRUE(file) << file.error().message();
        writer_.emplace(*std::move(file), queue_, "test log",
                        [this](LogWriter::Severity severity, const std::string& message) {
                            const std::scoped_lock lock(mutex_);
                            messages_.push_back(severity == LogWriter::Severity::error
                                                    ? "error: " + message
                                                    : message);
                            return true;
                        });
    }
    void push(std::string_view lines) { queue_->push_copy(lines); }
    void reopen() {
        auto file = LogFile::open(path_.string());
        ASSERT_TRUE(file) << file.error().message();
        writer_->reopen(*std::move(file));
    }
    [[nodiscard]] std::vector<std::string> messages() {
        const std::scoped_lock lock(mutex_);
        return messages_;
    }
    [[nodiscard]] bool eventually_says(const std::string& message) {
        return eventually([&] {
            const auto said = messages();
            return std::ranges::find(said, message) != said.end();
        });
    }
    [[nodiscard]] std::string read(int descriptor, std::size_t bytes) {
        std::string text;
        std::array<char, 4096> buffer{};
        while (text.size() < bytes) {
            pollfd event{.fd = descriptor, .events = POLLIN, .revents = 0};
            if (::poll(&event, 1, 20'000) != 1) {
                break;
            }
            const ssize_t count =
                ::read(descriptor, buffer.data(), std::min(buffer.size(), bytes - text.size()));
            if (count <= 0) {
                break;
            }
            text.append(buffer.data(), static_cast<std::size_t>(count));
        }
        return text;
    }

    TemporaryDirectory directory_;
    const std::filesystem::path path_ = directory_.path() / "log";
    const std::shared_ptr<LogQueue> queue_ = std::make_shared<LogQueue>(1024 * 1024);
    std::mutex mutex_;
    std::vector<std::string> messages_;
    std::optional<LogWriter> writer_;
};

TEST_F(LogWriterTest, WritesWhatWasPushedBeforeTheEnd) {
    write_to(LogFile::open(path_.string()));
    push("a\n");
    push("b\n");
    EXPECT_EQ(writer_->finish_within(20s), 0U);
    EXPECT_EQ(contents_of(path_), "a\nb\n");
}

TEST_F(LogWriterTest, WritesWhileItRuns) {
    write_to(LogFile::open(path_.string()));
    push("a\n");
    EXPECT_TRUE(eventually([&] { return contents_of(path_) == "a\n"; }));
}

TEST_F(LogWriterTest, AppendsToAFile) {
    directory_.write("log", "old\n");
    write_to(LogFile::open(path_.string()));
    push("new\n");
    EXPECT_EQ(writer_->finish_within(20s), 0U);
    EXPECT_EQ(contents_of(path_), "old\nnew\n");
}

TEST_F(LogWriterTest, LosesNothingThroughWhateverIsRead) {
    const std::string lines = numbered_lines(0, 50'000);
    for (Ends& ends : std::array{make_pipe(), make_pipe(O_NONBLOCK), make_sockets()}) {
        write_to(LogFile::of_descriptor(ends.writer.get()));
        ends.writer.reset();
        push(lines);
        EXPECT_EQ(read(ends.reader.get(), lines.size()), lines);
        EXPECT_EQ(writer_->finish_within(20s), 0U);
        EXPECT_TRUE(messages().empty());
    }
}

TEST_F(LogWriterTest, EndsThoughNobodyReadsAndTellsHowManyLinesThatLost) {
    const std::string lines = numbered_lines(0, 50'000);
    for (Ends& ends : std::array{make_pipe(), make_pipe(O_NONBLOCK), make_sockets()}) {
        write_to(LogFile::of_descriptor(ends.writer.get()));
        push(lines);
        const std::uint64_t lost = writer_->finish_within(10ms);
        writer_.reset();
        ends.writer.reset();
        const std::string got = read(ends.reader.get(), lines.size());
        EXPECT_EQ(got, lines.substr(0, got.size()));
        EXPECT_EQ(lost, 50'000 - count_lines(got));
        std::string rest;
        while (queue_->take(rest) != LogQueue::Next::nothing) {
        }
    }
}

TEST_F(LogWriterTest, SaysWhileItGoesOnThatAReaderIsTooSlow) {
    const std::string some(1000, '\n');
    for (const auto& [ends, cause] :
         std::array{std::pair{make_pipe(),
                              "the reader of the pipe takes lines more slowly than "
                              "they come"},
                    std::pair{make_sockets(),
                              "the other end of the socket takes lines more "
                              "slowly than they come"}}) {
        write_to(LogFile::of_descriptor(ends.writer.get()));
        std::size_t pushed = 0;
        EXPECT_TRUE(eventually([&] {
            push(some);
            pushed += some.size();
            return !messages().empty();
        }));
        EXPECT_TRUE(messages().front().starts_with("test log: ")) << messages().front();
        EXPECT_TRUE(messages().front().ends_with(std::string(" lines lost: ") + cause))
            << messages().front();
        const std::uint64_t lost = writer_->end();
        EXPECT_GT(lost, 0U);
        EXPECT_LE(lost, pushed);
        writer_.reset();
        messages_.clear();
        std::string rest;
        while (queue_->take(rest) != LogQueue::Next::nothing) {
        }
    }
}

TEST_F(LogWriterTest, SaysThatTheReaderIsGone) {
    for (Ends& ends : std::array{make_pipe(), make_sockets()}) {
        write_to(LogFile::of_descriptor(ends.writer.get()));
        ends.reader.reset();
        push("a\n");
        EXPECT_TRUE(eventually_says("test log: 1 line lost: its reader is gone (Broken pipe)"));
        EXPECT_EQ(writer_->end(), 1U);
        writer_.reset();
        messages_.clear();
    }
}

TEST_F(LogWriterTest, SaysThatTheDiskIsFull) {
    write_to(LogFile::open("/dev/full"));
    push("a\nb\n");
    EXPECT_TRUE(
        eventually_says("test log: 2 lines lost: the disk is full (No space left on "
                        "device)"));
    EXPECT_EQ(writer_->end(), 2U);
}

TEST_F(LogWriterTest, ReportsLossesNowAndThenAndNotEachTime) {
    write_to(LogFile::open("/dev/full"));
    push("a\n");
    EXPECT_TRUE(eventually([&] { return messages().size() == 1; }));
    for (int count = 0; count < 100; ++count) {
        push("b\n");
    }
    EXPECT_EQ(writer_->finish_within(20s), 101U);
    EXPECT_EQ(messages().size(), 1U);
}

TEST_F(LogWriterTest, BeginsALineAnewAfterOneThatWasTorn) {
    // In a process of its own, for the limit is the process's.
    const auto write_beyond_the_limit = [this] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit few{.rlim_cur = 15, .rlim_max = RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &few);
        write_to(LogFile::open(path_.string()));
        push("line 1\nline 2\nline 3\nline 4\n");
        const bool was_said = eventually_says(
            "test log: 2 lines lost: the file may not become larger (File too large)");
        const rlimit all{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &all);
        push("line 5\n");
        const bool was_right =
            writer_->finish_within(20s) == 2 && contents_of(path_) == "line 1\nline 2\nl\nline 5\n";
        std::_Exit(was_said && was_right ? 0 : 1);
    };
    EXPECT_EXIT(write_beyond_the_limit(), ::testing::ExitedWithCode(0), "");
}

TEST_F(LogWriterTest, WritesToTheOldFileWhatWasPushedBeforeItWasMoved) {
    write_to(LogFile::open(path_.string()));
    push("a\n");
    std::filesystem::rename(path_, directory_.path() / "moved");
    EXPECT_EQ(writer_->path(), path_.string());
    reopen();
    push("b\n");
    EXPECT_EQ(writer_->finish_within(20s), 0U);
    EXPECT_EQ(contents_of(directory_.path() / "moved"), "a\n");
    EXPECT_EQ(contents_of(path_), "b\n");
}

TEST_F(LogWriterTest, WaitsOnlyASecondForWhoHoldsLinesBackWhenItReopens) {
    write_to(LogFile::open(path_.string()));
    static_cast<void>(queue_->join());
    std::filesystem::rename(path_, directory_.path() / "moved");
    reopen();
    EXPECT_TRUE(eventually([&] {
        push("a\n");
        return !contents_of(path_).empty();
    }));
}

TEST_F(LogWriterTest, WaitsOnlyASecondForASecondCutThoughTheFirstComesMeanwhile) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    const UniqueFd reader(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    write_to(LogFile::open(path_.string()));
    static_cast<void>(queue_->join());
    const std::string lines = numbered_lines(0, 50'000);
    push(lines);  // More than the FIFO takes, so the writer does not come to the cuts yet.
    reopen();
    std::string none;
    static_cast<void>(queue_->push_before_cut(none));
    reopen();
    EXPECT_TRUE(queue_->awaits_cut());
    EXPECT_EQ(read(reader.get(), lines.size()), lines);
    EXPECT_TRUE(eventually([&] { return !queue_->awaits_cut(); }));
}

TEST_F(LogWriterTest, CountsWhatItHasWrittenAndLost) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    UniqueFd reader(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    write_to(LogFile::open(path_.string()));
    const std::shared_ptr<const LogWriter::Tally> tally = writer_->tally();
    push("a\nb\n");
    EXPECT_EQ(read(reader.get(), 4), "a\nb\n");
    EXPECT_TRUE(eventually([&] { return tally->written_lines == 2; }));
    queue_->drop_line();
    EXPECT_TRUE(eventually([&] { return tally->lost_lines == 1; }));
    EXPECT_EQ(tally->written_lines, 2U);
}

TEST_F(LogWriterTest, WaitsForSomebodyWhoReadsAFifo) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    write_to(LogFile::open(path_.string()));
    push("a\n");
    EXPECT_TRUE(
        eventually_says("test log: nobody reads the FIFO; lines wait for somebody who does"));
    const UniqueFd reader(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(read(reader.get(), 2), "a\n");
    EXPECT_EQ(messages().size(), 1U);
}

TEST_F(LogWriterTest, GoesOnWithAWholeLineForTheNextReaderOfAFifo) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    UniqueFd reader(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    write_to(LogFile::open(path_.string()));
    const std::string lines = numbered_lines(0, 50'000);
    push(lines);
    EXPECT_EQ(read(reader.get(), 100), lines.substr(0, 100));
    reader.reset();
    EXPECT_TRUE(
        eventually_says("test log: nobody reads the FIFO; lines wait for somebody who does"));
    reader.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    const std::string first = read(reader.get(), 1);
    ASSERT_EQ(first, "l");
    std::string rest = first;
    while (!rest.ends_with("line 49999\n")) {
        const std::string more = read(reader.get(), 1);
        ASSERT_FALSE(more.empty());
        rest += more;
    }
    EXPECT_TRUE(lines.ends_with("\n" + rest));
}

TEST_F(LogWriterTest, ReopensAlthoughNobodyReadsTheOldFifo) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    const UniqueFd reader(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    write_to(LogFile::open(path_.string()));
    const std::string lines = numbered_lines(0, 50'000);
    push(lines);
    std::filesystem::rename(path_, directory_.path() / "moved");
    reopen();
    const auto size_of = [](const auto& path) {
        return std::filesystem::exists(path) ? std::filesystem::file_size(path) : 0;
    };
    EXPECT_TRUE(eventually([&] { return size_of(path_) > 0; }));
    EXPECT_EQ(writer_->finish_within(20s), 0U);
    EXPECT_TRUE(lines.ends_with("\n" + contents_of(path_)));
}

TEST_F(LogWriterTest, RefusesADescriptorThatCannotBeWritten) {
    const Ends ends = make_pipe();
    EXPECT_EQ(LogFile::of_descriptor(ends.reader.get()).error(), Errno(EBADF));
    EXPECT_EQ(LogFile::open("/dev/fd/1000000").error(), Errno(EBADF));
    EXPECT_EQ(LogFile::open("/no/such/directory/log").error(), Errno(ENOENT));
}

TEST_F(LogWriterTest, TakesADescriptorByItsPathThoughItIsASocket) {
    const Ends ends = make_sockets();
    for (const char* directory : {"/dev/fd/", "/proc/self/fd/"}) {
        write_to(LogFile::open(directory + std::to_string(ends.writer.get())));
        push("a\n");
        EXPECT_EQ(read(ends.reader.get(), 2), "a\n");
        writer_.reset();
    }
}

}  // namespace
}  // namespace torc::worker
