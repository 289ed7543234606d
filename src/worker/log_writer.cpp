#include <torc/base/clock.hpp>
#include <torc/base/errno.hpp>
#include <torc/base/event_fd.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/start_error.hpp>
#include <torc/worker/log_writer.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

namespace torc::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* thread_name = "torc-log";

/// Between two reports of lost lines.
constexpr milliseconds report_pause{5000};
/// The same after one that could not be taken.
constexpr milliseconds refused_report_pause{100};
/// Between two looks for somebody who reads a FIFO.
constexpr milliseconds reader_pause{100};
/// Before the next try when memory ran out.
constexpr milliseconds memory_pause{100};
/// How long opening anew waits for lines that come before it.
constexpr seconds reopen_patience{1};
/// How long `end` waits for the thread to notice.
constexpr milliseconds end_patience{200};

std::string cause_of(Errno error) {
    switch (error.value()) {
        case EPIPE:
            return fmt::format("its reader is gone ({})", error.message());
        case ENOSPC:
            return fmt::format("the disk is full ({})", error.message());
        case EFBIG:
            return fmt::format("the file may not become larger ({})", error.message());
        default:
            return error.message();
    }
}

std::string number_of_lines(std::uint64_t lines) {
    return fmt::format("{} line{}", lines, lines == 1 ? "" : "s");
}

/// A thread inherits the mask: signals are for the thread that expects them, and an EPIPE is to be
/// an error and no SIGPIPE.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

}  // namespace

/// What the thread runs; shared with it, as it may be left behind.
class LogWriter::Loop {
public:
    Loop(LogFile file, std::shared_ptr<LogQueue> queue, std::string name, Report report)
        : queue_(std::move(queue)),
          name_(std::move(name)),
          report_(std::move(report)),
          file_(std::move(file)) {
        batch_.reserve(limits::access_log_buffer_bytes);
    }

    void run();

    // For other threads.
    [[nodiscard]] int finished_descriptor() const noexcept { return finished_.descriptor(); }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Before the thread runs.
    void ask_to_reopen(LogFile file);
    void ask_to_finish() noexcept {
        is_finishing_ = true;
        queue_->signal();
    }
    void ask_to_end() noexcept {
        is_ending_ = true;
        queue_->signal();
    }
    /// Those that wait still among them; when the thread has ended or hangs.
    [[nodiscard]] std::uint64_t lost_lines() noexcept {
        tally_->lost_lines += queue_->take_dropped_lines();
        return tally_->lost_lines + unwritten_lines_ + queue_->waiting_lines();
    }
    [[nodiscard]] std::shared_ptr<const Tally> tally() const noexcept { return tally_; }

private:
    [[nodiscard]] bool has_batch() const noexcept { return position_ < batch_.size(); }
    /// Where the line begins that `position_` is in.
    [[nodiscard]] std::size_t line_under_way() const noexcept {
        return position_ == 0 ? 0 : batch_.rfind('\n', position_ - 1) + 1;
    }
    void step();
    void take_next();
    void write_some();
    void advance(std::size_t written) noexcept;
    void lose_batch(Errno error);
    void await_reader();
    void reopen_when_patience_is_over();
    void reopen();
    void report_losses();
    /// Until `events` on the file, something in the queue, or what is due.
    void wait(short events, MonotonicTime deadline = never);

    const std::shared_ptr<LogQueue> queue_;
    const std::string name_;
    const Report report_;
    const EventFd finished_ = EventFd::create_at_start();
    std::atomic<bool> is_finishing_ = false;
    std::atomic<bool> is_ending_ = false;
    const std::shared_ptr<Tally> tally_ = std::make_shared<Tally>();
    /// Of the batch that is being written.
    std::atomic<std::uint64_t> unwritten_lines_ = 0;
    std::mutex reopen_mutex_;
    /// When the wait for a cut is over; `never` without one.
    MonotonicTime reopen_by_ = never;
    /// What it goes over to then.
    std::optional<LogFile> next_file_;

