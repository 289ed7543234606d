// How a server goes over to another configuration while it runs.

#include <torc/base/start_error.hpp>
#include <torc/server/root_opener.hpp>
#include <torc/server/server.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace torc::server {

void Server::reload() {
    try {
        config::Settings settings = read_settings_();
        for (const std::string& warning : settings.warnings) {
            spdlog::warn("{}", warning);
        }
        RootOpener opener(snapshot_.get(), backend_, reports_);
        worker::SharedSnapshot snapshot = opener.open_all(std::move(settings));
        for (const std::string& warning : opener.warnings()) {
            spdlog::warn("{}", warning);
        }
        publish(std::move(snapshot));
    } catch (const StartError& error) {
        spdlog::error(
            "SIGHUP: the configuration is refused, and what was loaded before serves on: {}",
            error.what());
    } catch (const std::bad_alloc&) {
        spdlog::error("SIGHUP: memory is short; what was loaded before serves on");
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
