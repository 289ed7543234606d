#pragma once

#include <torc/base/clock.hpp>
#include <torc/config/access_log_settings.hpp>
#include <torc/http/status.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace torc::worker {

/// What one line of an access log tells that is known when a response begins.
struct AccessEntry {
    /// Of the peer.
    std::string_view remote_address;
    std::uint16_t remote_port = 0;
    /// Of whom the request is, if a trusted proxy says so; empty: it is the peer's.
    std::string_view client_address{};
    /// The user that the request names, for what is protected, whether or not the password is
    /// right; empty: none.
    std::string_view user{};
    /// Of what is no request, the first line that came, as far as it came.
    std::string_view request_line;
    // Parts of the request, which `json` has apart; empty for what is none.
    std::string_view method{};
    std::string_view target{};
    std::string_view host{};
    http::Status status = http::Status::ok;
    std::string_view referer;
    std::string_view user_agent;
};

/// Where the time of a response went, from when its request was there to when its last byte had
/// gone to the kernel. The parts may be less than the total: the rest is torc's own, or a
/// password's check.
struct ResponseTimes {
    using Duration = std::chrono::nanoseconds;

    Duration total{};
    /// Waiting for the file system: for the file to be opened and read, and for parts of a large
    /// one.
    Duration disk{};
    /// Handing bytes to the kernel while it had room for them.
    Duration send{};
    /// Waiting for the client to read, so that the kernel had room again.
    Duration client{};
};

/// The time as lines carry it.
class LogTime {
public:
    /// Renders it anew once a second; in the local time zone.
    void set(WallTime now);
    /// "[14/Nov/2023:22:13:20 +0000]".
    [[nodiscard]] const std::string& local() const noexcept { return local_; }
    [[nodiscard]] WallTime now() const noexcept { return now_; }

private:
    WallTime now_{};
    std::string local_;
    std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
};

// The parts of a line, in their order. Between the first two stand the bytes of content that were
// sent. Each is appended to `line`; throws std::bad_alloc.

void render_before_bytes(config::LogFormat format, const AccessEntry& entry, const LogTime& time,
                         std::string& line);
void append_bytes(std::uint64_t content_bytes, std::string& line);
void render_after_bytes(config::LogFormat format, const AccessEntry& entry, std::string& line);
/// The times, in the formats that have them, and the end of the line.
void render_end(config::LogFormat format, const ResponseTimes& times, std::string& line);

/// Appends "12.345", as Server-Timing has durations.
void append_milliseconds(ResponseTimes::Duration duration, std::string& text);

/// Whether lines of the format are complete only when the response has gone.
[[nodiscard]] constexpr bool has_times(config::LogFormat format) noexcept {
    return format != config::LogFormat::combined;
}

}  // namespace torc::worker
