// A worker's connections that wait for the check of a password, and who their peers are.

#include <torc/base/assert.hpp>
#include <torc/net/address_range.hpp>
#include <torc/worker/worker.hpp>

#include "peer.hpp"

#include <optional>

namespace torc::worker {

void Worker::start(ConnectionSlot& slot, const Verify& verify) {
    deadlines_.start(slot, services_.now);
    const bool is_waiting =
        access_control_.join(*verify.attempt, token(Operation::password_check, slot).pack());
    if (!is_waiting) {
        give_up_load(slot);
    } else if (look_at_waiting_peers_at_ == never) {
        look_at_waiting_peers_at_ = next_look_at_waiting_peers();
    }
}

void Worker::access_checked(const io::Completion& completion) {
    access_control_.completed(completion, services_.now);
    while (const AccessControl::Checked* const checked = access_control_.take_ended()) {
        for (const AccessControl::Waiter waiter : checked->waiters) {
            const io::Token waiting = io::Token::unpack(waiter);
            ConnectionSlot& slot = connections_.at(waiting.slot);
            if (slot.generation != waiting.generation) {
                continue;  // It waits no more.
            }
            TORC_ASSERT(slot.is_loading());
            slot.is_busy = false;
            with_memory(slot, [&] { perform(slot, slot.connection->on_access_checked()); });
        }
    }
}

void Worker::introduce_peer(ConnectionSlot& slot) {
    const auto peer = peer_of(proactor_, slot.socket);
    slot.connection->set_peer(peer ? net::Address::of(*peer) : std::nullopt);
    if (services_.access_logs != nullptr) {
        slot.connection->set_remote_address(peer ? peer->host() : "-", peer ? peer->port() : 0);
    }
}

void Worker::introduce_all_peers() {
    const bool logs = services_.access_logs != nullptr;
    if (logs || hosting_.has_restricted_areas()) {
        connections_.visit(0, connections_.size_max(), [this, logs](ConnectionSlot& slot) {
            if (!slot.connection->knows_peer() ||
                (logs && !slot.connection->has_remote_address())) {
                introduce_peer(slot);
            }
        });
    }
}

}  // namespace torc::worker
