#include <torc/base/assert.hpp>
#include <torc/worker/connection_table.hpp>

namespace torc::worker {

ConnectionSlot* ConnectionTable::acquire(const net::Accepted& accepted, Services& services) {
    std::uint32_t index = made_;
    if (!free_.empty()) {
        index = free_.back();
        free_.pop_back();
    } else if (made_ < slots_max_) {
        if (made_ % chunk_slots == 0) {
            chunks_.push_back(std::make_unique<Chunk>());
            // Room for all of them, so that `release` never allocates.
            free_.reserve(chunks_.size() * chunk_slots);
        }
        ++made_;
    } else {
        return nullptr;
    }
    ConnectionSlot& slot = at(index);
    TORC_ASSERT(!slot.connection && !slot.is_busy && !slot.is_linked());
    ++taken_;
    slot.index = index;
    renew(slot);
    slot.socket = accepted.socket;
    slot.listener = accepted.listener;
    slot.is_by_proxy = accepted.proxies != nullptr;
    slot.is_ending = false;
    slot.is_in_introductions = false;
    slot.late_round = late_round_;
    late_ += static_cast<std::uint32_t>(late_round_ > 0);
    slot.close_reason = CloseReason::client;
    slot.is_half_closed = false;
    slot.peer_place = PeerPlace::unknown;
    slot.sends_by_rest = false;
    slot.pace = Pace();
    slot.state = State::idle;
    slot.connection.emplace(services);
    return &slot;
}

void ConnectionTable::release(ConnectionSlot& slot) {
    TORC_ASSERT(slot.connection && !slot.is_busy);
    slot.unlink();
    slot.connection.reset();
    slot.socket = -1;
    --taken_;
    late_ -= static_cast<std::uint32_t>(late_round_ > 0 && slot.late_round == late_round_);
    free_.push_back(slot.index);
}

}  // namespace torc::worker
