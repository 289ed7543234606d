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
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
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
    /// Listens on nothing.
    explicit AdminServer(const Parts& parts);
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;
    /// As `stop_listening`. Responses to orders that have ended still leave, for a moment; then it
    /// closes what is open.
    ~AdminServer();

private:
    /// Where it listens, and for whom.
    struct Place {
        std::string address;
        AdminScope scope = AdminScope::metrics;
        std::shared_ptr<net::Listeners> sockets;
    };
    struct Listener {
        int socket = -1;
        AdminScope scope = AdminScope::metrics;
        /// Whose it is: who has it last closes it.
        std::shared_ptr<net::Listeners> owner;
    };

public:
    // For the main thread.

    /// What it is to listen on.
    class Change {
        friend class AdminServer;
        std::vector<Place> places_;
        std::vector<Listener> listeners_;
    };
    /// Opens what `admin` and `metrics` ask for, as in config::Settings, beyond what there is. Who
    /// connects waits until `apply`; and is reset, if that never comes. Throws StartError.
    [[nodiscard]] Change open(const std::optional<std::string>& admin,
                              const std::optional<std::string>& metrics);
    /// Goes over to it: what is not among that is closed.
    void apply(Change change) noexcept;
    /// Sockets of the process that this one takes over from, for `open` to use instead of binding
    /// anew. Until `become_service` they are that process's too.
    void inherit(std::vector<UniqueFd> sockets) { inherited_ = std::move(sockets); }
    /// What was inherited is this process's alone; of that, what is not used is removed. Throws
    /// std::bad_alloc: call it again.
    void become_service();
    /// For a process that takes over.
    [[nodiscard]] std::vector<int> passed() const;
    /// Another process has the sockets from now on, and their files; this one closes them, for an
    /// older version binds anew. Precondition: `stop_listening`.
    void hand_over() noexcept;

    /// Begins to serve, or goes on after `stop_listening`. Throws StartError when there is no
    /// thread, and std::bad_alloc.
    void start();
    [[nodiscard]] bool has_started() const noexcept { return thread_.joinable(); }
    /// Ends the thread. Who connects from now on waits until `start`, or for another process.
    /// Whoever has connected by now is responded to then, or when this is destroyed.
    void stop_listening() noexcept;

private:
    [[nodiscard]] ServerState state() const override { return parts_.state.copy(); }
    [[nodiscard]] Observation observe() override;
    [[nodiscard]] SharedOrder give(Order order) override;

    /// One that is open already, or was inherited, or else a new one.
    [[nodiscard]] Place open_place(const std::string& address, AdminScope scope);
    /// Whether it listens on that port.
    [[nodiscard]] bool uses_port_of(const std::string& address) const;
    [[nodiscard]] std::vector<net::Inherited> take_inherited(const std::string& address);
    /// The thread goes over to what `apply` has left for it.
    void take_change(MonotonicTime now);
    [[nodiscard]] static std::vector<Listener> listeners_of(const std::vector<Place>& places);
    void serve();
    void finish_responses() noexcept;
    /// As `serve_once`; a moment later if memory is short.
    void try_to_serve_once(MonotonicTime end_at);
    /// One wait and what comes of it; until `end_at` at the most.
    void serve_once(MonotonicTime end_at);
    /// Gives whether there was one.
    bool accept(const Listener& listener, MonotonicTime now);
    [[nodiscard]] MonotonicTime next_deadline() const;

    const Parts parts_;
    std::vector<Place> places_;
    std::vector<UniqueFd> inherited_;
    std::mutex change_mutex_;
    bool has_change_ = false;
    std::vector<Listener> next_listeners_;
    /// The thread's own.
    std::vector<Listener> listeners_;
    /// Signalled by workers, in an observation alone.
    const EventFd updated_ = EventFd::create_at_start();
    /// Signalled for the end of the thread, and by orders that have their results.
    const std::shared_ptr<const EventFd> wake_up_ =
        std::make_shared<const EventFd>(EventFd::create_at_start());
    Observer observer_;
    RateMeter rates_;
    std::vector<std::unique_ptr<AdminConnection>> connections_;
    std::atomic<bool> is_told_to_end_ = false;
    std::thread thread_;
};

}  // namespace torc::server