    // The thread's own.
    LogFile file_;
    std::string batch_;
    std::size_t position_ = 0;
    /// The file's last line has no end, as writing failed within it.
    bool is_line_torn_ = false;
    bool has_reported_no_reader_ = false;
    bool has_finished_ = false;
    std::uint64_t unreported_lines_ = 0;
    std::string cause_;
    MonotonicTime report_again_at_{};
};

void LogWriter::Loop::run() {
    ::pthread_setname_np(::pthread_self(), thread_name);
    while (!is_ending_ && !has_finished_) {
        try {
            step();
        } catch (const std::bad_alloc&) {
            // Of a message that there is no memory for; what it counts is told later.
            wait(0, monotonic_now() + memory_pause);
        }
    }
    finished_.signal();
}

void LogWriter::Loop::step() {
    queue_->clear_signal();
    reopen_when_patience_is_over();
    // In this order: what was pushed before the order to finish is seen by the look after it.
    const bool is_finishing = is_finishing_;
    if (!has_batch()) {
        take_next();
    }
    if (has_batch()) {
        write_some();
    } else if (is_finishing) {
        has_finished_ = true;
    } else {
        wait(0);
    }
    report_losses();
}

void LogWriter::Loop::take_next() {
    position_ = 0;
    batch_.clear();
    while (true) {
        switch (queue_->take(batch_)) {
            case LogQueue::Next::cut:
                reopen();
                continue;
            case LogQueue::Next::lines:
                unwritten_lines_ = count_lines(batch_);
                return;
            case LogQueue::Next::nothing:
                return;
        }
    }
}

void LogWriter::Loop::write_some() {
    const std::string_view rest = std::string_view(batch_).substr(position_);
    const auto written = file_.write(is_line_torn_ ? "\n" : rest);
    if (written) {
        has_reported_no_reader_ = false;
        if (is_line_torn_) {
            is_line_torn_ = *written == 0;
        } else {
            advance(*written);
        }
        return;
    }
    switch (written.error().value()) {
        case EINTR:
            break;
        case EAGAIN:
            wait(POLLOUT);
            break;
        case ENXIO:
            await_reader();
            break;
        default:
            lose_batch(written.error());
    }
}

void LogWriter::Loop::advance(std::size_t written) noexcept {
    const std::uint64_t lines = count_lines(std::string_view(batch_).substr(position_, written));
    unwritten_lines_ -= lines;
    tally_->written_lines += lines;
    position_ += written;
}

void LogWriter::Loop::lose_batch(Errno error) {
    is_line_torn_ = is_line_torn_ || (position_ > 0 && batch_[position_ - 1] != '\n');
    position_ = batch_.size();
    const std::uint64_t lines = unwritten_lines_.exchange(0);
    tally_->lost_lines += lines;
    unreported_lines_ += lines;
    cause_ = cause_of(error);
}

void LogWriter::Loop::await_reader() {
    // Who reads next begins with a whole line.
    position_ = line_under_way();
    is_line_torn_ = false;
    if (!has_reported_no_reader_) {
        has_reported_no_reader_ = report_(
            Severity::warning,
            fmt::format("{}: nobody reads the FIFO; lines wait for somebody who does", name_));
    }
    wait(0, monotonic_now() + reader_pause);
}

void LogWriter::Loop::ask_to_reopen(LogFile file) {
    // Together, so that a cut that is taken meanwhile does not end the patience with this one.
    const std::scoped_lock lock(reopen_mutex_);
    next_file_ = std::move(file);
    reopen_by_ = monotonic_now() + reopen_patience;
    queue_->ask_for_cut();
}

void LogWriter::Loop::reopen_when_patience_is_over() {
    {
        const std::scoped_lock lock(reopen_mutex_);
        if (reopen_by_ == never || monotonic_now() < reopen_by_) {
            return;
        }
    }
    queue_->cut_now();
    // The rest of a batch goes to the new file, from the line on that was under way.
    const std::size_t line = line_under_way();
    is_line_torn_ = is_line_torn_ || line < position_;
    position_ = line;
    reopen();
}

