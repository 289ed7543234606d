#include <torc/base/start_error.hpp>
#include <torc/server/admin_server.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

namespace torc::server {
namespace {

/// How long responses to orders may still take when the server ends.
constexpr std::chrono::milliseconds end_patience{200};
/// Who may open the admin socket may stop the server.
constexpr mode_t admin_mode = 0600;
/// After what ran short: memory, descriptors.
constexpr std::chrono::milliseconds pause{100};

}  // namespace

AdminServer::AdminServer(const Parts& parts, const std::optional<std::string>& admin,
                         const std::optional<std::string>& metrics)
    : parts_(parts),
      observer_(parts.state, parts.statistics, parts.mailboxes, updated_),
      rates_(monotonic_now()) {
    for (worker::StatisticsBox& box : parts_.statistics) {
        box.signal_to(&updated_);
    }
    if (admin) {
        listen(*admin, AdminScope::everything);
    }
    if (metrics) {
        listen(*metrics, AdminScope::metrics);
    }
}

AdminServer::~AdminServer() {
    stop_listening();
    finish_responses();
    for (worker::StatisticsBox& box : parts_.statistics) {
        box.signal_to(nullptr);
    }
}

void AdminServer::listen(const std::string& address, AdminScope scope) {
    const char* const key = scope == AdminScope::everything ? "server.admin" : "server.metrics";
    try {
        net::ListenAddress listened(address);
        if (scope == AdminScope::everything) {
            listened.mode = admin_mode;
        }
        auto sockets = std::make_unique<net::Listeners>(std::vector{listened}, 0, 1U);
        for (const net::ListeningSockets::Place& place : sockets->of(0).places()) {
            listeners_.push_back({.socket = place.socket, .scope = scope});
        }
        sockets_.push_back(std::move(sockets));
    } catch (const StartError& error) {
        throw StartError(fmt::format("{}: {}", key, error.what()));
    }
}

void AdminServer::start() {
    try {
        thread_ = std::thread([this] { serve(); });
    } catch (const std::system_error& error) {
        throw StartError(fmt::format("no thread for the admin socket: {}", error.code().message()));
    }
}

void AdminServer::stop_listening() noexcept {
    is_told_to_end_ = true;
    if (thread_.joinable()) {
        wake_up_.signal();
        thread_.join();
    }
    listeners_.clear();
    sockets_.clear();
}

Observation AdminServer::observe() {
    Observation observation = observer_.observe();
    rates_.measure(observation, monotonic_now());
    return observation;
}

SharedOrder AdminServer::give(Order order) {
    auto shared = std::make_shared<PendingOrder>(order, wake_up_);
    parts_.orders.push(shared);
    return shared;
}

void AdminServer::serve() {
    ::pthread_setname_np(::pthread_self(), "torc-admin");
    while (!is_told_to_end_) {
        try_to_serve_once(never);
    }
}

void AdminServer::finish_responses() noexcept {
    const MonotonicTime end_at = monotonic_now() + end_patience;
    while (!connections_.empty() && monotonic_now() < end_at) {
        try_to_serve_once(end_at);
    }
    connections_.clear();
}

void AdminServer::try_to_serve_once(MonotonicTime end_at) {
    try {
        serve_once(end_at);
    } catch (const std::bad_alloc&) {
        connections_.clear();
        std::this_thread::sleep_for(pause);
    }
}

void AdminServer::serve_once(MonotonicTime end_at) {
    std::vector<pollfd> events{{.fd = wake_up_.descriptor(), .events = POLLIN, .revents = 0}};
    const bool may_accept = connections_.size() < connections_max;
    for (const Listener& listener : listeners_) {
        events.push_back({.fd = may_accept ? listener.socket : -1, .events = POLLIN, .revents = 0});
    }
    const std::size_t first_connection = events.size();
    for (const auto& connection : connections_) {
        events.push_back(
            {.fd = connection->descriptor(), .events = connection->awaits(), .revents = 0});
    }
    ::poll(events.data(), events.size(), milliseconds_until(earliest(next_deadline(), end_at)));
    const MonotonicTime now = monotonic_now();
    if ((events[0].revents & POLLIN) != 0) {
        wake_up_.clear();
    }
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        connections_[i]->go_on(events[first_connection + i].revents, now);
    }
    std::erase_if(connections_, [](const auto& connection) { return connection->has_ended(); });
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        if ((events[i + 1].revents & POLLIN) != 0) {
            accept(listeners_[i], now);
        }
    }
    if (now >= rates_.due_at()) {
        (void)observe();
    }
}

void AdminServer::accept(const Listener& listener, MonotonicTime now) {
    UniqueFd socket(::accept4(listener.socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
        AdminHost& host = *this;
        connections_.push_back(
            std::make_unique<AdminConnection>(std::move(socket), listener.scope, host, now));
    } else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
        std::this_thread::sleep_for(pause);  // Descriptors or memory ran out.
    }
}

MonotonicTime AdminServer::next_deadline() const {
    MonotonicTime next = rates_.due_at();
    for (const auto& connection : connections_) {
        next = std::min(next, connection->deadline());
    }
    return next;
}

}  // namespace torc::server
