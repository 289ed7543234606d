#pragma once

#include <torc/base/clock.hpp>
#include <torc/worker/access_logs.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace torc::worker {

/// The lines of those of a connection's responses that have not left yet, in their order; and where
/// the time goes while they leave, which is the same for all of them.
class LinesUnderWay {
public:
    struct Line {
        WorkerLogRef log;
        OpenLine text;
        std::uint64_t content_bytes = 0;
        /// Whether all of the content is in the batch, which then ends there with it.
        bool is_in_batch = true;
        std::size_t end_in_batch = 0;
        /// When the request was there, and how long it has waited for the file system since.
        MonotonicTime began_at{};
        ResponseTimes::Duration disk{};
    };

    /// Throws std::bad_alloc.
    void add(Line line) { lines_.push_back(std::move(line)); }

    // A send of the responses, or of bytes of a file. `iteration`: of the worker's loop. What
    // completes in the iteration after it was begun found room in the kernel at once; what takes
    // longer waited for the client to read.
    void on_send_begun(MonotonicTime now, std::uint64_t iteration) noexcept;
    /// `disk`: so much of it waited for the file system.
    void on_send_ended(MonotonicTime now, std::uint64_t iteration,
                       ResponseTimes::Duration disk) noexcept;
    /// So many bytes of a file have left, which are content of the last response.
    void on_file_sent(std::size_t bytes) noexcept { file_sent_bytes_ += bytes; }

    /// All responses but the last have left.
    void finish_all_but_last(AccessLogs& logs, MonotonicTime now) noexcept;
    /// All have.
    void finish(AccessLogs& logs, MonotonicTime now) noexcept;
    /// None else will: the connection has ended when so many bytes of the batch had left.
    void cut_off(AccessLogs& logs, std::size_t batch_sent_bytes, MonotonicTime now) noexcept;

private:
    void append(AccessLogs& logs, const Line& line, std::uint64_t content_bytes,
                MonotonicTime now) const noexcept;

    std::vector<Line> lines_;
    std::uint64_t file_sent_bytes_ = 0;
    ResponseTimes times_{};
    MonotonicTime send_begun_at_{};
    std::uint64_t send_begun_in_ = 0;
};

}  // namespace torc::worker
