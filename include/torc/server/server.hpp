#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/event_fd.hpp>
#include <torc/base/exit_code.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/config/settings.hpp>
#include <torc/io/backend.hpp>
#include <torc/net/listener.hpp>
#include <torc/server/admin_server.hpp>
#include <torc/server/open_logs.hpp>
#include <torc/server/orders.hpp>
#include <torc/server/process_start.hpp>
#include <torc/server/reload_job.hpp>
#include <torc/server/root_watch.hpp>
#include <torc/server/server_state.hpp>
#include <torc/server/watchdog.hpp>
#include <torc/server/worker_thread.hpp>
#include <torc/worker/address_limit.hpp>
#include <torc/worker/balance.hpp>
#include <torc/worker/mailbox.hpp>
#include <torc/worker/report.hpp>
#include <torc/worker/snapshot.hpp>
#include <torc/worker/statistics.hpp>
#include <torc/worker/stop.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::server {

/// The whole server: what its workers share (the root, the listeners' ports, the log's file, the
/// order to stop), and their threads.
class Server {
public:
    /// Gets everything that can fail for an outside reason: the root, the log, descriptors, ports,
    /// the choice of I/O. Waits some seconds for a port that is taken: after a SIGKILL the kernel
    /// keeps a process's listeners for as long as its rings take to go. Throws StartError, or
    /// StoppedBeforeStart when a signal to stop ends that wait. Takes over all signals that would
    /// end the process, in the calling thread and all that it starts.
    /// `read_settings`: reads the configuration anew; null: there is none that could change. Throws
    /// StartError with all that is wrong with it.
    /// `start`: whom it tells how it fares, and from whom it takes over.
    using ReadSettings = std::function<config::Settings()>;
    explicit Server(config::Settings settings, ReadSettings read_settings = {},
                    ProcessStart start = {});
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    /// Starts the workers; throws StartError when one can't. Tells the service manager, or the
    /// process that this one takes over from. Call once.
    void start();
    /// Serves until SIGINT, SIGTERM or SIGQUIT, or `request_stop`; a second one cuts off what is
    /// still in flight. SIGHUP loads the configuration anew; it, where there is none, and SIGUSR1
    /// open the access log anew. SIGUSR2 has another process take over; then this one ends like by
    /// a signal to stop, but in its own time. After ExitCode::forced a thread that hangs may be
    /// left: the process is to end by _exit(2), without destroying this.
    [[nodiscard]] ExitCode run();
    /// As a signal: the first call begins as `first` says, the second cuts off. From any thread.
    void request_stop(worker::Stop first = worker::Stop::drain) noexcept;

    /// Whether a thread still reads a configuration, which hangs maybe: the process is to end by
    /// _exit(2) then too.
    [[nodiscard]] bool is_reloading() const noexcept {
        return reload_.has_value() || has_left_reload_;
    }

