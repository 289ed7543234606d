#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/utf8.hpp>
#include <torc/http/credentials.hpp>
#include <torc/http/date.hpp>
#include <torc/worker/log_line.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace torc::worker {
namespace {

std::string_view client_of(const AccessEntry& entry) noexcept {
    return entry.client_address.empty() ? entry.remote_address : entry.client_address;
}

using config::LogFormat;

/// What is logged of Referer and of User-Agent, and of the request line, which a setting may allow
/// to be longer, as may a host. With every octet escaped to four, all of `combined` still fits into
/// the buffer: nobody keeps a request out of the log by its size.
constexpr std::size_t field_bytes_max = 2 * 1024;
constexpr std::size_t request_line_bytes_max = limits::request_line_bytes_default;
static_assert(
    4 * (2 * field_bytes_max + request_line_bytes_max + http::basic_credentials_bytes_max) + 1024 <=
    limits::access_log_buffer_bytes);

/// By octet: whether it is escaped. As nginx, quotes, backslashes, control characters and octets
/// beyond ASCII are, so that nobody writes lines or terminal commands into the log.
constexpr auto escapes = [] {
    std::array<bool, 256> table{};
    for (std::size_t octet = 0; octet < table.size(); ++octet) {
        table[octet] = octet < 0x20 || octet > 0x7e || octet == '"' || octet == '\\';
    }
    return table;
}();

/// Appends the characters at the front of `text` that are not escaped, and takes them off.
void take_plain(std::string_view& text, std::string& line) {
    // By runs: nearly every text is one.
    // NOLINTNEXTLINE(modernize-use-ranges): that one takes half as many instructions again.
    const auto* const end = std::find_if(text.begin(), text.end(), [](char character) {
        return escapes[static_cast<unsigned char>(character)];
    });
    const auto run = static_cast<std::size_t>(end - text.begin());
    line += text.substr(0, run);
    text.remove_prefix(run);
}

/// As \xNN.
void append_octet(char character, std::string& line) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto octet = static_cast<unsigned char>(character);
    line += "\\x";
    line += digits[octet >> 4];
    line += digits[octet & 0xf];
}

void append_escaped(std::string_view text, std::string& line) {
    for (take_plain(text, line); !text.empty(); take_plain(text, line)) {
        append_octet(text.front(), line);
        text.remove_prefix(1);
    }
}

/// As a string of JSON has it. Octets that are no UTF-8 stand there as in the other formats: \xNN,
/// whose backslash JSON doubles.
void append_json_escaped(std::string_view text, std::string& line) {
    for (take_plain(text, line); !text.empty(); take_plain(text, line)) {
        const Character character = take_character(text);
        if (character.is_malformed) {
            for (const char octet : character.bytes) {
                line += '\\';
                append_octet(octet, line);
            }
        } else if (character.code_point == U'"' || character.code_point == U'\\') {
            line += '\\';
            line += character.bytes;
        } else {
            append_json_number(line, character.code_point);
        }
    }
}

void append_json(std::string_view name, std::string_view text, std::size_t bytes_max,
                 std::string& line) {
    line += name;
    append_json_escaped(text.substr(0, bytes_max), line);
}

/// It stands unquoted between spaces: one in the name is escaped as well.
void append_user_or_dash(std::string_view user, std::string& line) {
    if (user.empty()) {
        line += '-';
        return;
    }
    for (std::size_t end = user.find(' '); end != std::string_view::npos; end = user.find(' ')) {
        append_escaped(user.substr(0, end), line);
        line += "\\x20";
        user.remove_prefix(end + 1);
    }
    append_escaped(user, line);
}

void append_quoted_or_dash(std::string_view text, std::size_t bytes_max, std::string& line) {
    line += '"';
    if (text.empty()) {
        line += '-';
    } else {
        append_escaped(text.substr(0, bytes_max), line);
    }
    line += '"';
}

/// So many microseconds of a unit that has as many of them as `decimals` says.
void append_decimal(std::chrono::nanoseconds duration, std::size_t decimals, std::string& line) {
    constexpr std::array<std::int64_t, 7> powers = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000};
    const std::int64_t per_unit = powers.at(decimals);
    const std::int64_t all =
        std::max<std::int64_t>(0, std::chrono::floor<std::chrono::microseconds>(duration).count());
    append_bytes(static_cast<std::uint64_t>(all / per_unit), line);
    line += '.';
    const fmt::format_int fraction(all % per_unit);
    line.append(decimals - fraction.size(), '0');
    line.append(fraction.data(), fraction.size());
}

void append_seconds(std::chrono::nanoseconds duration, std::string& line) {
    constexpr std::size_t decimals = 6;
    append_decimal(duration, decimals, line);
}

