// What a server tells the service manager, and how another process takes over from it.

#include <torc/base/clock.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/server.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::server {
namespace {

/// Before the address; by the whole a listener of torc's own is told from one that the service
/// manager has opened.
constexpr std::string_view stored_name_prefix = "torc-";

/// How soon it is looked again whether a worker that is stalled goes on.
constexpr std::chrono::milliseconds service_ping_retry{100};

std::int64_t microseconds_of(std::chrono::nanoseconds duration) noexcept {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace

std::string Server::stored_name(const net::Endpoint& endpoint) {
    std::string name(stored_name_prefix);
    for (const char character : endpoint.host_and_port()) {
        const bool is_plain =
            character > ' ' && character <= '~' && character != ':' && character != '%';
        name += is_plain ? std::string(1, character)
                         : fmt::format("%{:02X}", static_cast<unsigned char>(character));
    }
    return name;
}

std::vector<net::Inherited> Server::take_inherited_sockets() {
    std::vector<net::Inherited> inherited;
    for (ServiceManager::Given& given : service_manager_.take_sockets()) {
        const auto endpoint = net::listening_endpoint(given.socket.get());
        const bool is_own = endpoint && given.name == stored_name(*endpoint);
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
    const auto keeps = service_manager_.store_size() > 0 ? net::Keeps::yes : net::Keeps::no;
    for (const net::Endpoint& endpoint : listeners_->settle(keeps)) {
        service_manager_.remove_stored(stored_name(endpoint));
        spdlog::info("no longer listens on {}", endpoint.url());
        // For them to look at their listeners.
        std::ranges::for_each(mailboxes_,
                              [this](worker::Mailbox& mailbox) { mailbox.publish(snapshot_); });
    }
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
    const std::size_t size = service_manager_.store_size();
    // Until it is done: memory may be short for it.
    has_to_store_ = size > 0;
    if (size == 0) {
        return;
    }
    const std::vector<net::Listeners::Own> own = listeners_->own_sockets();
    const auto kept = std::span(own).first(std::min(own.size(), size));
    const std::size_t left_out = own.size() - kept.size();
    if (left_out > 0) {
        // Which of them it has is not known: another process may have given it some.
        for (const net::Endpoint& endpoint : endpoints()) {
            service_manager_.remove_stored(stored_name(endpoint));
        }
    }
    for (const net::Endpoint& endpoint : endpoints()) {
        std::vector<int> sockets;
        for (const net::Listeners::Own& each : kept) {
            if (each.endpoint == endpoint) {
                sockets.push_back(each.socket);
            }
        }
        service_manager_.store(stored_name(endpoint), sockets);
    }
    // From now on somebody who comes to them while no process accepts waits for the next one.
    listeners_->keep_alone(kept);
    has_to_store_ = false;
    if (left_out != std::exchange(sockets_left_out_, left_out) && left_out > 0) {
        spdlog::warn(
            "the service manager keeps {} of {} listening sockets, so a restart may refuse some "
            "who come meanwhile; raise FileDescriptorStoreMax= in the service's unit, and FDSTORE= "
            "there if it is given",
            kept.size(), own.size());
    }
}

void Server::ping_service_manager(const Watchdog& watchdog, MonotonicTime now) {
    if (now < service_ping_at_) {
        return;
    }
    for (std::size_t worker = 0; worker < threads_.size(); ++worker) {
        if (watchdog.is_stalled(worker)) {
            // A moment is no reason to miss a whole turn.
            service_ping_at_ = now + service_ping_retry;
            return;
        }
    }
    service_ping_at_ = now + service_ping_interval_;
    service_manager_.notify("WATCHDOG=1");
}

void Server::tell_stopping(worker::Stop stop) {
    service_manager_.notify(
        fmt::format("STOPPING=1\nSTATUS=finishing what is in flight\nEXTEND_TIMEOUT_USEC={}",
                    microseconds_of(time_to_stop(stop) + end_patience)));
}

void Server::tell_reloading() {
    // Without any memory of the heap's, as all that a manager waits for: it may be short.
    std::array<char, 64> lines{};
    const auto end = fmt::format_to_n(lines.data(), lines.size(), "RELOADING=1\nMONOTONIC_USEC={}",
                                      microseconds_of(monotonic_now().time_since_epoch()))
                         .out;
    service_manager_.notify({lines.data(), end});
}

void Server::tell_reloaded() {
    try {
        service_manager_.notify(fmt::format("READY=1\nSTATUS={}", describe_status()));
    } catch (const std::bad_alloc&) {
        service_manager_.notify("READY=1");
    }
}

void Server::require_upgradable() const {
    if (stop_ != worker::Stop::no) {
        throw StartError("this process stops already");
    }
    if (predecessor_ || successor_) {
        throw StartError("another upgrade is under way");
    }
    if (::getpid() == 1) {
        throw StartError(
            "this is the first process of its container, which would end with it; start another "
            "container instead");
    }
    if (settings_.configuration_file == "-") {
        throw StartError("the configuration came from standard input, which is read by now");
    }
    if (invocation_.program.empty()) {
        throw StartError("it is not known by which program this process was started");
    }
}

void Server::begin_upgrade() {
    try {
        require_upgradable();
        if (reload_) {
            // What it opens is passed on, or not, by its outcome.
            upgrade_waits_ = true;
            spdlog::info("upgrade: as soon as the reload is over that is under way");
            return;
        }
        successor_ = std::make_unique<Successor>(invocation_, listeners_->passed(),
                                                 admin_ ? admin_->passed() : std::vector<int>(),
                                                 monotonic_now());
        spdlog::info("upgrade: process {} starts, {}", successor_->pid(), invocation_.program);
    } catch (const StartError& error) {
        refuse_upgrade(error.what());
    } catch (const std::bad_alloc&) {
        refuse_upgrade("memory is short");
    }
}

void Server::refuse_upgrade(const std::string& why) {
    spdlog::error("upgrade: refused: {}", why);
    finish_upgrade_order({.outcome = OrderResult::Outcome::unavailable, .errors = {why}});
}

void Server::look_after_upgrade(MonotonicTime now) {
    if (!successor_) {
        return;
    }
    if (stop_ != worker::Stop::no) {
        abandon_upgrade();
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
            if (reloads_again_) {
                begin_reload(*reloads_again_);
            }
            break;
        case Successor::Progress::ready:
            hand_over();
            break;
    }
}

void Server::abandon_upgrade() {
    if (std::exchange(successor_, nullptr) || std::exchange(upgrade_waits_, false)) {
        spdlog::warn("upgrade: given up, for this process is to stop");
        finish_upgrade_order(
            {.outcome = OrderResult::Outcome::unavailable, .errors = {"this process is to stop"}});
    }
}

void Server::finish_orders_of_predecessor(const std::string& text) {
    finish_orders(reload_orders_, {.outcome = OrderResult::Outcome::unavailable,
                                   .errors = {text + ", and reloads"}});
    // It has read the configuration later.
    finish_orders(orders_awaiting_adoption_, {.text = text});
    const OrderResult refer{.outcome = OrderResult::Outcome::unavailable,
                            .errors = {text + "; ask again"}};
    finish_orders(reopen_orders_, refer);
    std::vector<SharedOrder> untaken = orders_.take();
    finish_orders(untaken, refer);
}

void Server::hand_over() {
    const pid_t pid = successor_->pid();
    std::string text = fmt::format("process {} has taken over", pid);
    // What is asked from now on is asked of the other.
    if (admin_) {
        admin_->stop_listening();
    }
    // Before it says that it is ready: the manager heeds the main process alone.
    service_manager_.notify(fmt::format("MAINPID={}", pid));
    if (!successor_->tell_to_go()) {
        service_manager_.notify(fmt::format("MAINPID={}", ::getpid()));
        finish_upgrade_order({.outcome = OrderResult::Outcome::refused,
                              .errors = {fmt::format("process {} has ended", pid)}});
        start_admin();
        return;  // As the next look says, too.
    }
    if (admin_) {
        admin_->hand_over();
    }
    const std::unique_ptr<Successor> successor = std::move(successor_);
    if (reloads_again_) {
        successor->tell_to_reload();
    }
    listeners_->keep();
    request_stop(worker::Stop::hand_over);
    service_ping_at_ = never;
    finish_orders_of_predecessor(text);
    if (upgrade_order_) {
        // Whoever is told of it may at once ask the other something.
        successor->await_take_over();
        finish_upgrade_order({.text = text});
    }
    admin_.reset();
    spdlog::info("upgrade: {}; this one finishes what is in flight", text);
}

void Server::look_after_take_over() {
    if (!predecessor_ || !predecessor_->has_let_go()) {
        return;
    }
    become_service();
    start_admin();
    // By which the process before knows that who asks has somebody to ask.
    predecessor_.reset();
    spdlog::info("upgrade: this process has taken over");
}

}  // namespace torc::server
