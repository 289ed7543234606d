#include <torc/worker/lines_under_way.hpp>

#include <algorithm>
#include <span>

namespace torc::worker {
namespace {

/// What of a response's content, which ends at `end` in a batch, is in its first `sent` bytes.
std::uint64_t sent_of(std::uint64_t content_bytes, std::size_t end, std::size_t sent) noexcept {
    const std::uint64_t missing = sent < end ? end - sent : 0;
    return content_bytes - std::min(content_bytes, missing);
}

}  // namespace

void LinesUnderWay::on_send_begun(MonotonicTime now, std::uint64_t iteration) noexcept {
    send_begun_at_ = now;
    send_begun_in_ = iteration;
}

void LinesUnderWay::on_send_ended(MonotonicTime now, std::uint64_t iteration,
                                  ResponseTimes::Duration disk) noexcept {
    const ResponseTimes::Duration took = now - send_begun_at_ - disk;
    times_.disk += disk;
    (iteration - send_begun_in_ > 1 ? times_.client : times_.send) += took;
}

void LinesUnderWay::append(AccessLogs& logs, const Line& line, std::uint64_t content_bytes,
                           MonotonicTime now) const noexcept {
    ResponseTimes times = times_;
    times.total = now - line.began_at;
    times.disk += line.disk;
    logs.append(*line.log, line.text, content_bytes, times, now);
}

void LinesUnderWay::finish_all_but_last(AccessLogs& logs, MonotonicTime now) noexcept {
    for (const Line& line : std::span(lines_).first(lines_.size() - 1)) {
        append(logs, line, line.content_bytes, now);
    }
    lines_.erase(lines_.begin(), lines_.end() - 1);
}

void LinesUnderWay::finish(AccessLogs& logs, MonotonicTime now) noexcept {
    for (const Line& line : lines_) {
        append(logs, line, line.content_bytes, now);
    }
}

void LinesUnderWay::cut_off(AccessLogs& logs, std::size_t batch_sent_bytes,
                            MonotonicTime now) noexcept {
    for (const Line& line : lines_) {
        append(logs, line,
               line.is_in_batch ? sent_of(line.content_bytes, line.end_in_batch, batch_sent_bytes)
                                : file_sent_bytes_,
               now);
    }
}

}  // namespace torc::worker