void render_json_request(const AccessEntry& entry, std::string& line) {
    append_json(R"("request":{"remote_ip":")", entry.remote_address, field_bytes_max, line);
    line += R"(","remote_port":")";
    append_bytes(entry.remote_port, line);
    append_json(R"(","client_ip":")", client_of(entry), field_bytes_max, line);
    if (entry.method.empty()) {
        append_json(R"(","received":")", entry.request_line, request_line_bytes_max, line);
    }
    const std::size_t version = entry.request_line.rfind(' ');
    append_json(R"(","proto":")",
                entry.method.empty() || version == std::string_view::npos
                    ? std::string_view()
                    : entry.request_line.substr(version + 1),
                field_bytes_max, line);
    append_json(R"(","method":")", entry.method, field_bytes_max, line);
    append_json(R"(","host":")", entry.host, field_bytes_max, line);
    // Readers count a line without a path as broken.
    append_json(R"(","uri":")", entry.method.empty() ? "-" : entry.target, request_line_bytes_max,
                line);
    line += R"(","headers":{)";
    if (!entry.user_agent.empty()) {
        append_json(R"("User-Agent":[")", entry.user_agent, field_bytes_max, line);
        line += entry.referer.empty() ? R"("])" : R"("],)";
    }
    if (!entry.referer.empty()) {
        append_json(R"("Referer":[")", entry.referer, field_bytes_max, line);
        line += R"("])";
    }
    line += R"(}},)";
}

void render_json(const AccessEntry& entry, const LogTime& time, std::string& line) {
    line += R"({"ts":)";
    append_seconds(time.now().time_since_epoch(), line);
    line += ',';
    render_json_request(entry, line);
    append_json(R"("user_id":")", entry.user, field_bytes_max, line);
    line += R"(","status":)";
    append_bytes(http::code(entry.status), line);
    line += R"(,"size":)";
}

void render_json_end(const ResponseTimes& times, std::string& line) {
    line += R"(,"duration":)";
    append_seconds(times.total, line);
    line += R"(,"times":{"disk":)";
    append_seconds(times.disk, line);
    line += R"(,"send":)";
    append_seconds(times.send, line);
    line += R"(,"client":)";
    append_seconds(times.client, line);
    line += "}}";
}

}  // namespace

void LogTime::set(WallTime now) {
    now_ = now;
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    if (second == second_) {
        return;
    }
    second_ = second;
    const std::time_t time = std::chrono::system_clock::to_time_t(second);
    std::tm local{};
    (void)::localtime_r(&time, &local);  // Fails for years beyond int alone.
    // Not strftime(3), whose %b is the locale's: the format has English months in every locale.
    const long offset_minutes = local.tm_gmtoff / 60;
    local_ = fmt::format("[{:02}/{}/{}:{:02}:{:02}:{:02} {:+05}]", local.tm_mday,
                         http::month_abbreviations.at(static_cast<std::size_t>(local.tm_mon)),
                         local.tm_year + 1900, local.tm_hour, local.tm_min, local.tm_sec,
                         offset_minutes / 60 * 100 + offset_minutes % 60);
}

void append_milliseconds(ResponseTimes::Duration duration, std::string& text) {
    constexpr std::size_t decimals = 3;
    append_decimal(duration, decimals, text);
}

void append_bytes(std::uint64_t content_bytes, std::string& line) {
    std::array<char, 20> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), content_bytes);
    TORC_ASSERT(error == std::errc());
    line.append(digits.data(), end);
}

void render_before_bytes(LogFormat format, const AccessEntry& entry, const LogTime& time,
                         std::string& line) {
    if (format == LogFormat::json) {
        render_json(entry, time, line);
        return;
    }
    line += client_of(entry);
    line += " - ";
    append_user_or_dash(entry.user, line);
    line += ' ';
    line += time.local();
    line += ' ';
    append_quoted_or_dash(entry.request_line, request_line_bytes_max, line);
    line += ' ';
    append_bytes(http::code(entry.status), line);
    line += ' ';
}

void render_after_bytes(LogFormat format, const AccessEntry& entry, std::string& line) {
    if (format == LogFormat::json) {
        return;
    }
    line += ' ';
    append_quoted_or_dash(entry.referer, field_bytes_max, line);
    line += ' ';
    append_quoted_or_dash(entry.user_agent, field_bytes_max, line);
    if (format == LogFormat::combined_plus) {
        line += ' ';
        append_quoted_or_dash(entry.host, field_bytes_max, line);
    }
}

void render_end(LogFormat format, const ResponseTimes& times, std::string& line) {
    if (format == LogFormat::json) {
        render_json_end(times, line);
    } else if (format == LogFormat::combined_plus) {
        line += ' ';
        append_seconds(times.total, line);
        line += " disk=";
        append_seconds(times.disk, line);
        line += " send=";
        append_seconds(times.send, line);
        line += " client=";
        append_seconds(times.client, line);
    }
    line += '\n';
}

}  // namespace torc::worker
