#pragma once

#include <torc/base/limits.hpp>
#include <torc/worker/access_logs.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace torc::worker::test {

/// An access log that nobody writes. `name`: as LogOutput::path.
[[nodiscard]] inline SharedLog make_log(std::size_t bytes_max = limits::access_log_queue_bytes_max,
                                        std::string name = "log") {
    return std::make_shared<const LogOutput>(
        LogOutput{.path = std::move(name), .queue = std::make_shared<LogQueue>(bytes_max)});
}

/// All that was pushed there and was not taken yet.
[[nodiscard]] inline std::string take_lines(const SharedLog& log) {
    std::string lines;
    std::string batch;
    while (log->queue->take(batch) == LogQueue::Next::lines) {
        lines += batch;
    }
    return lines;
}

}  // namespace torc::worker::test
