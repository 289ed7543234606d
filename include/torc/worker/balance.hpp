#pragma once

#include <torc/net/accepted.hpp>
#include <torc/worker/mailbox.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace torc::worker {

/// Evens out how many connections the workers have.
///
/// The kernel deals out connections by a hash of their addresses, as blindly as dice: of nine for
/// two workers one often gets seven, and of nine for eight some get none. A worker that accepts one
/// and has clearly more than another hands it over, by the other's mailbox, before anything was
/// read. This is all that workers share, and no request passes here.
///
/// Thread-safe. Workers are named by the index of their mailbox. `give`, `exclude` and `include`
/// are for who watches over the workers.
class Balance {
public:
    /// One mailbox a worker; they outlive this.
    explicit Balance(std::span<Mailbox> mailboxes)
        : mailboxes_(mailboxes), counts_(mailboxes.size()) {}
    Balance(const Balance&) = delete;
    Balance& operator=(const Balance&) = delete;
    ~Balance() = default;

    /// The worker has one more connection, or one less.
    void count_in(std::size_t worker) noexcept { add(worker, 1); }
    void count_out(std::size_t worker) noexcept { subtract(worker, 1); }

    /// How many connections the worker has, those in its mailbox among them.
    [[nodiscard]] std::uint32_t connections(std::size_t worker) const noexcept {
        return counts_[worker].connections.load(std::memory_order_relaxed);
    }

    /// Hands `connection`, which `worker` has just accepted, to the one with the fewest, and counts
    /// it in there. False: it is best kept.
    [[nodiscard]] bool hand_over(std::size_t worker, const net::Accepted& connection) noexcept;
    /// The same for a connection that no worker has; false: there is none to take it.
    [[nodiscard]] bool give(const net::Accepted& connection) noexcept;
    /// Whether `give` has somebody to give to.
    [[nodiscard]] bool has_taker() const noexcept;

    /// Until `include`, the worker is handed nothing. Appends to `connections` what it was handed
    /// and has not taken; that is counted out.
    void exclude(std::size_t worker, std::vector<net::Accepted>& connections);
    void include(std::size_t worker) noexcept;

private:
    static constexpr std::size_t cache_line_bytes = 64;

    struct alignas(cache_line_bytes) Count {
        std::atomic<std::uint32_t> connections = 0;
    };

    void add(std::size_t worker, std::uint32_t connections) noexcept {
        counts_[worker].connections.fetch_add(connections, std::memory_order_relaxed);
    }
    void subtract(std::size_t worker, std::uint32_t connections) noexcept {
        counts_[worker].connections.fetch_sub(connections, std::memory_order_relaxed);
    }
    /// The worker with the fewest connections of those that take any; the number of workers: there
    /// is none.
    [[nodiscard]] std::size_t find_taker() const noexcept;
    [[nodiscard]] bool put(std::size_t worker, const net::Accepted& connection) noexcept;

    const std::span<Mailbox> mailboxes_;
    std::vector<Count> counts_;
};

}  // namespace torc::worker
