#pragma once

#include <torc/base/clock.hpp>
#include <torc/worker/log_line.hpp>
#include <torc/worker/log_queue.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace torc::worker {

/// A line whose response is still on its way.
struct OpenLine {
    config::LogFormat format = config::LogFormat::combined;
    std::string text{};
    /// Where in it the bytes of content stand.
    std::size_t bytes_position = 0;
};

/// When lines go to the writer.
enum class LogPace : std::uint8_t {
    /// In batches, as they are large or old enough.
    batches,
    /// At the end of each iteration: somebody looks on.
    at_once,
};

/// One worker's part of an access log: lines, collected in memory and pushed in
/// batches to the queue of the thread that writes them. Makes no system call for a line, and never
/// waits: a queue that is full drops and counts.
class AccessLog {
public:
    /// A batch is due when it is this old, or half of limits::access_log_buffer_bytes large.
    static constexpr std::chrono::milliseconds delay_max{1000};

    /// `queue` outlives it.
    AccessLog(LogQueue& queue, LogPace pace);
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;
    /// Pushes what is left.
    ~AccessLog();

    /// Sets the time that lines carry.
    void set_time(WallTime now) { time_.set(now); }

    // A line for which there is no memory is dropped and counted.

    /// In the format `combined`.
    void append(const AccessEntry& entry, std::uint64_t content_bytes, MonotonicTime now) noexcept;

    /// For a response whose bytes or times are not known yet: renders what is, as the request goes
    /// away. Throws std::bad_alloc.
    [[nodiscard]] OpenLine open_line(config::LogFormat format, const AccessEntry& entry) const;
    void append(const OpenLine& line, std::uint64_t content_bytes, const ResponseTimes& times,
                MonotonicTime now) noexcept;

    /// When the next batch is due; `never` when nothing is there.
    [[nodiscard]] MonotonicTime due_at() const noexcept;
    /// Pushes the batch if it is due, or if the log is about to go to another file.
    void push_if_due(MonotonicTime now) noexcept;
    /// Whether no line has come for so long that the buffer is better given back.
    [[nodiscard]] bool is_idle(MonotonicTime now) const noexcept {
        return collecting_.empty() && now - oldest_ > 2 * delay_max;
    }
    /// Pushes all that is there.
    void push() noexcept;

private:
    /// Takes the line from `scratch_`.
    void append_line(MonotonicTime now);

    LogQueue& queue_;
    const LogPace pace_;
    std::uint64_t cuts_;
    /// Lines not yet pushed.
    std::string collecting_;
    std::string scratch_;
    LogTime time_;
    /// When the first of them came, or of those that were pushed last.
    MonotonicTime oldest_ = never;
};

}  // namespace torc::worker
