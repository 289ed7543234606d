#include "integration/support/server_process.hpp"

#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace torc::test {
namespace {

/// The last line of the start report.
constexpr std::string_view report_end = "Ctrl-C stops it.\n";

/// The port of the first URL in `report`; 0 when there is none.
std::uint16_t port_in(std::string_view report) {
    constexpr std::string_view scheme = "  http://";
    const std::size_t url = report.find(scheme);
    if (url == std::string_view::npos) {
        return 0;
    }
    const std::string_view authority = report.substr(
        url + scheme.size(), report.find('/', url + scheme.size()) - url - scheme.size());
    const std::string_view digits = authority.substr(authority.rfind(':') + 1);
    std::uint16_t port = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return port;
}

std::size_t occurrences(std::string_view what, std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + what.size())) {
        ++count;
    }
    return count;
}

}  // namespace

LaunchOptions torc_with(std::vector<std::string> arguments) {
    return LaunchOptions{.program = TORC_BINARY, .arguments = std::move(arguments)};
}

FinishedRun run_to_end(const LaunchOptions& options) {
    Subprocess process(options);
    const int exit_code = process.exit_code();
    return FinishedRun{.exit_code = exit_code,
                       .standard_output = process.standard_output(),
                       .standard_error = process.standard_error()};
}

ServerProcess::ServerProcess(const LaunchOptions& options) : Subprocess(options) {
    await_standard_error(report_end);
    port_ = port_in(standard_error());
    if (port_ == 0 && !standard_error().contains("\n  unix:")) {
        throw std::runtime_error("no URL in the start report:\n" + standard_error());
    }
}

void ServerProcess::await_standard_error(std::string_view text, std::size_t times) {
    constexpr std::chrono::milliseconds pause{2};
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (occurrences(text, standard_error()) < times) {
        if (ends_within(pause)) {
            throw std::runtime_error(
                fmt::format("torc ended with {}:\n{}", exit_code(), standard_error()));
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error(
                fmt::format("torc never printed \"{}\":\n{}", text, standard_error()));
        }
    }
}

int ServerProcess::stop() {
    if (!ends_within(std::chrono::milliseconds(0))) {
        send_signal(SIGINT);
    }
    return exit_code();
}

}  // namespace torc::test
