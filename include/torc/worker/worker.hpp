#pragma once

#include <torc/base/clock.hpp>
#include <torc/config/settings.hpp>
#include <torc/io/proactor.hpp>
#include <torc/net/listening_sockets.hpp>
#include <torc/site/cache/cache_budget.hpp>
#include <torc/site/site.hpp>
#include <torc/worker/acceptor.hpp>
#include <torc/worker/access_control.hpp>
#include <torc/worker/access_logs.hpp>
#include <torc/worker/address_limit.hpp>
#include <torc/worker/admission.hpp>
#include <torc/worker/balance.hpp>
#include <torc/worker/connection_table.hpp>
#include <torc/worker/deadlines.hpp>
#include <torc/worker/hosted_tree.hpp>
#include <torc/worker/hosting.hpp>
#include <torc/worker/loader_services.hpp>
#include <torc/worker/mailbox.hpp>
#include <torc/worker/operation.hpp>
#include <torc/worker/report.hpp>
#include <torc/worker/report_limiter.hpp>
#include <torc/worker/response_batch.hpp>
#include <torc/worker/shared_drain.hpp>
#include <torc/worker/shutdown.hpp>
#include <torc/worker/snapshot.hpp>
#include <torc/worker/statistics.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace torc::worker {

/// What one worker is made of. What it points to outlives it.
struct WorkerOptions {
    /// What it serves by at first. Others come by the mailbox.
    SharedSnapshot snapshot;
    /// The worker's share of what the process may keep.
    site::CacheLimits cache_limits{};
    net::ListeningSockets* listeners = nullptr;
    const ReportSink* reports = nullptr;
    std::uint32_t connections_max = 1024;
    /// Where orders to stop and connections from other workers come in. Never null.
    Mailbox* mailbox = nullptr;
    /// Shared with the other workers; null: there are none.
    Balance* balance = nullptr;
    /// The index of the mailbox among those of `balance`.
    std::size_t index = 0;
    /// Shared too; null: there is no limit.
    AddressLimit* address_limit = nullptr;
    /// Shared with the other workers; null: there are none.
    SharedDrain* drain = nullptr;
    /// Where it tells of itself when the mailbox asks for that; null: nowhere.
    StatisticsBox* statistics = nullptr;
    /// Whether requests are to be sent to this server, for who asks at the health path; null: yes.
    const std::atomic<bool>* is_ready = nullptr;
};

/// One thread's loop: waits for completions, hands each to the connection or load that it belongs
/// to, and starts what that wants next. Owns its connections, its cache and its log; shares
/// nothing.
class Worker final : private Admission::Host {
public:
    Worker(io::Proactor& proactor, WorkerOptions options);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    /// Serves until it is told to stop and everything in flight is over: `begin_serving`, `iterate`
    /// until `has_left`, `finish`. Returns what `finish` does.
    [[nodiscard]] bool run();

    // What `run` is made of, for whoever drives the loop: a simulation, or a test.

    /// Begins to accept connections and mail. Call once.
    void begin_serving();
    /// One iteration of the loop: waits until something completes, mail comes or a deadline passes,
    /// then does all that follows from it. Memory that runs out costs a connection or a part of the
    /// iteration that the next one makes up for. Precondition: begin_serving() was called, and not
    /// has_left().
    void iterate();
    /// Whether the worker was told to stop and has done so.
    [[nodiscard]] bool has_left() const noexcept { return shutdown_.has_left(); }
    /// Ends what `begin_serving` began, and pushes the last lines of the access log. Returns false
    /// if connections were cut off that were not idle, by the drain timeout or by an order to stop
    /// at once. Call once, after has_left().
    [[nodiscard]] bool finish();

    /// How many iterations of the loop have begun; from any thread. One that stays the same after a
    /// Mailbox::wake tells that the loop hangs.
    [[nodiscard]] std::uint64_t iterations() const noexcept {
        return iterations_.load(std::memory_order_relaxed);
    }

    /// True when a stop gave up on some that did not end: the kernel may still use the memory of
    /// this worker and of its proactor, so neither may be destroyed. Files that are still being
    /// closed do not count (see Proactor::has_blocking_calls).
    [[nodiscard]] bool has_operations_in_flight() const noexcept;

private:
    void look_at_clocks();
    void dispatch_all(std::span<const io::Completion> completions);
    /// Slots and descriptors of connections that were closed go to those that wait for them.
    void use_freed_slots();

    // The first switch: what a completion means.
    void dispatch(const io::Completion& completion);
    /// A failed allocation costs the connection that asked for memory and no other: what throws
    /// std::bad_alloc on a connection's behalf ends it.
    template <typename Step>
    void with_memory(ConnectionSlot& slot, Step step) {
        try {
            step();
        } catch (const std::bad_alloc&) {
            lose(slot);
        }
    }
    [[gnu::cold]] void lose(ConnectionSlot& slot);
    void report_lost_completions();
    [[gnu::cold]] void lose_connection_of(const io::Completion& completion);
    [[gnu::noinline]] void accepted(const io::Completion& completion);
    void connection_completed(const io::Completion& completion);
    [[gnu::cold]] void report_refused_opening(const ConnectionSlot& slot);

