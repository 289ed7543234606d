// What a server tells the service manager, and how another process takes over from it.

#include <torc/base/clock.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/server.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::server {
namespace {

/// What tells a listener of torc's own among those that a service manager has kept from those that
/// it has opened by itself.
constexpr std::string_view stored_name_prefix = "torc-";

std::int64_t microseconds_of(std::chrono::nanoseconds duration) noexcept {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace

std::string Server::stored_name(const net::Endpoint& endpoint) {
    std::string name(stored_name_prefix);
    for (const char character : endpoint.host_and_port()) {
        if (character == ':') {
            name += "%3A";
        } else {
            name += character;
        }
    }
    return name;
}

std::vector<net::Inherited> Server::take_inherited_sockets() {
    std::vector<net::Inherited> inherited;
    for (ServiceManager::Given& given : service_manager_.take_sockets()) {
        const bool is_own = given.name.starts_with(stored_name_prefix);
        inherited.push_back({.socket = std::move(given.socket),
                             .opened_by = is_own ? net::OpenedBy::torc : net::OpenedBy::others});
    }
    if (predecessor_) {
        for (net::Inherited& listener : predecessor_->take_listeners()) {
            inherited.push_back(std::move(listener));
        }
    }
    return inherited;
}

void Server::become_service() {
    store_listeners();
    service_manager_.notify(fmt::format("READY=1\nSTATUS={}", describe_status()));
    if (const auto interval = service_manager_.watchdog_interval()) {
        service_ping_interval_ = *interval / 2;
        service_ping_at_ = monotonic_now();
    }
}

std::string Server::describe_status() const {
    std::string text =
        fmt::format("configuration {}, {} site{}", snapshot_->generation, snapshot_->sites.size(),
                    snapshot_->sites.size() == 1 ? "" : "s");
    for (const net::Endpoint& endpoint : endpoints()) {
        text += fmt::format(", {}", endpoint.url());
    }
    return text;
}

void Server::store_listeners() {
    if (!service_manager_.has_store()) {
        return;
    }
    for (const net::Endpoint& endpoint : endpoints()) {
        service_manager_.store(stored_name(endpoint), listeners_->own_sockets_of(endpoint));
    }
    // From now on somebody who comes to them while no process accepts waits for the next one.
    listeners_->keep();
}

void Server::ping_service_manager(const Watchdog& watchdog, MonotonicTime now) {
    if (now < service_ping_at_) {
        return;
    }
    service_ping_at_ = now + service_ping_interval_;
    for (std::size_t worker = 0; worker < threads_.size(); ++worker) {
        if (watchdog.is_stalled(worker)) {
            return;
        }
    }
    service_manager_.notify("WATCHDOG=1");
}

void Server::tell_stopping(worker::Stop stop) {
    service_manager_.notify(
        fmt::format("STOPPING=1\nSTATUS=finishing what is in flight\nEXTEND_TIMEOUT_USEC={}",
                    microseconds_of(time_to_stop(stop) + end_patience)));
}

void Server::tell_reloading() {
    service_manager_.notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                                        microseconds_of(monotonic_now().time_since_epoch())));
}

void Server::tell_reloaded() {
    service_manager_.notify(fmt::format("READY=1\nSTATUS={}", describe_status()));
}

void Server::begin_upgrade() {
    try {
        if (stop_ != worker::Stop::no) {
            throw StartError("this process stops already");
        }
        if (predecessor_ || successor_) {
            throw StartError("another upgrade is under way");
        }
        if (::getpid() == 1) {
            throw StartError(
                "this is the first process of its container, which would end with it; start "
                "another container instead");
        }
        if (invocation_.program.empty()) {
            throw StartError("it is not known by which program this process was started");
        }
        successor_ =
            std::make_unique<Successor>(invocation_, listeners_->passed(), monotonic_now());
        spdlog::info("upgrade: process {} starts, {}", successor_->pid(), invocation_.program);
    } catch (const StartError& error) {
        spdlog::error("upgrade: refused: {}", error.what());
        finish_upgrade_order(
            {.outcome = OrderResult::Outcome::unavailable, .errors = {error.what()}});
    }
}

void Server::look_after_upgrade(MonotonicTime now) {
    if (!successor_) {
        return;
    }
    switch (successor_->look(now)) {
        case Successor::Progress::starting:
            break;
        case Successor::Progress::failed:
            spdlog::error("upgrade: this process serves on, for process {} {}", successor_->pid(),
                          successor_->failure());
            finish_upgrade_order({.outcome = OrderResult::Outcome::refused,
                                  .errors = {fmt::format("process {} {}", successor_->pid(),
                                                         successor_->failure())}});
            successor_.reset();
            break;
        case Successor::Progress::ready:
            hand_over();
            break;
    }
}

void Server::hand_over() {
    const pid_t pid = successor_->pid();
    listeners_->keep();
    request_stop(worker::Stop::hand_over);
    service_manager_.notify(fmt::format("MAINPID={}", pid));
    service_ping_at_ = never;
    // Its sockets are the other's to open from now on.
    finish_upgrade_order({.text = fmt::format("process {} has taken over", pid)});
    admin_.reset();
    successor_->tell_to_go();
    successor_.reset();
    spdlog::info("upgrade: process {} has taken over; this one finishes what is in flight", pid);
}

void Server::look_after_take_over() {
    if (!predecessor_ || !predecessor_->has_let_go()) {
        return;
    }
    predecessor_.reset();
    become_service();
    take_over_admin();
    spdlog::info("upgrade: this process has taken over");
}

}  // namespace torc::server
