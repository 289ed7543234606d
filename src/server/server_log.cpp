// The end of a server's access logs.

#include <torc/base/clock.hpp>
#include <torc/server/server.hpp>

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace torc::server {
namespace {

/// How long the end of the process waits for the last lines of the access logs.
constexpr std::chrono::milliseconds log_patience{2000};
/// The same when everything was told to end at once.
constexpr std::chrono::milliseconds log_patience_at_once{200};

}  // namespace

std::string Server::reopen_log() {
    std::string done = logs_.reopen();
    std::ranges::for_each(mailboxes_, &worker::Mailbox::wake);
    return done;
}

void Server::finish_log() {
    const MonotonicTime begun = monotonic_now();
    logs_.finish([this, begun](const std::vector<int>& descriptors) {
        const auto patience = stop_ == worker::Stop::now ? log_patience_at_once : log_patience;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(begun + patience - monotonic_now());
        if (left.count() <= 0) {
            return false;
        }
        std::vector<pollfd> events{{.fd = signals_.get(), .events = POLLIN, .revents = 0}};
        for (const int descriptor : descriptors) {
            events.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
        }
        ::poll(events.data(), events.size(), static_cast<int>(left.count()));
        take_signals();
        return true;
    });
}

}  // namespace torc::server
