#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/http/credentials.hpp>
#include <torc/http/date.hpp>
#include <torc/worker/access_log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <new>

namespace torc::worker {
namespace {

/// What is logged of Referer and of User-Agent, and of the request line, which a setting may allow
/// to be longer. With every octet escaped to four, all three still fit into the buffer: nobody
/// keeps a request out of the log by its size.
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

/// As \xNN.
void append_escaped(std::string_view text, std::string& target) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    while (true) {
        // By runs: nearly every text is one.
        // NOLINTNEXTLINE(modernize-use-ranges): that one takes half as many instructions again.
        const auto* const end = std::find_if(text.begin(), text.end(), [](char character) {
            return escapes[static_cast<unsigned char>(character)];
        });
        const auto run = static_cast<std::size_t>(end - text.begin());
        target += text.substr(0, run);
        if (run == text.size()) {
            return;
        }
        const auto octet = static_cast<unsigned char>(text[run]);
        target += "\\x";
        target += digits[octet >> 4];
        target += digits[octet & 0xf];
        text.remove_prefix(run + 1);
    }
}

/// It stands unquoted between spaces: one in the name is escaped as well.
void append_user_or_dash(std::string_view user, std::string& target) {
    if (user.empty()) {
        target += '-';
        return;
    }
    for (std::size_t end = user.find(' '); end != std::string_view::npos; end = user.find(' ')) {
        append_escaped(user.substr(0, end), target);
        target += "\\x20";
        user.remove_prefix(end + 1);
    }
    append_escaped(user, target);
}

void append_quoted_or_dash(std::string_view text, std::size_t bytes_max, std::string& target) {
    target += '"';
    if (text.empty()) {
        target += '-';
    } else {
        append_escaped(text.substr(0, bytes_max), target);
    }
    target += '"';
}

void append_number(std::uint64_t number, std::string& target) {
    std::array<char, 20> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    TORC_ASSERT(error == std::errc());
    target.append(digits.data(), end);
}

}  // namespace

AccessLog::AccessLog(LogQueue& queue, LogPace pace)
    : queue_(queue), pace_(pace), cuts_(queue.join()) {
    collecting_.reserve(limits::access_log_buffer_bytes);
}

AccessLog::~AccessLog() {
    queue_.leave(collecting_, cuts_);
}

void AccessLog::set_time(WallTime now) {
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
    time_ = fmt::format("[{:02}/{}/{}:{:02}:{:02}:{:02} {:+05}]", local.tm_mday,
                        http::month_abbreviations.at(static_cast<std::size_t>(local.tm_mon)),
                        local.tm_year + 1900, local.tm_hour, local.tm_min, local.tm_sec,
                        offset_minutes / 60 * 100 + offset_minutes % 60);
}

void AccessLog::render_before_bytes(const AccessEntry& entry, std::string& target) const {
    target += entry.remote_address;
    target += " - ";
    append_user_or_dash(entry.user, target);
    target += ' ';
    target += time_;
    target += ' ';
    append_quoted_or_dash(entry.request_line, request_line_bytes_max, target);
    target += ' ';
    append_number(http::code(entry.status), target);
    target += ' ';
}

void AccessLog::render_after_bytes(const AccessEntry& entry, std::string& target) {
    target += ' ';
    append_quoted_or_dash(entry.referer, field_bytes_max, target);
    target += ' ';
    append_quoted_or_dash(entry.user_agent, field_bytes_max, target);
    target += '\n';
}

void AccessLog::append(const AccessEntry& entry, std::uint64_t content_bytes,
                       MonotonicTime now) noexcept {
    try {
        scratch_.clear();
        render_before_bytes(entry, scratch_);
        append_number(content_bytes, scratch_);
        render_after_bytes(entry, scratch_);
        append_line(now);
    } catch (const std::bad_alloc&) {
        queue_.drop_line();
    }
}

OpenLine AccessLog::open_line(const AccessEntry& entry) const {
    OpenLine line;
    render_before_bytes(entry, line.before_bytes);
    render_after_bytes(entry, line.after_bytes);
    return line;
}

void AccessLog::append(const OpenLine& line, std::uint64_t content_bytes,
                       MonotonicTime now) noexcept {
    try {
        scratch_ = line.before_bytes;
        append_number(content_bytes, scratch_);
        scratch_ += line.after_bytes;
        append_line(now);
    } catch (const std::bad_alloc&) {
        queue_.drop_line();
    }
}

void AccessLog::append_line(MonotonicTime now) {
    if (collecting_.size() + scratch_.size() > limits::access_log_buffer_bytes) {
        push();
    }
    if (collecting_.empty()) {
        oldest_ = now;
    }
    collecting_ += scratch_;
}

MonotonicTime AccessLog::due_at() const noexcept {
    if (collecting_.empty()) {
        return never;
    }
    if (pace_ == LogPace::at_once || collecting_.size() >= limits::access_log_buffer_bytes / 2) {
        return MonotonicTime::min();
    }
    return oldest_ + delay_max;
}

void AccessLog::push_if_due(MonotonicTime now) noexcept {
    if (queue_.wants_cut(cuts_)) {
        cuts_ = queue_.push_before_cut(collecting_);
    } else if (now >= due_at()) {
        push();
    }
}

void AccessLog::push() noexcept {
    queue_.push(collecting_);
}

}  // namespace torc::worker
