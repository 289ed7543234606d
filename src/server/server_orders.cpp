// What operators ask of a server that runs, beside signals, and what it tells of itself.

#include <torc/base/clock.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/server.hpp>

#include "lines.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::server {

void Server::begin_state() {
    const WallTime now = read_clocks().wall;
    state_.change([&](ServerState& state) {
        state.started_at = now;
        state.io = backend_ == io::Backend::uring ? "uring" : "epoll";
        for (const std::vector<unsigned>& cpus : worker_cpus_) {
            state.worker_cpus.push_back(cpus.empty() ? "any"
                                                     : fmt::format("{}", fmt::join(cpus, ",")));
        }
        state.stalled.resize(worker_cpus_.size());
        state.applied_at = now;
        state.reloaded_at = now;
        state.warnings = settings_.warnings;
    });
    note_configuration();
}

std::optional<AdminServer::Change> Server::open_admin(const config::Settings& settings) {
    std::vector<UniqueFd> inherited;
    if (predecessor_) {
        inherited = predecessor_->take_admin_sockets();
    }
    if (!admin_ && !settings.admin && !settings.metrics && inherited.empty()) {
        return std::nullopt;
    }
    if (!admin_) {
        admin_.emplace(AdminServer::Parts{.state = state_,
                                          .statistics = statistics_,
                                          .mailboxes = mailboxes_,
                                          .orders = orders_});
        admin_->inherit(std::move(inherited));
    }
    return admin_->open(settings.admin, settings.metrics);
}

void Server::start_admin() {
    if (!admin_) {
        return;
    }
    // What they ask for matters less than what is served: that goes on.
    try {
        admin_->become_service();
        if (!admin_->has_started()) {
            admin_->start();
        }
    } catch (const StartError& error) {
        admin_.reset();
        spdlog::error("{}", error.what());
    }
}

void Server::note_configuration() {
    state_.change([&](ServerState& state) {
        state.generation = snapshot_->generation;
        state.sites = snapshot_->sites.size();
        state.configuration = snapshot_->settings.text;
        state.urls.clear();
        for (const net::Endpoint& endpoint : listeners_->endpoints()) {
            state.urls.push_back(endpoint.url());
        }
    });
}

void Server::note_readiness() {
    state_.change([&](ServerState& state) {
        state.is_draining = stop_ != worker::Stop::no;
        state.lost_roots = root_watch_.lost();
        is_ready_.store(state.is_ready(), std::memory_order_relaxed);
    });
}

void Server::note_stalls(const Watchdog& watchdog) {
    std::vector<bool> stalled(threads_.size());
    for (std::size_t worker = 0; worker < stalled.size(); ++worker) {
        stalled[worker] = watchdog.is_stalled(worker);
    }
    if (stalled != stalled_) {
        stalled_ = stalled;
        state_.change([&](ServerState& state) { state.stalled = std::move(stalled); });
    }
}

void Server::look_after_roots(MonotonicTime now) {
    forget_expired_roots(*snapshot_, now);
    if (watches_roots() && root_watch_.look(now, *snapshot_)) {
        note_readiness();
    }
}

bool Server::watches_roots() const noexcept {
    return admin_.has_value() || snapshot_->settings.health_path.has_value();
}

void Server::obey_orders() {
    for (SharedOrder& order : orders_.take()) {
        switch (order->order()) {
            case Order::reload:
                order_reload(std::move(order));
                break;
            case Order::reopen_logs:
                order_reopen(std::move(order));
                break;
            case Order::upgrade:
                order_upgrade(std::move(order));
                break;
            case Order::drain:
            case Order::stop:
                obey_order_to_stop(*order);
                break;
            case Order::hold_back:
            case Order::be_ready:
                state_.change([&](ServerState& state) {
                    state.is_held_back = order->order() == Order::hold_back;
                });
                note_readiness();
                order->finish({.text = order->order() == Order::hold_back
                                           ? "says that it is not ready"
                                           : "says how it is again"});
                break;
        }
    }
}

void Server::obey_order_to_stop(PendingOrder& order) {
    const bool is_at_once = order.order() == Order::stop;
    if (stop_ < worker::Stop::drain) {
        begin_stop(is_at_once ? worker::Stop::drain_at_once : worker::Stop::drain);
    }
    if (is_at_once) {
        begin_stop(worker::Stop::now);  // The second one cuts off.
    }
    order.finish({.text = is_at_once ? "stops at once"
                                     : fmt::format("finishes what is in flight, for at most {} s",
                                                   settings_.timeouts.drain.count())});
}

void Server::order_upgrade(SharedOrder order) {
    if (upgrade_order_ || successor_ || upgrade_waits_) {
        order->finish({.outcome = OrderResult::Outcome::unavailable,
                       .errors = {"another upgrade is under way"}});
        return;
    }
    upgrade_order_ = std::move(order);
    begin_upgrade();
}

void Server::finish_upgrade_order(OrderResult result) {
    if (const SharedOrder order = std::exchange(upgrade_order_, nullptr)) {
        order->finish(std::move(result));
    }
}

void Server::order_reload(SharedOrder order) {
    if (!read_settings_) {
        order->finish({.outcome = OrderResult::Outcome::unavailable,
                       .errors = {"torc was started without a configuration file (--config)"}});
        return;
    }
    if (stop_ != worker::Stop::no) {
        order->finish(
            {.outcome = OrderResult::Outcome::unavailable, .errors = {"the server stops"}});
        return;
    }
    // What is under way may have read its files before.
    reload_orders_.push_back(std::move(order));
    begin_reload(AskedBy::operators);
}

void Server::note_reload_begun() {
    std::ranges::move(reload_orders_, std::back_inserter(orders_under_reload_));
    reload_orders_.clear();
}

void Server::note_reload_refused(std::string_view why) {
    const WallTime now = read_clocks().wall;
    state_.change([&](ServerState& state) {
        ++state.reloads_refused;
        state.was_reload_applied = false;
        state.reloaded_at = now;
        state.reload_errors = why;
    });
    finish_orders(orders_under_reload_,
                  {.outcome = OrderResult::Outcome::refused, .errors = lines_of(why)});
}

void Server::note_reload_applied() {
    const WallTime now = read_clocks().wall;
    const std::vector<std::string>& pending = snapshot_->settings.pending;
    state_.change([&](ServerState& state) {
        ++state.reloads_applied;
        state.was_reload_applied = true;
        state.reloaded_at = now;
        state.applied_at = now;
        state.reload_errors.clear();
        state.pending = pending;
        state.warnings = snapshot_->settings.warnings;
    });
    finish_orders(
        orders_awaiting_adoption_,
        {.pending = pending,
         .text = fmt::format("configuration {} serves, {} site{}", snapshot_->generation,
                             snapshot_->sites.size(), snapshot_->sites.size() == 1 ? "" : "s")});
}

void Server::note_reload_published() {
    std::ranges::move(orders_under_reload_, std::back_inserter(orders_awaiting_adoption_));
    orders_under_reload_.clear();
    note_configuration();
}

void Server::finish_orders(std::vector<SharedOrder>& orders, const OrderResult& result) {
    for (const SharedOrder& order : std::exchange(orders, {})) {
        try {
            order->finish(result);
        } catch (const std::bad_alloc&) {
            order->finish({.outcome = result.outcome});  // Whoever waits is to wait no longer.
        }
    }
}

}  // namespace torc::server
