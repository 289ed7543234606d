#pragma once

#include <torc/base/clock.hpp>
#include <torc/http/status.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace torc::server {

/// What one line of the access log tells, but for the bytes sent.
struct AccessEntry {
    std::string_view remote_address;
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

/// One worker's access log: lines in nginx's `combined` format, collected in memory and handed out
/// in batches for the worker to write. Does no I/O: when the disk can't follow, lines are dropped
/// and counted, and requests are not held up.
class AccessLog {
public:
    /// A batch is due when it is this large or this old.
    static constexpr std::chrono::milliseconds delay_max{1000};

    /// `batch_bytes_max`: most that one write may take. What goes to a pipe that other workers
    /// write to as well must not exceed PIPE_BUF, lest lines be torn.
    explicit AccessLog(std::size_t batch_bytes_max);

    /// Sets the time that lines carry; in the local time zone, rendered once a second.
    void set_time(WallTime now);

    void append(const AccessEntry& entry, std::uint64_t content_bytes, MonotonicTime now);

    /// For an answer whose bytes are not yet known: renders the line now, as the request goes away.
    [[nodiscard]] OpenLine open_line(const AccessEntry& entry) const;
    void append(const OpenLine& line, std::uint64_t content_bytes, MonotonicTime now);

    /// When the next batch is due; `never` while a write is under way or nothing is there.
    [[nodiscard]] MonotonicTime due_at() const noexcept;
    /// The next batch, whole lines; to be written and then reported with `finish_write`. Empty:
    /// nothing is there. Precondition: no write is under way. Lives until `finish_write`.
    [[nodiscard]] std::span<const std::byte> begin_write();
    /// `written`: how much of the batch was written; the rest comes again first.
    void finish_write(std::size_t written) noexcept;
    /// Gives up the batch under way: its lines count as dropped.
    void fail_write() noexcept;

    [[nodiscard]] bool is_writing() const noexcept { return is_writing_; }
    [[nodiscard]] std::uint64_t dropped_lines() const noexcept { return dropped_lines_; }

private:
    void render_before_bytes(const AccessEntry& entry, std::string& target) const;
    static void render_after_bytes(const AccessEntry& entry, std::string& target);
    /// Takes the line from `scratch_`.
    void append_line(MonotonicTime now);

    std::size_t batch_bytes_max_;
    /// Lines not yet handed out.
    std::string collecting_;
    /// The lines handed out last, from `written_bytes_` on.
    std::string writing_;
    std::size_t written_bytes_ = 0;
    std::size_t batch_bytes_ = 0;
    std::string scratch_;
    std::string time_;
    std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
    MonotonicTime oldest_ = never;
    bool is_writing_ = false;
    std::uint64_t dropped_lines_ = 0;
};

}  // namespace torc::server
