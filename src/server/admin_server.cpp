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

AdminServer::AdminServer(const Parts& parts)
    : parts_(parts),
      observer_(parts.state, parts.statistics, parts.mailboxes, updated_),
      rates_(monotonic_now()) {
    for (worker::StatisticsBox& box : parts_.statistics) {
        box.signal_to(&updated_);
    }
}

AdminServer::~AdminServer() {
    stop_listening();
    finish_responses();
    for (worker::StatisticsBox& box : parts_.statistics) {
        box.signal_to(nullptr);
    }
}

AdminServer::Change AdminServer::open(const std::optional<std::string>& admin,
                                      const std::optional<std::string>& metrics) {
    Change change;
    if (admin) {
        change.places_.push_back(open_place(*admin, AdminScope::everything));
    }
    if (metrics) {
        change.places_.push_back(open_place(*metrics, AdminScope::metrics));
    }
    change.listeners_ = listeners_of(change.places_);
    return change;
}

std::vector<AdminServer::Listener> AdminServer::listeners_of(const std::vector<Place>& places) {
    std::vector<Listener> listeners;
    for (const Place& place : places) {
        for (const net::ListeningSockets::Place& each : place.sockets->of(0).places()) {
            listeners.push_back(
                {.socket = each.socket, .scope = place.scope, .owner = place.sockets});
        }
    }
    return listeners;
}

AdminServer::Place AdminServer::open_place(const std::string& address, AdminScope scope) {
    const auto open = std::ranges::find_if(places_, [&](const Place& place) {
        return place.address == address && place.scope == scope;
    });
    if (open != places_.end()) {
        return *open;
    }
    const char* const key = scope == AdminScope::everything ? "server.admin" : "server.metrics";
    try {
        net::ListenAddress listened(address);
        if (scope == AdminScope::everything) {
            listened.mode = admin_mode;
        }
        return {.address = address,
                .scope = scope,
                .sockets = std::make_shared<net::Listeners>(
                    std::vector{listened}, 0, 1U, [](const net::Endpoint&) { return false; },
                    net::Wording::address, take_inherited(address))};
    } catch (const StartError& error) {
        throw StartError(fmt::format(
            "{}: {}{}", key, error.what(),
            uses_port_of(address)
                ? "; to have the same port of other addresses, first reload with \"off\""
                : ""));
    }
}

bool AdminServer::uses_port_of(const std::string& address) const {
    const std::vector<net::ListenPlace> wanted = net::resolve_listen_addresses({address}, 0);
    return std::ranges::any_of(places_, [&](const Place& place) {
        return std::ranges::any_of(place.sockets->endpoints(), [&](const net::Endpoint& endpoint) {
            return std::ranges::any_of(wanted, [&](const net::ListenPlace& each) {
                return !endpoint.is_unix() && !each.endpoint.is_unix() &&
                       endpoint.port() == each.endpoint.port();
            });
        });
    });
}

std::vector<net::Inherited> AdminServer::take_inherited(const std::string& address) {
    std::vector<net::Inherited> taken;
    for (const net::ListenPlace& place : net::resolve_listen_addresses({address}, 0)) {
        for (UniqueFd& socket : inherited_) {
            if (socket && net::listening_endpoint(socket.get()) == place.endpoint) {
                taken.push_back({.socket = std::move(socket)});
            }
        }
    }
    std::erase_if(inherited_, [](const UniqueFd& socket) { return !socket; });
    return taken;
}

void AdminServer::apply(Change change) noexcept {
    places_.swap(change.places_);
    {
        const std::scoped_lock lock(change_mutex_);
        next_listeners_.swap(change.listeners_);
        has_change_ = true;
    }
    wake_up_->signal();
}

void AdminServer::become_service() {
    for (const Place& place : places_) {
        static_cast<void>(place.sockets->settle(net::Keeps::no));
    }
    for (const UniqueFd& socket : inherited_) {
        const auto endpoint = net::listening_endpoint(socket.get());
        if (endpoint && endpoint->is_unix()) {
            net::SocketFile(endpoint->path()).remove();
        }
    }
    inherited_.clear();
}

std::vector<int> AdminServer::passed() const {
    std::vector<int> passed;
    for (const Place& place : places_) {
        for (const net::Listeners::Passed& each : place.sockets->passed()) {
            passed.push_back(each.socket);
        }
    }
    return passed;
}

void AdminServer::hand_over() noexcept {
    for (const Place& place : places_) {
        place.sockets->keep();
    }
    places_.clear();
    next_listeners_.clear();
}

void AdminServer::start() {
    listeners_ = listeners_of(places_);
    next_listeners_.clear();
    has_change_ = false;
    is_told_to_end_ = false;
    try {
        thread_ = std::thread([this] { serve(); });
    } catch (const std::system_error& error) {
        throw StartError(fmt::format("no thread for the admin socket: {}", error.code().message()));
    }
}

void AdminServer::stop_listening() noexcept {
    is_told_to_end_ = true;
    if (thread_.joinable()) {
        wake_up_->signal();
        thread_.join();
    }
    listeners_.clear();
    has_change_ = false;
}

Observation AdminServer::observe() {
    Observation observation = observer_.observe();
    rates_.measure(observation, monotonic_now());
    return observation;
}

SharedOrder AdminServer::give(Order order) {
    auto shared = std::make_shared<PendingOrder>(order, wake_up_);
    if (is_told_to_end_) {
        // It would be carried out, if at all, when who gave it is not told any more.
        shared->finish({.outcome = OrderResult::Outcome::unavailable,
                        .errors = {"this process takes no orders any more; ask again"}});
    } else {
        parts_.orders.push(shared);
    }
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

void AdminServer::take_change(MonotonicTime now) {
    std::vector<Listener> before;
    {
        const std::scoped_lock lock(change_mutex_);
        if (!std::exchange(has_change_, false)) {
            return;
        }
        before = std::exchange(listeners_, std::exchange(next_listeners_, {}));
    }
    // Closing would reset who waits there.
    for (const Listener& listener : before) {
        while (connections_.size() < connections_max && accept(listener, now)) {
        }
    }
}

void AdminServer::serve_once(MonotonicTime end_at) {
    take_change(monotonic_now());
    std::vector<pollfd> events{{.fd = wake_up_->descriptor(), .events = POLLIN, .revents = 0}};
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
        wake_up_->clear();
    }
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        connections_[i]->go_on(events[first_connection + i].revents, now);
    }
    std::erase_if(connections_, [](const auto& connection) { return connection->has_ended(); });
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        if ((events[i + 1].revents & POLLIN) != 0) {
            (void)accept(listeners_[i], now);
        }
    }
    if (now >= rates_.due_at()) {
        (void)observe();
    }
}

bool AdminServer::accept(const Listener& listener, MonotonicTime now) {
    UniqueFd socket(::accept4(listener.socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
        AdminHost& host = *this;
        connections_.push_back(
            std::make_unique<AdminConnection>(std::move(socket), listener.scope, host, now));
        return true;
    }
    if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
        std::this_thread::sleep_for(pause);  // Descriptors or memory ran out.
    }
    return false;
}

MonotonicTime AdminServer::next_deadline() const {
    MonotonicTime next = rates_.due_at();
    for (const auto& connection : connections_) {
        next = std::min(next, connection->deadline());
    }
    return next;
}

}  // namespace torc::server