void LogWriter::Loop::reopen() {
    std::optional<LogFile> next;
    {
        const std::scoped_lock lock(reopen_mutex_);
        if (!queue_->awaits_cut()) {
            reopen_by_ = never;
        }
        next = std::exchange(next_file_, std::nullopt);
    }
    // Another cut may have come for it, before or behind this one.
    if (next) {
        file_ = *std::move(next);
        is_line_torn_ = false;
        has_reported_no_reader_ = false;
    }
}

void LogWriter::Loop::report_losses() {
    if (const std::uint64_t dropped = queue_->take_dropped_lines(); dropped > 0) {
        tally_->lost_lines += dropped;
        unreported_lines_ += dropped;
        cause_ = file_.reason_for_slowness();
    }
    if (unreported_lines_ == 0 || monotonic_now() < report_again_at_ || is_ending_) {
        return;
    }
    const bool was_taken =
        report_(Severity::warning,
                fmt::format("{}: {} lost: {}", name_, number_of_lines(unreported_lines_), cause_));
    report_again_at_ = monotonic_now() + (was_taken ? report_pause : refused_report_pause);
    if (was_taken) {
        unreported_lines_ = 0;
    }
}

void LogWriter::Loop::wait(short events, MonotonicTime deadline) {
    if (unreported_lines_ > 0) {
        deadline = std::min(deadline, report_again_at_);
    }
    {
        const std::scoped_lock lock(reopen_mutex_);
        deadline = std::min(deadline, reopen_by_);
    }
    // Without events, an error of the file (a pipe whose reader is gone) must not end the wait.
    std::array<pollfd, 2> waited{
        pollfd{.fd = queue_->signal_descriptor(), .events = POLLIN, .revents = 0},
        pollfd{.fd = events == 0 ? -1 : file_.descriptor(), .events = events, .revents = 0}};
    ::poll(waited.data(), waited.size(), milliseconds_until(deadline));
}

LogWriter::LogWriter(LogFile file, std::shared_ptr<LogQueue> queue, std::string name, Report report)
    : is_terminal_(file.is_terminal()), path_(file.path()) {
    loop_ = std::make_shared<Loop>(std::move(file), std::move(queue), std::move(name),
                                   std::move(report));
    const SignalsBlocked blocked;
    try {
        thread_ = std::thread([loop = loop_] { loop->run(); });
    } catch (const std::system_error& error) {
        throw StartError(
            fmt::format("no thread can be made for the {}: {}; allow more (ulimit -u, TasksMax=)",
                        loop_->name(), error.code().message()));
    }
}

LogWriter::~LogWriter() {
    end();
}

const std::string& LogWriter::name() const noexcept {
    return loop_->name();
}

void LogWriter::reopen(LogFile file) {
    loop_->ask_to_reopen(std::move(file));
}

std::shared_ptr<const LogWriter::Tally> LogWriter::tally() const noexcept {
    return loop_->tally();
}

void LogWriter::finish() noexcept {
    loop_->ask_to_finish();
}

int LogWriter::finished_descriptor() const noexcept {
    return loop_->finished_descriptor();
}

std::uint64_t LogWriter::end() {
    if (thread_.joinable()) {
        loop_->ask_to_end();
        pollfd finished{.fd = finished_descriptor(), .events = POLLIN, .revents = 0};
        if (::poll(&finished, 1, static_cast<int>(end_patience.count())) == 1) {
            thread_.join();
        } else {
            thread_.detach();
        }
    }
    return loop_->lost_lines();
}

std::uint64_t LogWriter::finish_within(milliseconds patience) {
    finish();
    pollfd finished{.fd = finished_descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&finished, 1, static_cast<int>(patience.count()));
    return end();
}

}  // namespace torc::worker