    // The second switch: what an action does.
    void perform(ConnectionSlot& slot, const Action& action);
    void start(ConnectionSlot& slot, const Receive& receive);
    void start(ConnectionSlot& slot, const Send& send);
    // Not inlined: `perform` would save registers for these, and most actions are the two above.
    [[gnu::noinline]] void start(ConnectionSlot& slot, const SendFile& send);
    [[gnu::noinline]] void start(ConnectionSlot& slot, const Load& load);
    [[gnu::noinline]] void start(ConnectionSlot& slot, const Verify& verify);
    [[gnu::noinline]] void start(ConnectionSlot& slot, const Introduce& introduce);
    [[gnu::noinline]] void start(ConnectionSlot& slot, const Linger& linger);
    [[gnu::noinline]] void start(ConnectionSlot& slot, const Close& close);
    void hand_out(const site::Site::Loaded& loaded);
    void hand_out_ended() {
        if (loader_services_.ended.has_some()) {
            hand_out_some();
        }
    }
    [[gnu::noinline]] void hand_out_some();
    /// A password was checked: lets those go on who waited for that.
    [[gnu::noinline]] void access_checked(const io::Completion& completion);
    /// Takes a connection out of the wait for a load or a check, whose end then passes it by.
    static void stop_waiting_for_load(ConnectionSlot& slot) noexcept;
    /// Responds 503 to a connection that has waited long enough, or need not wait.
    void give_up_load(ConnectionSlot& slot);
    /// Closes connections whose peers have gone while they wait for loads, and in a drain those
    /// whose peers have gone while the file system is waited for.
    void look_at_waiting_peers();
    [[nodiscard]] MonotonicTime next_look_at_waiting_peers() const noexcept;

    // What Admission asks for.
    void begin(ConnectionSlot& slot) override;
    /// Shuts the socket down; the completion of what is in flight closes it.
    void end(ConnectionSlot& slot) override;
    void end_gone_peers() override { look_at_waiting_peers(); }

    /// Takes what other threads have put into the mailbox, if anything.
    void take_mail();
    void take_over_connections();
    /// Throws std::bad_alloc: it serves by what it did.
    void adopt(SharedSnapshot snapshot);
    void adopt_or_retry(SharedSnapshot snapshot);
    /// Tells a connection who its peer is.
    void introduce_peer(ConnectionSlot& slot);
    /// Tells it that its client is `client`, which its PROXY header names.
    void introduce(ConnectionSlot& slot, const net::Endpoint& client) const;
    void report_proxy_header(const ConnectionSlot& slot, std::string_view error);
    /// The same of all that do not know it yet, if there are areas that are not for everybody.
    void introduce_all_peers();
    void admit_accepted();
    void close(ConnectionSlot& slot);

    /// Counts the connections by their states, some thousands in an iteration, and then updates the
    /// statistics.
    void take_census();
    /// But for the census.
    void write_statistics(Statistics& statistics) const;

    void end_expired();
    void expire();
    [[nodiscard]] MonotonicTime next_deadline();

    void obey_stop();
    void perform(Shutdown::Step step);
    /// Tells the others whether this one is waited for; if it accepts still, whether it goes on.
    void look_after_drain();
    /// Whether the drain waits for connections of this worker.
    enum class Waits : std::uint8_t { no, yes };
    void wait_in_drain(Waits waits) noexcept;
    [[nodiscard]] ListenersAfterwards begin_drain();
    void end_idle_connections();
    void cut_off_connections(std::uint32_t first);
    /// The listeners' queues and what was handed over are served, or cut off, as they close.
    void close_listeners();
    [[nodiscard]] Shutdown::Remaining remaining() const noexcept;

    [[nodiscard]] static io::Token token(Operation operation, const ConnectionSlot& slot) noexcept;

    io::Proactor& proactor_;
    const ReportSink& reports_;
    Mailbox& mailbox_;

    site::CacheBudgets budgets_;
    LoaderServices loader_services_;
    HostedTrees trees_;
    Hosting hosting_;
    AccessControl access_control_;
    ResponseBatchPool batches_;
    AccessLogs access_logs_;
    Services services_;

    Deadlines deadlines_;
    MonotonicTime look_at_waiting_peers_at_ = never;
    bool has_reported_lost_completions_ = false;
    ReportLimiter memory_report_;
    ReportLimiter opening_report_;
    ReportLimiter proxy_header_report_;
    ReportLimiter descriptor_report_;
    ConnectionTable connections_;

    Shutdown shutdown_;
    SharedDrain drain_alone_{1};
    SharedDrain* drain_;
    Waits waits_in_drain_ = Waits::yes;
    /// When the late ones began to be late.
    MonotonicTime late_since_{};
    Acceptor acceptor_;
    Admission admission_;
    /// Whether a connection was closed since slots were given to those that wait.
    bool has_closed_ = false;
    /// Room for what the listeners give.
    std::vector<net::Accepted> accepted_;
    /// What was taken from the mailbox last.
    Mail mail_;
    /// Null: nobody wants them.
    StatisticsBox* const statistics_;
    /// The connections before the slot `census_next_`, while they are counted.
    ConnectionCensus census_;
    std::uint32_t census_next_ = 0;
    /// Written by the worker's thread alone.
    std::atomic<std::uint64_t> iterations_ = 0;
};

}  // namespace torc::worker
