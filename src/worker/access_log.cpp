#include <torc/base/limits.hpp>
#include <torc/worker/access_log.hpp>

#include <new>

namespace torc::worker {

AccessLog::AccessLog(LogQueue& queue, LogPace pace)
    : queue_(queue), pace_(pace), cuts_(queue.join()) {
    collecting_.reserve(limits::access_log_buffer_bytes);
}

AccessLog::~AccessLog() {
    queue_.leave(collecting_, cuts_);
}

void AccessLog::append(const AccessEntry& entry, std::uint64_t content_bytes,
                       MonotonicTime now) noexcept {
    constexpr auto format = config::LogFormat::combined;
    try {
        scratch_.clear();
        render_before_bytes(format, entry, time_, scratch_);
        append_bytes(content_bytes, scratch_);
        render_after_bytes(format, entry, scratch_);
        render_end(format, {}, scratch_);
        append_line(now);
    } catch (const std::bad_alloc&) {
        queue_.drop_line();
    }
}

OpenLine AccessLog::open_line(config::LogFormat format, const AccessEntry& entry) const {
    OpenLine line{.format = format};
    render_before_bytes(format, entry, time_, line.text);
    line.bytes_position = line.text.size();
    render_after_bytes(format, entry, line.text);
    return line;
}

void AccessLog::append(const OpenLine& line, std::uint64_t content_bytes,
                       const ResponseTimes& times, MonotonicTime now) noexcept {
    try {
        const std::string_view text = line.text;
        scratch_ = text.substr(0, line.bytes_position);
        append_bytes(content_bytes, scratch_);
        scratch_ += text.substr(line.bytes_position);
        render_end(line.format, times, scratch_);
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
