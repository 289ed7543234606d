// How a server goes over to another configuration while it runs.

#include <torc/base/start_error.hpp>
#include <torc/server/diagnostics.hpp>
#include <torc/server/root_opener.hpp>
#include <torc/server/server.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace torc::server {

void Server::reload() {
    if (stop_ != worker::Stop::no) {
        spdlog::info("SIGHUP: ignored, for the server stops");
        return;
    }
    try {
        config::Settings settings = read_settings_();
        for (const std::string& warning : settings.warnings) {
            spdlog::warn("{}", warning);
        }
        RootOpener opener(snapshot_.get(), backend_, reports_);
        worker::SharedSnapshot snapshot = opener.open_all(std::move(settings));
        // Last of what can fail: clients may connect from here on.
        net::Listeners::Change listening =
            listeners_->prepare(snapshot->settings.addresses, snapshot->settings.port);
        for (const std::string& warning : opener.warnings()) {
            spdlog::warn("{}", warning);
        }
        adopt(snapshot->settings);
        listen_on(std::move(listening));
        publish(std::move(snapshot));
    } catch (const StartError& error) {
        spdlog::error(
            "SIGHUP: the configuration is refused, and what was loaded before serves on: {}",
            error.what());
    } catch (const std::bad_alloc&) {
        spdlog::error("SIGHUP: memory is short; what was loaded before serves on");
    }
}

void Server::adopt(const config::Settings& settings) {
    settings_.timeouts = settings.timeouts;
    address_limit_.set_connections_max(settings.connections_per_address_max);
    if (settings.log_level != settings_.log_level) {
        settings_.log_level = settings.log_level;
        set_log_level(settings.log_level);
    }
}

void Server::listen_on(net::Listeners::Change change) {
    std::vector<std::string> added;
    for (const auto& addition : change.additions) {
        added.push_back(addition.endpoint.url());
    }
    const std::vector<net::Endpoint> removals = change.removals;
    const bool lacked_ipv6 = listeners_->lacks_ipv6();
    listeners_->apply(std::move(change));
    for (const std::string& url : added) {
        spdlog::info("SIGHUP: listens on {} too", url);
    }
    for (const net::Endpoint& endpoint : removals) {
        spdlog::info("SIGHUP: no longer listens on {}", endpoint.url());
    }
    if (listeners_->lacks_ipv6() && !lacked_ipv6) {
        spdlog::warn("this machine has no IPv6: listening on IPv4 alone");
    }
}

void Server::publish(worker::SharedSnapshot snapshot) {
    // The one before last goes here if a worker hangs that long, and else has gone.
    previous_snapshot_ = std::exchange(snapshot_, std::move(snapshot));
    for (worker::Mailbox& mailbox : mailboxes_) {
        mailbox.publish(snapshot_);
    }
}

bool Server::is_adopted() const noexcept {
    return std::ranges::all_of(mailboxes_, [this](const worker::Mailbox& mailbox) {
        return mailbox.generation() >= snapshot_->generation;
    });
}

void Server::look_whether_adopted() {
    if (!previous_snapshot_ || !is_adopted()) {
        return;
    }
    previous_snapshot_.reset();
    spdlog::info("SIGHUP: configuration {} serves, {} site{}", snapshot_->generation,
                 snapshot_->sites.size(), snapshot_->sites.size() == 1 ? "" : "s");
}

}  // namespace torc::server
