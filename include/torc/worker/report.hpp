#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace torc::worker {

/// One line for whoever runs the server, such as which limit was reached and how to raise it.
struct Report {
    enum class Severity : std::uint8_t { debug, info, warning, error };

    Severity severity = Severity::info;
    std::string text;
};

/// Takes the reports of workers: the server passes them on to its diagnostics. Called by any
/// worker's thread, also while that holds a lock: it must not wait, throw, or call back.
using ReportSink = std::function<void(const Report& report)>;

}  // namespace torc::worker
