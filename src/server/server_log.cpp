// What becomes of a server's access logs while it runs, and at its end.

#include <torc/base/clock.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/server.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torc::server {
namespace {

/// How long the end of the process waits for the last lines of the access logs.
constexpr std::chrono::milliseconds log_patience{2000};
/// The same when everything was told to end at once.
constexpr std::chrono::milliseconds log_patience_at_once{200};

}  // namespace

std::string Server::begin_to_reopen_logs() {
    try {
        return logs_.begin_to_reopen(monotonic_now());
    } catch (const StartError& error) {
        return error.what();
    }
}

void Server::order_reopen(SharedOrder order) {
    try {
        std::string text = logs_.begin_to_reopen(monotonic_now());
        if (logs_.is_reopening()) {
            reopen_orders_.push_back(std::move(order));
        } else {
            order->finish({.text = std::move(text)});
        }
    } catch (const StartError& error) {
        order->finish({.outcome = OrderResult::Outcome::unavailable, .errors = {error.what()}});
    }
}

void Server::look_after_reopening(MonotonicTime now) {
    std::optional<OpenLogs::Reopened> reopened;
    try {
        reopened = logs_.look_after_reopening(now);
    } catch (const StartError& error) {
        reopened = OpenLogs::Reopened{.error = error.what()};
    }
    if (!reopened) {
        return;
    }
    std::ranges::for_each(mailboxes_, &worker::Mailbox::wake);
    if (reopened->error.empty()) {
        finish_orders(reopen_orders_,
                      {.text = reopened->logs == 1
                                   ? "opened the access log anew"
                                   : fmt::format("opened {} access logs anew", reopened->logs)});
    } else {
        spdlog::error("{}", reopened->error);
        finish_orders(reopen_orders_,
                      {.outcome = OrderResult::Outcome::refused, .errors = {reopened->error}});
    }
}

void Server::note_logs() {
    state_.change([this](ServerState& state) { state.logs = logs_.tallies(); });
}

void Server::finish_log() {
    const MonotonicTime begun = monotonic_now();
    const auto wait = [this, begun](const std::vector<int>& descriptors) {
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
    };
    try {
        logs_.finish(wait);
    } catch (const std::bad_alloc&) {
        // What is not written by now is lost: there is no memory to wait for it.
    }
}

}  // namespace torc::server
