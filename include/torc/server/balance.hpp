#pragma once

#include <torc/io/proactor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace torc::server {

/// Evens out how many connections the workers have.
///
/// The kernel deals out connections by a hash of their addresses, as blindly as dice: of nine for
/// two workers one often gets seven, and of nine for eight some get none. A worker that accepts one
/// and has clearly more than another hands it over before anything was read. This is all that
/// workers share, and no request passes here.
///
/// Thread-safe; a seat's owner is the thread of its worker.
class Balance {
public:
    explicit Balance(std::size_t workers) : seats_(workers) {}
    Balance(const Balance&) = delete;
    Balance& operator=(const Balance&) = delete;
    ~Balance() = default;

    using Seat = std::size_t;

    /// From now on others may hand connections to the worker of `seat`; its proactor is then woken.
    void join(Seat seat, io::Proactor& proactor);
    /// And from now on no more. Appends to `sockets` what was handed over and not taken yet.
    void leave(Seat seat, std::vector<int>& sockets);

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

    /// Hands `socket`, which the worker of `seat` has just accepted, to the one with the fewest
    /// connections, and counts it in there. False: it is best kept.
    [[nodiscard]] bool hand_over(Seat seat, int socket);

    /// Whether there is something for `take`.
    [[nodiscard]] bool has_handed(Seat seat) const noexcept {
        return seats_[seat].has_handed.load(std::memory_order_acquire);
    }
    /// Appends to `sockets` what was handed to the worker of `seat`; counted in already.
    void take(Seat seat, std::vector<int>& sockets);

private:
    static constexpr std::size_t cache_line_bytes = 64;

    struct alignas(cache_line_bytes) Place {
        std::atomic<std::uint32_t> connections = 0;
        std::atomic<bool> has_handed = false;
        std::mutex mutex;
        std::vector<int> handed;
        /// Null: nothing may be handed over.
        io::Proactor* proactor = nullptr;
    };

    std::vector<Place> seats_;
};

}  // namespace torc::server