    /// What it began with, but for the sites.
    [[nodiscard]] const config::Settings& settings() const noexcept { return settings_; }
    /// The first of those that are served, as it was opened.
    [[nodiscard]] const config::SiteSettings& first_site() const noexcept {
        return snapshot_->sites.front()->settings;
    }
    [[nodiscard]] const std::vector<net::Endpoint>& endpoints() const noexcept {
        return listeners_->endpoints();
    }
    [[nodiscard]] io::Backend backend() const noexcept { return backend_; }
    /// By worker; see place_workers.
    [[nodiscard]] const std::vector<std::vector<unsigned>>& worker_cpus() const noexcept {
        return worker_cpus_;
    }

private:
    void choose_backend();
    void share_out_descriptors();
    void share_out_memory();
    static void ignore_signals();
    void take_over_signals();
    void listen();
    /// Reads the signals that have come.
    [[nodiscard]] bool is_told_to_stop();
    /// A thread for each worker, each with its proactor; on epoll when the rings find too little
    /// memory that may be locked and the user left the choice to torc.
    void make_threads();
    /// Gives the error of the first proactor that could not be made.
    [[nodiscard]] Result<void> try_to_make_threads();
    void take_signals();
    /// As `request_stop`, for the thread that runs this: tells the service manager, and ends an
    /// upgrade that is under way.
    void begin_stop(worker::Stop first);
    /// How long the workers may take for it at the most. Precondition: not Stop::no.
    [[nodiscard]] std::chrono::seconds time_to_stop(worker::Stop stop) const noexcept;
    /// Whether those that still run hang, past the time by which all should have ended.
    [[nodiscard]] bool is_stuck(const Watchdog& watchdog, MonotonicTime now);
    void obey_signal(int signal);
    /// One wait, and what comes of it. Throws std::bad_alloc: what is missed then comes about in
    /// the next one.
    void take_turn(Watchdog& watchdog);
    /// Who asked for a reload.
    enum class AskedBy : std::uint8_t { signal, operators };
    /// Before all that is said of the reload that is under way or was the last.
    [[nodiscard]] std::string_view asker() const noexcept;
    // A reload: what the configuration says is read and opened by a job, and when that is over
    // taken as a whole, or refused with what is wrong. Whoever asks meanwhile has it done once
    // more.
    void begin_reload(AskedBy asked_by);
    void look_after_reload(MonotonicTime now);
    /// Throws StartError, and what served before serves on.
    void finish_reload();
    void refuse_reload(std::string_view why);
    /// Goes over to what of `settings` is the process's own.
    void adopt(const config::Settings& settings);
    /// What came of a change of addresses: URLs that are listened on, endpoints that are not.
    struct ListeningChange {
        std::vector<std::string> added;
        std::vector<net::Endpoint> retired;
        bool lacks_ipv6 = false;
    };
    /// The workers have to be told. Throws std::bad_alloc, and then nothing has changed.
    [[nodiscard]] ListeningChange listen_on(net::Listeners::Change change);
    void tell_of(const ListeningChange& change);
    void publish(worker::SharedSnapshot snapshot);
    /// Whether all workers serve by `snapshot_`.
    [[nodiscard]] bool is_adopted() const noexcept;
    void look_whether_adopted();
    // What operators ask for, and what they are told: see AdminServer.
    void begin_state();
    /// Opens what those settings ask for; null: they ask for nothing, and there was nothing. Throws
    /// StartError.
    [[nodiscard]] std::optional<AdminServer::Change> open_admin(const config::Settings& settings);
    /// Serves by it, once this process is the service.
    void start_admin();
    void obey_orders();
    void order_reload(SharedOrder order);
    void order_upgrade(SharedOrder order);
    void finish_upgrade_order(OrderResult result);
    void obey_order_to_stop(PendingOrder& order);
    void note_configuration();
    void note_readiness();
    void note_stalls(const Watchdog& watchdog);
    void look_after_roots(MonotonicTime now);
    /// Whether anybody may ask if they are there.
    [[nodiscard]] bool watches_roots() const noexcept;
    /// The orders to reload that came until now are for this one.
    void note_reload_begun();
    void note_reload_refused(std::string_view why);
    void note_reload_published();
    void note_reload_applied();
    static void finish_orders(std::vector<SharedOrder>& orders, const OrderResult& result);
    /// All logs. Gives what is done, to be reported.
    std::string begin_to_reopen_logs();
    void order_reopen(SharedOrder order);
    void look_after_reopening(MonotonicTime now);
    void note_logs();
    /// The last lines, when the workers have ended.
    void finish_log();
    void order_stop(worker::Stop stop) noexcept;
    // What the service manager is told, and keeps.
    [[nodiscard]] std::vector<net::Inherited> take_inherited_sockets();
    void become_service();
    [[nodiscard]] std::string describe_status() const;
    /// The name by which the listeners of one address are kept: printable ASCII without a colon.
    [[nodiscard]] static std::string stored_name(const net::Endpoint& endpoint);
    void store_listeners();
    void ping_service_manager(const Watchdog& watchdog, MonotonicTime now);
    void tell_stopping(worker::Stop stop);
    void tell_reloading();
    void tell_reloaded();
    // An upgrade, as the process that is replaced and as the one that takes over.
    void begin_upgrade();
    /// Throws StartError with what forbids it for good.
    void require_upgradable() const;
    void refuse_upgrade(const std::string& why);
    void look_after_upgrade(MonotonicTime now);
    void abandon_upgrade();
    void hand_over();
    /// Tells those who wait for what this process does not do any more.
    void finish_orders_of_predecessor(const std::string& text);
    void look_after_take_over();

