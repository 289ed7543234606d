#pragma once

#include <torc/base/event_fd.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/net/listener.hpp>
#include <torc/server/admin_connection.hpp>
#include <torc/server/observation.hpp>
#include <torc/server/orders.hpp>
#include <torc/server/rate_meter.hpp>
#include <torc/server/server_state.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace torc::server {

/// The listeners for those who run the server, and a thread of its own that serves them: a scraper
/// that is slow or hostile holds up neither signals nor workers, and what is asked of workers waits
/// for none that hangs. Connections, their bytes and their times are bounded.
class AdminServer final : AdminHost {
public:
    /// More wait to be accepted.
    static constexpr std::size_t connections_max = 64;

    /// What it works on; outlives it.
    struct Parts {
        const SharedServerState& state;
        std::span<worker::StatisticsBox> statistics;
        std::span<worker::Mailbox> mailboxes;
        OrderQueue& orders;
    };
    /// Listens: `admin` and `metrics` as in config::Settings. Throws StartError.
    AdminServer(const Parts& parts, const std::optional<std::string>& admin,
                const std::optional<std::string>& metrics);
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;
    /// As `stop_listening`. Responses to orders that have ended still leave, for a moment; then it
    /// closes what is open.
    ~AdminServer();

    /// Begins to serve. Throws StartError when there is no thread.
    void start();
    /// Ends the thread, and lets go of the addresses. Whoever has connected by now is responded to
    /// when this is destroyed.
    void stop_listening() noexcept;

private:
    struct Listener {
        int socket = -1;
        AdminScope scope = AdminScope::metrics;
    };

    [[nodiscard]] ServerState state() const override { return parts_.state.copy(); }
    [[nodiscard]] Observation observe() override;
    [[nodiscard]] SharedOrder give(Order order) override;

    void listen(const std::string& address, AdminScope scope);
    void serve();
    void finish_responses() noexcept;
    /// As `serve_once`; a moment later if memory is short.
    void try_to_serve_once(MonotonicTime end_at);
    /// One wait and what comes of it; until `end_at` at the most.
    void serve_once(MonotonicTime end_at);
    void accept(const Listener& listener, MonotonicTime now);
    [[nodiscard]] MonotonicTime next_deadline() const;

    const Parts parts_;
    std::vector<std::unique_ptr<net::Listeners>> sockets_;
    std::vector<Listener> listeners_;
    /// Signalled by workers, in an observation alone.
    const EventFd updated_ = EventFd::create_at_start();
    /// Signalled for the end of the thread, and by orders that have their results.
    const EventFd wake_up_ = EventFd::create_at_start();
    Observer observer_;
    RateMeter rates_;
    std::vector<std::unique_ptr<AdminConnection>> connections_;
    std::atomic<bool> is_told_to_end_ = false;
    std::thread thread_;
};

}  // namespace torc::server
