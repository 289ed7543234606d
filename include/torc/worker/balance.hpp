#pragma once

#include <torc/io/proactor.hpp>
#include <torc/net/accepted.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace torc::worker {

/// Evens out how many connections the workers have.
///
/// The kernel deals out connections by a hash of their addresses, as blindly as dice: of nine for
/// two workers one often gets seven, and of nine for eight some get none. A worker that accepts one
/// and has clearly more than another hands it over before anything was read. This is all that
/// workers share, and no request passes here.
///
/// Thread-safe; a seat's owner is the thread of its worker. `give`, `exclude` and `include` are for
/// who watches over the workers.
class Balance {
public:
    explicit Balance(std::size_t workers) : seats_(workers) {}
    Balance(const Balance&) = delete;
    Balance& operator=(const Balance&) = delete;
    ~Balance() = default;

    using Seat = std::size_t;

    /// From now on others may hand connections to the worker of `seat`; its proactor is then woken.
    void join(Seat seat, io::Proactor& proactor);
    /// And from now on no more. Appends to `connections` what was handed over and not taken yet.
    void leave(Seat seat, std::vector<net::Accepted>& connections);

    /// The worker of `seat` has one more connection, or one less.
    void count_in(Seat seat) noexcept {
        seats_[seat].connections.fetch_add(1, std::memory_order_relaxed);
    }
    void count_out(Seat seat) noexcept {
        seats_[seat].connections.fetch_sub(1, std::memory_order_relaxed);
    }

    [[nodiscard]] std::uint32_t connections(Seat seat) const noexcept {
        return seats_[seat].connections.load(std::memory_order_relaxed);
    }

    /// Hands `connection`, which the worker of `seat` has just accepted, to the one with the fewest
    /// connections, and counts it in there. False: it is best kept.
    [[nodiscard]] bool hand_over(Seat seat, const net::Accepted& connection);
    /// The same for one that no worker has; false: there is none to take it.
    [[nodiscard]] bool give(const net::Accepted& connection);
    /// Whether `give` has somebody to give to.
    [[nodiscard]] bool has_taker() const noexcept;

    /// Until `include`, the worker of `seat` is handed nothing. Appends to `connections` what it
    /// was handed and has not taken; that is counted out.
    void exclude(Seat seat, std::vector<net::Accepted>& connections);
    void include(Seat seat);

    /// Whether there is something for `take`.
    [[nodiscard]] bool has_handed(Seat seat) const noexcept {
        return seats_[seat].has_handed.load(std::memory_order_acquire);
    }
    /// Appends to `connections` what was handed to the worker of `seat`; counted in already.
    void take(Seat seat, std::vector<net::Accepted>& connections);

private:
    static constexpr std::size_t cache_line_bytes = 64;

    struct alignas(cache_line_bytes) Place {
        std::atomic<std::uint32_t> connections = 0;
        std::atomic<bool> has_handed = false;
        std::mutex mutex;
        std::vector<net::Accepted> handed;
        /// Null: nothing may be handed over.
        io::Proactor* proactor = nullptr;
        bool is_excluded = false;
        /// What these two come to, for a look without the lock.
        std::atomic<bool> is_taker = false;
    };

    /// The worker with the fewest connections of those that take any; null: there is none.
    [[nodiscard]] Place* find_taker() noexcept;
    [[nodiscard]] static bool put(Place& place, const net::Accepted& connection);
    static void take_from(Place& place, std::vector<net::Accepted>& connections);

    std::vector<Place> seats_;
};

}  // namespace torc::worker