    config::Settings settings_;
    /// Null: there is no configuration that could change.
    const ReadSettings read_settings_;
    std::vector<std::vector<unsigned>> worker_cpus_;
    io::Backend backend_ = io::Backend::uring;
    /// Shared with a reload's job, which may outlive this.
    std::shared_ptr<const worker::ReportSink> reports_;
    OpenLogs logs_;
    /// What is served by, and was by before; that is kept until no worker serves by it, so that its
    /// end takes nobody's time.
    worker::SharedSnapshot snapshot_;
    worker::SharedSnapshot previous_snapshot_;
    std::optional<ReloadJob> reload_;
    AskedBy reload_asked_by_ = AskedBy::signal;
    /// Who asked while it was under way; nothing: nobody.
    std::optional<AskedBy> reloads_again_;
    /// When it has taken so long that a file system does not respond.
    MonotonicTime reload_is_slow_at_ = never;
    bool is_reload_slow_said_ = false;
    /// Whether the thread of an earlier one was left behind.
    bool has_left_reload_ = false;
    /// By worker.
    std::vector<worker::Mailbox> mailboxes_;
    std::optional<worker::Balance> balance_;
    worker::AddressLimit address_limit_;
    worker::SharedDrain drain_;
    /// By worker.
    std::vector<worker::StatisticsBox> statistics_;
    SharedServerState state_;
    /// What `state_` says, for the workers.
    std::atomic<bool> is_ready_ = false;
    std::vector<bool> stalled_;
    RootWatch root_watch_;
    OrderQueue orders_;
    /// Those to reload that wait for their turn, those for which a reload is under way, and those
    /// whose configuration is not served by yet by all workers.
    std::vector<SharedOrder> reload_orders_;
    std::vector<SharedOrder> orders_under_reload_;
    std::vector<SharedOrder> orders_awaiting_adoption_;
    /// Those to open the logs anew, for which that is under way.
    std::vector<SharedOrder> reopen_orders_;
    /// For which an upgrade is under way; null: none.
    SharedOrder upgrade_order_;
    std::uint32_t connections_max_ = 0;
    std::unique_ptr<net::Listeners> listeners_;
    ServiceManager service_manager_;
    /// Whether it is to be given those that it was not for want of memory.
    bool has_to_store_ = false;
    /// How many of this process's sockets it has no room for.
    std::size_t sockets_left_out_ = 0;
    std::chrono::microseconds service_ping_interval_{};
    MonotonicTime service_ping_at_ = never;
    /// Nothing: there was none, or it has let go.
    std::optional<Predecessor> predecessor_;
    /// Whether one was ordered that waits for the outcome of a reload.
    bool upgrade_waits_ = false;
    /// Null: no upgrade is under way.
    std::unique_ptr<Successor> successor_;
    const Invocation invocation_;
    UniqueFd signals_;
    /// Becomes readable when a worker ends.
    EventFd ended_;

    std::atomic<worker::Stop> stop_ = worker::Stop::no;
    /// What a worker that was cut off gets to end before it is left behind, if it hangs.
    static constexpr std::chrono::seconds end_patience{2};
    /// By when every worker should have ended, by the last order of those that were given; `never`:
    /// there was none.
    MonotonicTime end_due_ = never;
    worker::Stop end_due_by_ = worker::Stop::no;
    std::vector<std::unique_ptr<WorkerThread>> threads_;
    /// Nothing: nobody is to be told anything. Last, for its thread uses much of the above.
    std::optional<AdminServer> admin_;
};

}  // namespace torc::server
