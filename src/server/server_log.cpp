// The access log of a server, from its file's opening to the last line.

#include <torc/base/clock.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/server.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace torc::server {
namespace {

/// How long the end of the process waits for the last lines of the access log.
constexpr std::chrono::milliseconds log_patience{2000};
/// The same when everything was told to end at once.
constexpr std::chrono::milliseconds log_patience_at_once{200};

}  // namespace

void Server::open_access_log() {
    if (!settings_.access_log) {
        return;
    }
    auto file = worker::LogFile::open(*settings_.access_log);
    if (!file) {
        throw StartError(fmt::format("--access-log {}: can't be written: {}", *settings_.access_log,
                                     file.error().message()));
    }
    access_log_queue_ = std::make_shared<worker::LogQueue>(limits::access_log_queue_bytes_max);
    access_log_.emplace(*std::move(file), access_log_queue_, "access log",
                        [](worker::LogWriter::Severity severity, const std::string& message) {
                            spdlog::log(severity == worker::LogWriter::Severity::error
                                            ? spdlog::level::err
                                            : spdlog::level::warn,
                                        "{}", message);
                            return true;
                        });
}

std::string Server::reopen_log() {
    if (!access_log_) {
        return "there is no access log";
    }
    if (!access_log_->can_reopen()) {
        return fmt::format(
            "the access log ({}) was open before torc began, so it can't be opened anew; give "
            "--access-log the path of a file for that",
            *settings_.access_log == "-" ? "standard output" : *settings_.access_log);
    }
    access_log_->reopen();
    std::ranges::for_each(mailboxes_, &worker::Mailbox::wake);
    return "opening the access log anew";
}

void Server::finish_log() {
    if (!access_log_) {
        return;
    }
    access_log_->finish();
    const MonotonicTime begun = monotonic_now();
    while (true) {
        const auto patience = stop_ == worker::Stop::now ? log_patience_at_once : log_patience;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(begun + patience - monotonic_now());
        if (left.count() <= 0) {
            break;
        }
        std::array<pollfd, 2> events{
            pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
            pollfd{.fd = access_log_->finished_descriptor(), .events = POLLIN, .revents = 0}};
        ::poll(events.data(), events.size(), static_cast<int>(left.count()));
        if ((events[1].revents & POLLIN) != 0) {
            break;
        }
        take_signals();
    }
    if (const std::uint64_t lost = access_log_->end(); lost > 0) {
        spdlog::warn("access log: {} line{} lost in all", lost, lost == 1 ? " was" : "s were");
    }
}

}  // namespace torc::server
