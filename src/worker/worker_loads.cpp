// A worker's connections that wait for a load, and peers that go while a file system is waited for.

#include <torc/base/assert.hpp>
#include <torc/worker/worker.hpp>

#include <chrono>

namespace torc::worker {
namespace {

/// How often it is looked whether the peers of connections that wait for loads have gone, and at
/// how many of them at once. In a drain that goes for those that are sent a file as well.
constexpr std::chrono::seconds waiting_peers_interval{1};
/// The same while a stop waits for them.
constexpr std::chrono::milliseconds waiting_peers_drain_interval{100};
constexpr std::size_t waiting_peers_at_once = 256;

}  // namespace

void Worker::start(ConnectionSlot& slot, const Load& load) {
    deadlines_.start(slot, services_.now);
    const bool is_waiting =
        trees_.join(trees_.at(load.tree), load.key, token(Operation::load_open, slot).pack());
    if (!is_waiting) {
        give_up_load(slot);
    } else if (look_at_waiting_peers_at_ == never) {
        look_at_waiting_peers_at_ = next_look_at_waiting_peers();
    }
}

MonotonicTime Worker::next_look_at_waiting_peers() const noexcept {
    return services_.now +
           (services_.is_draining ? waiting_peers_drain_interval : waiting_peers_interval);
}

void Worker::stop_waiting_for_load(ConnectionSlot& slot) noexcept {
    slot.unlink();
    slot.is_busy = false;
    ConnectionTable::renew(slot);
}

void Worker::give_up_load(ConnectionSlot& slot) {
    stop_waiting_for_load(slot);
    Connection& connection = *slot.connection;
    with_memory(slot, [&] {
        perform(slot, connection.awaits_check()
                          ? connection.on_check_given_up()
                          : connection.on_loaded(*loader_services_.overdue_asset));
    });
}

void Worker::hand_out(const site::Site::Loaded& loaded) {
    for (const site::Site::Waiter waiter : loaded.waiters) {
        const io::Token waiting = io::Token::unpack(waiter);
        ConnectionSlot& slot = connections_.at(waiting.slot);
        if (slot.generation != waiting.generation) {
            continue;  // It waits no more.
        }
        TORC_ASSERT(slot.is_loading());
        slot.is_busy = false;
        with_memory(slot, [&] { perform(slot, slot.connection->on_loaded(*loaded.asset)); });
    }
}

void Worker::hand_out_some() {
    while (auto loaded = loader_services_.ended.take()) {
        hand_out(*loaded);
    }
}

void Worker::look_at_waiting_peers() {
    DeadlineList<ConnectionSlot>& loading = deadlines_.loading();
    ConnectionSlot* slot = loading.first();
    for (std::size_t count = 0; slot != nullptr && count < waiting_peers_at_once; ++count) {
        ConnectionSlot* const next = loading.next(*slot);
        const io::PeerState peer = proactor_.peer_state(slot->socket);
        slot->is_half_closed = peer == io::PeerState::half_closed;
        if (peer == io::PeerState::gone) {
            end(*slot);
        }
        slot = next;
    }
    if (services_.is_draining) {
        std::size_t looks_left = waiting_peers_at_once;
        while (ConnectionSlot* const gone =
                   deadlines_.readers().take_gone(services_.now, looks_left)) {
            end(*gone);
        }
    }
    const bool is_due_again = services_.is_draining || loading.first() != nullptr;
    look_at_waiting_peers_at_ = is_due_again ? next_look_at_waiting_peers() : never;
}

}  // namespace torc::worker
