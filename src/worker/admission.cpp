#include <torc/base/limits.hpp>
#include <torc/net/listen_address.hpp>
#include <torc/worker/admission.hpp>

#include "format_report.hpp"
#include "peer.hpp"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace torc::worker {
namespace {

/// How many connections are ended at once for others that wait without a descriptor.
constexpr std::size_t evictions_per_iteration_max = 64;
/// How many connections are ended for one that comes, as long as there are more than there should
/// be.
constexpr int evictions_for_one_max = 4;
/// How many connections wait for a slot; each has a descriptor.
constexpr std::size_t parked_max = 16;
/// So long a new connection, whose request is about to be read, need not make room.
constexpr std::chrono::milliseconds fresh_grace{250};
/// So long a peer may read nothing while there are spare slots, and while there are none. A reader
/// that is slow and has just begun reads nothing for seconds, too, as far as the kernel tells: of
/// 20 kB/s the window on a loopback opens each 3 s.
constexpr std::chrono::seconds filled_grace{6};
constexpr std::chrono::seconds filled_grace_min{2};
/// How long the peer of a connection that made room may take nothing of what the kernel still has
/// for it. The kernel counts from when the window was closed first, so this cuts off slow readers
/// too: there is no room for the time of all.
constexpr std::chrono::seconds rest_patience{20};
/// How often room is looked for, a grace apart, before a connection that waits for a slot is
/// refused: for longer than those take that may be ended for it.
constexpr int parked_rounds_max = 10;

/// Empty where there is no memory for it.
std::string host_of(const net::Endpoint& peer) noexcept {
    try {
        return peer.host();
    } catch (const std::bad_alloc&) {
        return {};
    }
}

}  // namespace

void Admission::admit(const net::Accepted& connection) {
    if (parts_.balance != nullptr) {
        if (parts_.shutdown.phase() == Shutdown::Phase::running &&
            parts_.balance->hand_over(parts_.worker, connection)) {
            return;
        }
        parts_.balance->count_in(parts_.worker);
    }
    take_over(connection);
}

void Admission::take_over(const net::Accepted& connection) {
    ++parts_.services.counters.accepted;
    if (parts_.shutdown.is_cutting_off()) {
        cut_off(connection);
    } else if (is_stranger(connection) || !may_have_another(connection)) {
        close_slotless(connection, CloseReason::refused);
    } else {
        give_slot(connection);
    }
}

bool Admission::is_stranger(const net::Accepted& connection) {
    if (connection.proxies == nullptr) {
        return false;
    }
    const auto peer = peer_of(parts_.proactor, connection.socket);
    if (connection.proxies->includes(peer ? net::Address::of(*peer) : std::nullopt)) {
        return false;
    }
    if (stranger_report_.may_report(parts_.services.now)) {
        report(parts_.reports, Report::Severity::warning,
               "connections are refused: {} is none of the proxies in proxy_from, which alone may "
               "connect there",
               peer ? host_of(*peer) : "a client that has gone");
    }
    return true;
}

bool Admission::may_have_another(const net::Accepted& connection) {
    // Of a proxy's connections it is the clients that are counted, once they are known.
    if (parts_.address_limit == nullptr || !parts_.address_limit->is_limited() ||
        connection.proxies != nullptr) {
        return true;
    }
    const auto peer = peer_of(parts_.proactor, connection.socket);
    return !peer || count_client(connection.socket, *peer);
}

bool Admission::may_stay(const ConnectionSlot& slot, const net::Endpoint& client) {
    return parts_.address_limit == nullptr || !parts_.address_limit->is_limited() ||
           count_client(slot.socket, client);
}

bool Admission::count_client(int socket, const net::Endpoint& client) {
    if (client.is_unix() || parts_.address_limit->enter(socket, client.network())) {
        return true;
    }
    if (address_report_.may_report(parts_.services.now)) {
        report(parts_.reports, Report::Severity::warning,
               "connections are refused: {} has {} already, which is all that "
               "--max-connections-per-address allows",
               host_of(client), parts_.services.settings->connections_per_address_max);
    }
    return false;
}

void Admission::give_slot(const net::Accepted& connection) {
    if (staying() >= parts_.connections_max) {
        make_room_for_one();
    }
    ConnectionSlot* const slot = acquire_slot(connection);
    if (slot == nullptr) {
        park(connection);
        return;
    }
    parts_.host.begin(*slot);
}

