#pragma once

#include <torc/net/accepted.hpp>
#include <torc/worker/connection.hpp>
#include <torc/worker/counters.hpp>
#include <torc/worker/deadline_list.hpp>
#include <torc/worker/pace.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace torc::worker {

/// Where the peer of a connection is.
enum class PeerPlace : std::uint8_t { unknown, here, elsewhere };

/// A place for one connection: its socket and what is in flight on it.
struct ConnectionSlot : DeadlineLink {
    std::uint32_t index = 0;
    /// Goes up whenever the slot is given to another connection; 24 bits, as in io::Token.
    std::uint32_t generation = 0;
    int socket = -1;
    /// Which listener it came to; see net::Accepted.
    std::uint32_t listener = 0;
    /// Whether the connection begins with a PROXY header.
    bool is_by_proxy = false;
    /// True while an operation is in flight, or a load is waited for: the slot can't be given back.
    bool is_busy = false;
    /// The peer has ended its own stream, when that was last looked at.
    bool is_half_closed = false;
    /// Looked at when a file is sent for the first time.
    PeerPlace peer_place = PeerPlace::unknown;
    /// A send fell short once, so the peer reads slowly and may have ended its own stream: all
    /// further sends are Proactor::send_rest.
    bool sends_by_rest = false;
    /// The socket was shut down; close when the operation in flight has completed.
    bool is_ending = false;
    /// Whether its deadline is that of Connection::awaits_introduction.
    bool is_in_introductions = false;
    /// See ConnectionTable::begin_late.
    std::uint32_t late_round = 0;
    /// What it counts as when it is closed.
    CloseReason close_reason = CloseReason::client;
    /// That of the connection when its deadline was last set.
    State state = State::idle;
    /// How fast the peer takes what it is sent, or while the connection lingers sends what nobody
    /// wants.
    Pace pace;
    /// See io::PeerProgress, when that was last looked at.
    std::uint32_t queued_bytes = 0;
    std::optional<Connection> connection;

    /// Whether the connection waits for a load, and so no operation is in flight on it.
    [[nodiscard]] bool is_loading() const noexcept { return is_busy && state == State::loading; }
};

/// One worker's connections, at most as many as it was made for. Grows by chunks that never move
/// and are never given back, so the memory is that of the most connections there ever were.
class ConnectionTable {
public:
    explicit ConnectionTable(std::uint32_t slots_max) : slots_max_(slots_max) {}

    /// A free slot with a fresh connection; null when all are taken.
    [[nodiscard]] ConnectionSlot* acquire(const net::Accepted& accepted, Services& services);
    /// Precondition: nothing is in flight.
    void release(ConnectionSlot& slot);
    /// Makes tokens that were made for the slot until now those of a past connection.
    static void renew(ConnectionSlot& slot) noexcept {
        slot.generation = (slot.generation + 1) & 0xff'ffffU;
    }

    [[nodiscard]] ConnectionSlot& at(std::uint32_t index) noexcept {
        return (*chunks_[index / chunk_slots])[index % chunk_slots];
    }

    /// How many more can be taken.
    [[nodiscard]] std::uint32_t free_slots() const noexcept { return slots_max_ - taken_; }
    /// How many there are.
    [[nodiscard]] std::uint32_t size_max() const noexcept { return slots_max_; }
    /// How many slots are taken.
    [[nodiscard]] std::uint32_t size() const noexcept { return taken_; }

    /// From now on whoever comes is late; who is there is not, any more.
    void begin_late() noexcept {
        ++late_round_;
        late_ = 0;
    }
    /// How many are there that are not late.
    [[nodiscard]] std::uint32_t early_size() const noexcept { return taken_ - late_; }

    /// Calls `visit` with those of `slots` slots, from the one with index `first` on, that are
    /// taken; it may release that one, and must not acquire any. Gives the index behind them, or 0
    /// when there are no more.
    template <typename Visit>
    std::uint32_t visit(std::uint32_t first, std::uint32_t slots, Visit visit) {
        const std::uint32_t end = first + std::min(slots, made_ - first);
        for (std::uint32_t index = first; index < end; ++index) {
            if (ConnectionSlot& slot = at(index); slot.connection) {
                visit(slot);
            }
        }
        return end < made_ ? end : 0;
    }

private:
    static constexpr std::uint32_t chunk_slots = 64;
    using Chunk = std::array<ConnectionSlot, chunk_slots>;

    std::uint32_t slots_max_;
    std::uint32_t made_ = 0;
    std::uint32_t taken_ = 0;
    /// 0: nobody is late.
    std::uint32_t late_round_ = 0;
    /// Of those that are taken.
    std::uint32_t late_ = 0;
    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::vector<std::uint32_t> free_;
};

}  // namespace torc::worker
