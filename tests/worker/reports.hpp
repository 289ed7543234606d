#pragma once

#include <torc/worker/report.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace torc::worker::test {

/// Shows what is reported beside what the tests say.
inline const ReportSink print_reports = [](const Report& report) {
    std::cerr << "report: " << report.text << '\n';
};

/// Keeps the texts of reports. For one thread.
class Reports {
public:
    Reports() = default;
    Reports(const Reports&) = delete;
    Reports& operator=(const Reports&) = delete;
    ~Reports() = default;

    [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }
    const ReportSink sink = [this](const Report& report) { texts_.push_back(report.text); };

private:
    std::vector<std::string> texts_;
};

}  // namespace torc::worker::test
