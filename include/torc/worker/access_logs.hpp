#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/local_ref.hpp>
#include <torc/config/access_log_settings.hpp>
#include <torc/worker/access_log.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace torc::worker {

/// An access log of the process, as its workers share it.
struct LogOutput {
    /// As it was named.
    std::string path;
    std::shared_ptr<LogQueue> queue;
    LogPace pace = LogPace::batches;
};
using SharedLog = std::shared_ptr<const LogOutput>;

/// A log as one worker has it. Costs next to nothing while nothing is logged there.
struct WorkerLog : LocallyCounted {
    explicit WorkerLog(SharedLog shared) noexcept : output(std::move(shared)) {}

    const SharedLog output;
    /// Its lines; nothing: none came of late.
    std::optional<AccessLog> lines{};
};
using WorkerLogRef = LocalRef<WorkerLog>;

/// Where a request is logged, and how. Null: it is not.
struct LogChoice {
    WorkerLog* log = nullptr;
    config::LogFormat format = config::LogFormat::combined;
};

/// All access logs of one worker: the server's, and those that sites have of their own. An
/// iteration looks at those alone where lines came within the last seconds.
class AccessLogs {
public:
    AccessLogs() = default;
    AccessLogs(const AccessLogs&) = delete;
    AccessLogs& operator=(const AccessLogs&) = delete;
    ~AccessLogs() = default;

    /// Where requests are logged whose site has no log of its own; null: nowhere. Throws
    /// std::bad_alloc, and then nothing has changed.
    void set_server_log(const SharedLog& output, config::LogFormat format);
    [[nodiscard]] LogChoice server_log() const noexcept {
        return {.log = server_log_.get(), .format = server_format_};
    }
    /// The worker's own view of a log. Throws std::bad_alloc.
    [[nodiscard]] WorkerLogRef find(const SharedLog& output);
    /// Lets go of those that are nobody's any more, when another configuration was taken over.
    void forget_unused() noexcept;

    // See AccessLog.

    /// Renders what is known of a line. Throws std::bad_alloc.
    [[nodiscard]] OpenLine open_line(const LogChoice& choice, const AccessEntry& entry) {
        return in_use(*choice.log).open_line(choice.format, entry);
    }
    void append(WorkerLog& log, const AccessEntry& entry, std::uint64_t content_bytes,
                MonotonicTime now) noexcept;
    void append(WorkerLog& log, const OpenLine& line, std::uint64_t content_bytes,
                const ResponseTimes& times, MonotonicTime now) noexcept;

    /// Begins an iteration: the time that lines carry.
    void set_time(WallTime now);
    [[nodiscard]] MonotonicTime due_at() const noexcept;
    void push_if_due(MonotonicTime now) noexcept {
        if (!in_use_.empty()) {
            push_those_due(now);
        }
    }
    void push() noexcept;

private:
    [[nodiscard]] AccessLog& in_use(WorkerLog& log) {
        return log.lines ? *log.lines : begin_use(log);
    }
    [[nodiscard, gnu::cold]] AccessLog& begin_use(WorkerLog& log);
    /// Of the one at this place of `in_use_`.
    void end_use(std::size_t place) noexcept;
    void push_those_due(MonotonicTime now) noexcept;

    WallTime now_{};
    WorkerLogRef server_log_;
    config::LogFormat server_format_ = config::LogFormat::combined;
    std::unordered_map<const LogOutput*, WorkerLogRef> logs_;
    /// Those that have lines.
    std::vector<WorkerLogRef> in_use_;
};

}  // namespace torc::worker
