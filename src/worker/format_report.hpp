#pragma once

#include <torc/worker/report.hpp>

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace torc::worker {

/// Reports a line that is formatted as by fmt::format. One that there is no memory for is left out.
template <typename... Arguments>
void report(const ReportSink& sink, Report::Severity severity,
            fmt::format_string<Arguments...> format, Arguments&&... arguments) noexcept {
    try {
        sink({.severity = severity,
              .text = fmt::format(format, std::forward<Arguments>(arguments)...)});
    } catch (const std::exception&) {
        return;
    }
}

}  // namespace torc::worker