ConnectionSlot* Admission::acquire_slot(const net::Accepted& connection) noexcept {
    try {
        return parts_.connections.acquire(connection, parts_.services);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void Admission::park(const net::Accepted& connection) {
    parked_rounds_ = 0;
    make_up_room_soon();
    if (parked_.size() == parked_max) {
        const net::Accepted longest_waiting = parked_.front();
        parked_.erase(parked_.begin());
        refuse(longest_waiting);
    }
    try {
        parked_.push_back(connection);
    } catch (const std::bad_alloc&) {
        refuse(connection);
    }
}

void Admission::serve_parked() {
    for (const net::Accepted& connection : std::exchange(parked_, {})) {
        if (parts_.shutdown.is_cutting_off()) {
            cut_off(connection);
        } else {
            give_slot(connection);
        }
    }
}

void Admission::refuse(const net::Accepted& connection) {
    close_slotless(connection, CloseReason::refused);
    if (refusal_report_.may_report(parts_.services.now)) {
        report(
            parts_.reports, Report::Severity::warning,
            "connections are refused: this worker has {}, which is all that its descriptors or its "
            "memory allow, and can spare none of them; raise the limit of descriptors (ulimit -Hn, "
            "LimitNOFILE=)",
            parts_.connections.size());
    }
}

void Admission::cut_off(const net::Accepted& connection) {
    parts_.shutdown.on_unfinished_connection();
    close_slotless(connection, CloseReason::stop);
}

void Admission::close(const ConnectionSlot& slot) {
    if (slot.is_ending) {
        --endings_;
        evictions_ -= static_cast<std::size_t>(evictions_ > 0);
    }
    close_socket(slot.socket);
    parts_.services.counters.count_closed(slot.close_reason);
}

void Admission::close_slotless(const net::Accepted& connection, CloseReason reason) {
    close_socket(connection.socket);
    parts_.services.counters.count_closed(reason);
}

void Admission::close_socket(int socket) {
    if (parts_.address_limit != nullptr) {
        parts_.address_limit->leave(socket);
    }
    parts_.proactor.close(socket);
    if (parts_.balance != nullptr) {
        parts_.balance->count_out(parts_.worker);
    }
}

std::uint32_t Admission::staying() const noexcept {
    return parts_.connections.size() - endings_;
}

void Admission::make_up_room_soon() noexcept {
    make_up_room_at_ = std::min(make_up_room_at_, parts_.services.now + fresh_grace);
}

void Admission::make_room_for(std::size_t connections) {
    const std::size_t wanted = std::min(connections, evictions_per_iteration_max);
    for (std::size_t made = evictions_; made < wanted; ++made) {
        const std::uint32_t before = parts_.connections.size();
        if (!make_room(Urgency::at_once)) {
            return;
        }
        if (parts_.connections.size() == before) {
            ++evictions_;  // It is closed once its operation has completed.
        }
    }
}

void Admission::make_room_for_one() {
    // Where nothing can be spared it is let in all the same, into a spare slot, and served: it may
    // not take long. Before they run out, who does not read is given no time.
    const bool has_spare_slots = parts_.connections.free_slots() > limits::connections_spare / 2;
    const Urgency urgency = has_spare_slots ? Urgency::can_wait : Urgency::at_once;
    for (int made = 0; made < evictions_for_one_max; ++made) {
        if (staying() < parts_.connections_max) {
            return;
        }
        if (!make_room(urgency)) {
            make_up_room_soon();
            return;
        }
    }
}

void Admission::expire() {
    if (parts_.services.now < make_up_room_at_) {
        return;
    }
    make_up_room_at_ = never;
    const Urgency urgency = parked_.empty() ? Urgency::can_wait : Urgency::at_once;
    for (std::size_t made = 0; staying() > parts_.connections_max; ++made) {
        if (made == evictions_per_iteration_max || !make_room(urgency)) {
            make_up_room_soon();
            break;
        }
    }
    if (parked_.empty() || endings_ > 0) {
        return;
    }
    if (++parked_rounds_ < parked_rounds_max) {
        make_up_room_soon();
    } else {
        // Nobody who has a slot can be spared.
        std::ranges::for_each(std::exchange(parked_, {}),
                              [this](const net::Accepted& connection) { refuse(connection); });
    }
}

bool Admission::make_room(Urgency urgency) {
    ConnectionSlot* const chosen = find_expendable(urgency);
    if (chosen == nullptr) {
        return false;
    }
    // All may be sent and nothing read: the kernel has it, for minutes if nobody tells it.
    parts_.proactor.give_up_after(chosen->socket, rest_patience);
    chosen->close_reason = CloseReason::evicted;
    parts_.host.end(*chosen);
    return true;
}

ConnectionSlot* Admission::find_expendable(Urgency urgency) {
    const MonotonicTime now = parts_.services.now;
    if (ConnectionSlot* const slot = parts_.deadlines.find_longest_waiting(now, fresh_grace)) {
        return slot;
    }
    if (ConnectionSlot* const slot =
            find_slow_reader(urgency == Urgency::at_once ? filled_grace_min : filled_grace)) {
        return slot;
    }
    parts_.host.end_gone_peers();
    return parts_.deadlines.find_longest_loading(
        now, urgency == Urgency::at_once ? std::chrono::milliseconds(0) : fresh_grace);
}

ConnectionSlot* Admission::find_slow_reader(std::chrono::nanoseconds patience) {
    ConnectionSlot* const slowest =
        parts_.deadlines.readers().find_slowest(parts_.services.now, patience);
    if (slowest != nullptr && slow_reader_report_.may_report(parts_.services.now)) {
        report(
            parts_.reports, Report::Severity::warning,
            "responses are cut off: all {} connections that this worker's descriptors or memory "
            "allow are taken, and some clients take less than {} bytes a second (--min-rate); "
            "raise the limit of descriptors (ulimit -Hn, LimitNOFILE=), or let fewer connections "
            "in from one address (--max-connections-per-address)",
            parts_.connections_max, parts_.services.settings->bytes_per_second_min);
    }
    return slowest;
}

}  // namespace torc::worker
