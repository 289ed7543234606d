#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/worker/log_file.hpp>
#include <torc/worker/log_queue.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace torc::worker {

/// The one thread that writes to a log. Others push lines into a LogQueue, so that only this thread
/// waits where a write blocks: for a disk that stalls, or a pipe without a reader. Lines that can't
/// be written are lost, counted and reported, at once and then every few seconds while it goes on.
class LogWriter {
public:
    /// What has become of lines since the start, for any thread to look at.
    struct Tally {
        std::atomic<std::uint64_t> written_lines = 0;
        /// See `end`; those that wait to be written are not lost yet.
        std::atomic<std::uint64_t> lost_lines = 0;
    };

    /// `error`: what the user told can't be done.
    enum class Severity : std::uint8_t { warning, error };

    /// Takes a message for whoever runs the server; false when it can't be taken now. A warning is
    /// then given again, up to date. Called by the writer's thread.
    using Report = std::function<bool(Severity severity, const std::string& message)>;

    /// Starts the thread; throws StartError when there can't be one. `name`: how messages call the
    /// log, such as "access log".
    LogWriter(LogFile file, std::shared_ptr<LogQueue> queue, std::string name, Report report);
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;
    /// Ends it as `end` does.
    ~LogWriter();

    /// How messages call the log.
    [[nodiscard]] const std::string& name() const noexcept;

    /// Whether the log is a terminal, where lines are to show as soon as they are logged.
    [[nodiscard]] bool is_terminal() const noexcept { return is_terminal_; }

    /// By which it can be opened anew; empty: it was open before torc began.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Goes over to `file`, which was opened anew by the log's path, behind the lines that were
    /// logged before the call. Whoever holds lines back, and a file that is stuck, is waited for
    /// only for a second.
    void reopen(LogFile file);
    [[nodiscard]] std::shared_ptr<const Tally> tally() const noexcept;

    /// Tells the thread to end when all that was pushed is written; push no more.
    void finish() noexcept;
    /// Readable when the thread has finished: for poll(2).
    [[nodiscard]] int finished_descriptor() const noexcept;
    /// Ends the thread, finished or not; gives how many lines were lost since the start. One that
    /// hangs in a system call is left behind, for the end of the process.
    std::uint64_t end();
    /// `finish`, a wait of at most `patience`, and `end`.
    std::uint64_t finish_within(std::chrono::milliseconds patience);

private:
    class Loop;

    std::shared_ptr<Loop> loop_;
    bool is_terminal_;
    std::string path_;
    std::thread thread_;
};

}  // namespace torc::worker
