// How a server goes over to another configuration while it runs.

#include <torc/base/start_error.hpp>
#include <torc/server/diagnostics.hpp>
#include <torc/server/root_opener.hpp>
#include <torc/server/server.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::server {

void Server::begin_reload() {
    if (stop_ != worker::Stop::no) {
        spdlog::info("SIGHUP: ignored, for the server stops");
        return;
    }
    if (successor_) {
        spdlog::info("SIGHUP: as soon as it is known which process serves on");
        reloads_again_ = true;
        return;
    }
    const MonotonicTime now = monotonic_now();
    if (reload_ && now < reload_is_slow_at_) {
        // What it has read by now may be older than the signal.
        reloads_again_ = true;
        return;
    }
    if (reload_) {
        spdlog::warn("SIGHUP: the reload that waits for a file system is given up for this one");
        reload_.reset();
        has_left_reload_ = true;
    }
    reloads_again_ = false;
    tell_reloading();
    note_reload_begun();
    try {
        reload_.emplace(
            [read = read_settings_, previous = snapshot_, backend = backend_, reports = reports_] {
                config::Settings settings = read();
                std::vector<std::string> warnings = settings.warnings;
                RootOpener opener(previous.get(), backend, *reports);
                LogOpener logs(previous.get(), log_setting(settings));
                worker::SharedSnapshot snapshot = opener.open_all(std::move(settings), logs);
                std::ranges::copy(opener.warnings(), std::back_inserter(warnings));
                return ReloadJob::Opened{.snapshot = std::move(snapshot),
                                         .logs = logs.take_opened(),
                                         .warnings = std::move(warnings)};
            });
        reload_is_slow_at_ = now + settings_.timeouts.load;
        is_reload_slow_said_ = false;
    } catch (const StartError& error) {
        refuse_reload(error.what());
    } catch (const std::bad_alloc&) {
        refuse_reload("memory is short");
    }
}

void Server::refuse_reload(std::string_view why) {
    spdlog::error("SIGHUP: the configuration is refused, and what was loaded before serves on: {}",
                  why);
    tell_reloaded();
    note_reload_refused(why);
}

void Server::look_after_reload(MonotonicTime now) {
    if (!reload_) {
        return;
    }
    if (!reload_->is_over()) {
        if (now >= reload_is_slow_at_ && !std::exchange(is_reload_slow_said_, true)) {
            spdlog::warn(
                "SIGHUP: a file system has not responded for {} s, and what was loaded before "
                "serves on meanwhile; another SIGHUP begins anew",
                settings_.timeouts.load.count());
        }
        return;
    }
    try {
        finish_reload();
    } catch (const StartError& error) {
        refuse_reload(error.what());
    } catch (const std::bad_alloc&) {
        refuse_reload("memory is short");
    }
    if (reloads_again_) {
        begin_reload();
    }
}

void Server::finish_reload() {
    std::optional<ReloadJob> job = std::exchange(reload_, std::nullopt);
    ReloadJob::Opened opened = job->take();
    if (stop_ != worker::Stop::no) {
        finish_reload_orders(orders_under_reload_, {.outcome = OrderResult::Outcome::unavailable,
                                                    .errors = {"the server stops"}});
        return;
    }
    const config::Settings& settings = opened.snapshot->settings;
    // Last of what can fail: clients may connect from here on.
    net::Listeners::Change listening = listeners_->prepare(settings.addresses, settings.port);
    for (const std::span<const std::string> lines :
         {std::span<const std::string>(opened.warnings), std::span(settings.pending)}) {
        for (const std::string& line : lines) {
            spdlog::warn("{}", line);
        }
    }
    listen_on(std::move(listening));
    adopt(settings);
    logs_.add(std::move(opened.logs));
    publish(std::move(opened.snapshot));
    note_reload_published();
}

void Server::adopt(const config::Settings& settings) {
    settings_.timeouts = settings.timeouts;
    address_limit_.set_connections_max(settings.connections_per_address_max);
    if (settings.log_level != settings_.log_level) {
        settings_.log_level = settings.log_level;
        set_log_level(settings.log_level);
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
    tell_reloaded();
    spdlog::info("SIGHUP: configuration {} serves, {} site{}", snapshot_->generation,
                 snapshot_->sites.size(), snapshot_->sites.size() == 1 ? "" : "s");
    note_reload_applied();
}

}  // namespace torc::server
