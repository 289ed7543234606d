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

std::string_view Server::asker() const noexcept {
    return reload_asked_by_ == AskedBy::signal ? "SIGHUP" : "admin socket";
}

void Server::begin_reload(AskedBy asked_by) {
    if (stop_ != worker::Stop::no) {
        spdlog::info("a reload is refused, for the server stops");
        return;
    }
    const MonotonicTime now = monotonic_now();
    if (successor_ || (reload_ && now < reload_is_slow_at_)) {
        if (successor_) {
            spdlog::info("a reload waits until it is known which process serves on");
        }
        // What a reload has read by now may be older than this.
        reloads_again_ = asked_by;
        return;
    }
    reload_asked_by_ = asked_by;
    if (reload_) {
        spdlog::warn("{}: the reload that waits for a file system is given up for this one",
                     asker());
        reload_.reset();
        has_left_reload_ = true;
    }
    reloads_again_.reset();
    tell_reloading();
    try {
        note_reload_begun();
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
    spdlog::error("{}: the configuration is refused, and what was loaded before serves on: {}",
                  asker(), why);
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
                "{}: a file system has not responded for {} s, and what was loaded before serves "
                "on meanwhile; another reload begins anew",
                asker(), settings_.timeouts.load.count());
        }
        if (is_reload_slow_said_ && std::exchange(upgrade_waits_, false)) {
            refuse_upgrade(
                "a reload waits for a file system that does not respond; see to that, have torc "
                "reload anew, and then upgrade");
        }
        return;
    }
    const worker::SharedSnapshot before = snapshot_;
    try {
        finish_reload();
    } catch (const StartError& error) {
        refuse_reload(error.what());
    } catch (const std::bad_alloc&) {
        // What was published is served by, even if there is no memory to say so.
        if (snapshot_ == before) {
            refuse_reload("memory is short");
        }
    }
    if (reloads_again_) {
        begin_reload(*reloads_again_);
    }
    if (!reload_ && std::exchange(upgrade_waits_, false)) {
        begin_upgrade();
    }
}

void Server::finish_reload() {
    std::optional<ReloadJob> job = std::exchange(reload_, std::nullopt);
    ReloadJob::Opened opened = job->take();
    if (stop_ != worker::Stop::no) {
        finish_orders(orders_under_reload_, {.outcome = OrderResult::Outcome::unavailable,
                                             .errors = {"the server stops"}});
        return;
    }
    const config::Settings& settings = opened.snapshot->settings;
    logs_.reserve(opened.logs.size());
    std::optional<AdminServer::Change> admin = open_admin(settings);
    if (admin && !predecessor_ && !admin_->has_started()) {
        admin_->start();
    }
    // Last of what can fail: clients may connect from here on.
    net::Listeners::Change listening = listeners_->prepare(settings.addresses, settings.port);
    for (const std::span<const std::string> lines :
         {std::span<const std::string>(opened.warnings), std::span(settings.pending)}) {
        for (const std::string& line : lines) {
            spdlog::warn("{}", line);
        }
    }
    const ListeningChange listens = listen_on(std::move(listening));
    if (admin) {
        admin_->apply(*std::move(admin));
    }
    adopt(settings);
    logs_.add(std::move(opened.logs));
    publish(std::move(opened.snapshot));
    logs_.note_served(*snapshot_);
    note_reload_published();
    note_logs();
    tell_of(listens);
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
    spdlog::info("{}: configuration {} serves, {} site{}", asker(), snapshot_->generation,
                 snapshot_->sites.size(), snapshot_->sites.size() == 1 ? "" : "s");
    note_reload_applied();
}

}  // namespace torc::server
