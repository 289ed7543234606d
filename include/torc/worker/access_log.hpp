#pragma once

#include <torc/base/clock.hpp>
#include <torc/http/status.hpp>
#include <torc/worker/log_queue.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace torc::worker {

/// What one line of the access log tells, but for the bytes sent.
struct AccessEntry {
    std::string_view remote_address;
    /// The user that the request names, for what is protected, whether or not the password is
    /// right; empty: none.
    std::string_view user{};
    /// Of what is no request, the first line that came, as far as it came.
    std::string_view request_line;
    http::Status status = http::Status::ok;
    std::string_view referer;
    std::string_view user_agent;
};

/// A line whose answer is still on its way.
struct OpenLine {
    std::string before_bytes;
    std::string after_bytes;
};

/// When lines go to the writer.
enum class LogPace : std::uint8_t {
    /// In batches, as they are large or old enough.
    batches,
    /// At the end of each iteration: somebody looks on.
    at_once,
};

/// One worker's access log: lines in nginx's `combined` format, collected in memory and pushed in
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

    /// Sets the time that lines carry; in the local time zone, rendered once a second.
    void set_time(WallTime now);

    // A line for which there is no memory is dropped and counted.
    void append(const AccessEntry& entry, std::uint64_t content_bytes, MonotonicTime now) noexcept;

    /// For an answer whose bytes are not yet known: renders the line now, as the request goes away.
    [[nodiscard]] OpenLine open_line(const AccessEntry& entry) const;
    void append(const OpenLine& line, std::uint64_t content_bytes, MonotonicTime now) noexcept;

    /// When the next batch is due; `never` when nothing is there.
    [[nodiscard]] MonotonicTime due_at() const noexcept;
    /// Pushes the batch if it is due, or if the log is about to go to another file.
    void push_if_due(MonotonicTime now) noexcept;
    /// Pushes all that is there.
    void push() noexcept;

private:
    void render_before_bytes(const AccessEntry& entry, std::string& target) const;
    static void render_after_bytes(const AccessEntry& entry, std::string& target);
    /// Takes the line from `scratch_`.
    void append_line(MonotonicTime now);

    LogQueue& queue_;
    const LogPace pace_;
    std::uint64_t cuts_;
    /// Lines not yet pushed.
    std::string collecting_;
    std::string scratch_;
    std::string time_;
    std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
    MonotonicTime oldest_ = never;
};

}  // namespace torc::worker
