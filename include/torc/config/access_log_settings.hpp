#pragma once

#include <cstdint>
#include <string>

namespace torc::config {

/// What a line of an access log says, and in which form.
enum class LogFormat : std::uint8_t {
    /// nginx's `combined`, which is Apache's "combined" too.
    combined,
    /// The same, with the host and times behind it: ` "$host" $seconds disk=… send=… client=…`.
    combined_plus,
    /// A JSON object a line, with the names that Caddy's access log has.
    json,
};

/// Where requests are logged, and how.
struct AccessLogSettings {
    /// As worker::LogFile::open takes it; empty: they are not logged.
    std::string file{};
    LogFormat format = LogFormat::combined;

    [[nodiscard]] bool is_on() const noexcept { return !file.empty(); }
    friend bool operator==(const AccessLogSettings&, const AccessLogSettings&) = default;
};

}  // namespace torc::config
