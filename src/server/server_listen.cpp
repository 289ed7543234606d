// Which sockets a server listens on.

#include <torc/base/clock.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/server.hpp>

#include <spdlog/spdlog.h>

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace torc::server {
namespace {

/// How long to wait for a port that is taken, how much of that in silence, and at least how long
/// between two tries.
constexpr std::chrono::seconds port_wait_max{3};
constexpr std::chrono::milliseconds port_wait_unsaid{100};
constexpr int port_pause_ms = 16;

}  // namespace

void Server::listen() {
    const auto begin = monotonic_now();
    bool has_said = false;
    const auto wait_for_port = [&](const net::Endpoint& endpoint) {
        const auto waited = monotonic_now() - begin;
        if (waited >= port_wait_max) {
            return false;
        }
        if (waited >= port_wait_unsaid && !std::exchange(has_said, true)) {
            spdlog::warn("{} is in use; waiting up to {} s for its port", endpoint.url(),
                         port_wait_max.count());
        }
        pollfd event{.fd = signals_.get(), .events = POLLIN, .revents = 0};
        // Not equally long in every process: two that refuse each other must not go on doing so.
        if (::poll(&event, 1, port_pause_ms + ::getpid() % port_pause_ms) > 0 &&
            is_told_to_stop()) {
            throw StoppedBeforeStart();
        }
        return true;
    };
    listeners_ = std::make_unique<net::Listeners>(
        settings_.addresses, settings_.port, static_cast<unsigned>(worker_cpus_.size()),
        wait_for_port,
        settings_.configuration_file.empty() ? net::Wording::flags : net::Wording::keys,
        take_inherited_sockets());
    if (listeners_->lacks_ipv6()) {
        spdlog::warn("this machine has no IPv6: listening on IPv4 alone");
    }
}

Server::ListeningChange Server::listen_on(net::Listeners::Change change) {
    ListeningChange done;
    done.added.reserve(change.additions.size());
    for (const auto& addition : change.additions) {
        done.added.push_back(addition.endpoint.url());
    }
    done.lacks_ipv6 = change.lacks_ipv6 && !listeners_->lacks_ipv6();
    done.retired = listeners_->apply(std::move(change));
    has_to_store_ = true;
    return done;
}

void Server::tell_of(const ListeningChange& change) {
    for (const std::string& url : change.added) {
        spdlog::info("{}: listens on {} too", asker(), url);
    }
    // First what makes room for others.
    for (const net::Endpoint& endpoint : change.retired) {
        if (service_manager_.store_size() > 0) {
            service_manager_.remove_stored(stored_name(endpoint));
        }
        spdlog::info("{}: no longer listens on {}", asker(), endpoint.url());
    }
    store_listeners();
    if (change.lacks_ipv6) {
        spdlog::warn("this machine has no IPv6: listening on IPv4 alone");
    }
}

}  // namespace torc::server
