#include <torc/worker/access_logs.hpp>

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

namespace torc::worker {

void AccessLogs::set_server_log(const SharedLog& output, config::LogFormat format) {
    server_log_ = output != nullptr ? find(output) : WorkerLogRef();
    server_format_ = format;
}

WorkerLogRef AccessLogs::find(const SharedLog& output) {
    WorkerLogRef& log = logs_[output.get()];
    if (!log) {
        log = WorkerLogRef(new WorkerLog(output));
    }
    return log;
}

void AccessLogs::forget_unused() noexcept {
    // What is in use has its last lines written first.
    for (std::size_t place = in_use_.size(); place > 0; --place) {
        constexpr std::uint32_t owners_here = 2;
        if (in_use_[place - 1].owners() == owners_here) {
            end_use(place - 1);
        }
    }
    std::erase_if(logs_, [](const auto& entry) { return !entry.second.is_shared(); });
}

AccessLog& AccessLogs::begin_use(WorkerLog& log) {
    in_use_.emplace_back(&log);
    try {
        AccessLog& lines = log.lines.emplace(*log.output->queue, log.output->pace);
        lines.set_time(now_);
        return lines;
    } catch (const std::bad_alloc&) {
        log.lines.reset();
        in_use_.pop_back();
        throw;
    }
}

void AccessLogs::end_use(std::size_t place) noexcept {
    in_use_[place]->lines.reset();
    in_use_[place] = std::move(in_use_.back());
    in_use_.pop_back();
}

void AccessLogs::append(WorkerLog& log, const AccessEntry& entry, std::uint64_t content_bytes,
                        MonotonicTime now) noexcept {
    try {
        in_use(log).append(entry, content_bytes, now);
    } catch (const std::bad_alloc&) {
        log.output->queue->drop_line();
    }
}

void AccessLogs::append(WorkerLog& log, const OpenLine& line, std::uint64_t content_bytes,
                        const ResponseTimes& times, MonotonicTime now) noexcept {
    try {
        in_use(log).append(line, content_bytes, times, now);
    } catch (const std::bad_alloc&) {
        log.output->queue->drop_line();
    }
}

void AccessLogs::set_time(WallTime now) {
    now_ = now;
    for (const WorkerLogRef& log : in_use_) {
        log->lines->set_time(now);
    }
}

MonotonicTime AccessLogs::due_at() const noexcept {
    MonotonicTime due = never;
    for (const WorkerLogRef& log : in_use_) {
        due = std::min(due, log->lines->due_at());
    }
    return due;
}

void AccessLogs::push_those_due(MonotonicTime now) noexcept {
    bool may_have_unused = false;
    for (std::size_t place = in_use_.size(); place > 0; --place) {
        AccessLog& lines = *in_use_[place - 1]->lines;
        lines.push_if_due(now);
        if (lines.is_idle(now)) {
            end_use(place - 1);
            may_have_unused = true;
        }
    }
    if (may_have_unused) {
        forget_unused();
    }
}

void AccessLogs::push() noexcept {
    for (const WorkerLogRef& log : in_use_) {
        log->lines->push();
    }
}

}  // namespace torc::worker
