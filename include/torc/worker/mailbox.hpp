#pragma once

#include <torc/io/proactor.hpp>
#include <torc/net/accepted.hpp>
#include <torc/worker/stop.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace torc::worker {

struct Snapshot;

/// What other threads have for a worker.
struct Mail {
    /// Handed over by other workers; whoever takes the mail owns the sockets.
    std::vector<net::Accepted> connections;
    /// The most urgent order so far; taking the mail does not take it back.
    Stop stop = Stop::no;
    /// What is to be served by from now on; null: no change.
    std::shared_ptr<const Snapshot> snapshot;
    /// Somebody waits for its StatisticsBox to be updated.
    bool wants_statistics = false;
};

/// The one way by which other threads reach a worker: they put mail in and wake the worker, its
/// thread takes all of it at once.
///
/// Thread-safe. A mutex guards the mail, for moments; an iteration of the worker that finds none
/// takes no lock, for `has_mail` is a single load. The mailbox outlives the worker and its
/// proactor, so others need not know whether these still run.
class alignas(64) Mailbox {
public:
    Mailbox() = default;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;
    ~Mailbox() = default;

    // For the worker's own thread.

    /// From now on connections may be handed over, and `proactor` is woken when mail comes. It is
    /// woken at once, for what came before.
    void open(io::Proactor& proactor) noexcept;
    /// Whether there is something to take.
    [[nodiscard]] bool has_mail() const noexcept {
        return has_mail_.load(std::memory_order_acquire);
    }
    /// Replaces `mail` by what is there. Allocates nothing: the two lists of connections are
    /// exchanged. Of several snapshots the last one counts.
    void take(Mail& mail) noexcept;
    /// The worker serves by the snapshot of this generation by now.
    void note_generation(std::uint64_t generation) noexcept {
        generation_.store(generation, std::memory_order_release);
    }
    /// From now on no connections are handed over; those that were are still to be taken.
    void stop_hand_overs() noexcept;
    /// From now on nobody is woken: the proactor may go. Precondition: hand-overs were stopped, and
    /// those before that taken.
    void close() noexcept;

    // For any thread.

    /// Hands a connection over, whose socket is then the worker's. False: the worker takes none
    /// now, or there is no memory; it is still the caller's.
    [[nodiscard]] bool hand_over(const net::Accepted& connection) noexcept;
    /// Orders the worker to stop. A less urgent order than an earlier one has no effect.
    void order(Stop stop) noexcept;
    /// Has the worker serve by `snapshot` from its next iteration on, unless a later one waits
    /// there.
    void publish(std::shared_ptr<const Snapshot> snapshot) noexcept;
    /// The generation of the snapshot that the worker serves by.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return generation_.load(std::memory_order_acquire);
    }
    /// Has the worker update its StatisticsBox, if it has one.
    void ask_for_statistics() noexcept;
    /// Makes the worker's loop look up from its wait, if it runs.
    void wake() noexcept;
    /// Whether `hand_over` would be taken, as of a moment ago.
    [[nodiscard]] bool takes_connections() const noexcept {
        return takes_connections_.load(std::memory_order_relaxed);
    }

    // For who watches over a worker that may hang.

    /// Until `resume_hand_overs`, no connections are handed over. Appends those that were and are
    /// not taken yet.
    void suspend_hand_overs(std::vector<net::Accepted>& connections);
    void resume_hand_overs() noexcept;

private:
    // All of these are called with the mutex held.
    void announce() noexcept;
    void update_takes_connections() noexcept;

    std::atomic<bool> has_mail_ = false;
    /// What `proactor_`, `has_stopped_` and `is_suspended_` come to, for a look without the lock.
    std::atomic<bool> takes_connections_ = false;
    std::atomic<std::uint64_t> generation_ = 0;
    std::mutex mutex_;
    Mail mail_;
    /// Null: the worker does not run.
    io::Proactor* proactor_ = nullptr;
    bool has_stopped_ = false;
    bool is_suspended_ = false;
};

}  // namespace torc::worker
