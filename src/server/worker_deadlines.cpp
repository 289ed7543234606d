// How long a worker's connections may wait, and which of them end for others when there is no room.

#include <torc/base/limits.hpp>
#include <torc/server/worker.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <chrono>

namespace torc::server {
namespace {

/// How many connections are ended at once for others that wait without a descriptor.
constexpr std::size_t evictions_per_iteration_max = 64;
/// So long a new connection, whose request is about to be read, need not make room.
constexpr std::chrono::milliseconds fresh_grace{250};

}  // namespace

void Worker::set_deadline(ConnectionSlot& slot) {
    switch (slot.connection->waiting()) {
        case Waiting::idle:
            if (services_.is_draining && slot.connection->is_fresh()) {
                graces_.start(slot, services_.now);
            } else {
                idle_.start(slot, services_.now);
            }
            break;
        case Waiting::request:
            // From the first byte: sending one more now and then does not buy time.
            if (!slot.is_linked() || slot.waiting != Waiting::request) {
                requests_.start(slot, services_.now);
            }
            break;
        case Waiting::peer:
            sends_.start(slot, services_.now);
            break;
        case Waiting::linger:
            if (!slot.is_linked() || slot.waiting != Waiting::linger) {
                lingers_.start(slot, services_.now);
            }
            break;
        case Waiting::asset:
            loading_.start(slot, services_.now);
            break;
    }
    slot.waiting = slot.connection->waiting();
}

MonotonicTime Worker::next_deadline() {
    if (cut_off_next_ || (stop_ == Stop::drain && idle_.first() != nullptr)) {
        return MonotonicTime::min();  // The next iteration goes on with them.
    }
    return std::min({idle_.next(), requests_.next(), sends_.next(), slow_sends_.next(),
                     lingers_.next(), graces_.next(), loading_.next(), look_at_waiting_peers_at_,
                     loader_.next_deadline(), acceptor_.next_deadline(), stop_deadline_,
                     stop_listening_at_, leave_at_, outboxes_.due_at(),
                     access_log_ ? access_log_->due_at() : never});
}

void Worker::expire() {
    std::size_t rest = limits::shutdowns_per_iteration_max;
    for (DeadlineList<ConnectionSlot>* list : {&idle_, &lingers_, &graces_}) {
        for (; rest > 0; --rest) {
            ConnectionSlot* slot = list->take_expired(services_.now);
            if (slot == nullptr) {
                break;
            }
            end(*slot);
        }
    }
    for (; rest > 0; --rest) {
        ConnectionSlot* slot = sends_.take_expired(services_.now);
        if (slot == nullptr) {
            break;
        }
        // In two halves: a reader who is slow but acknowledges something in each gets its time.
        slot->acknowledged_bytes = proactor_.acknowledged_bytes(slot->socket);
        slow_sends_.start(*slot, services_.now);
    }
    for (; rest > 0; --rest) {
        ConnectionSlot* slot = slow_sends_.take_expired(services_.now);
        if (slot == nullptr) {
            break;
        }
        const std::uint64_t acknowledged = proactor_.acknowledged_bytes(slot->socket);
        if (slot->acknowledged_bytes == acknowledged) {
            end(*slot);
        } else {
            slot->acknowledged_bytes = acknowledged;
            slow_sends_.start(*slot, services_.now);
        }
    }
    for (; rest > 0; --rest) {
        ConnectionSlot* slot = requests_.take_expired(services_.now);
        if (slot == nullptr) {
            break;
        }
        // Ends the receive in flight; the connection then answers 408.
        slot->connection->time_out();
        proactor_.shutdown(slot->socket, SHUT_RD);
    }
    for (; rest > 0; --rest) {
        ConnectionSlot* slot = loading_.take_expired(services_.now);
        if (slot == nullptr) {
            break;
        }
        give_up_load(*slot);
    }
    if (services_.now >= look_at_waiting_peers_at_) {
        look_at_waiting_peers();
    }
    if (services_.now >= loader_.next_deadline()) {
        loader_.stop_waiting_for_root(services_.now);
    }
    outboxes_.give_back_unused(services_.now);
    if (services_.now >= acceptor_.next_deadline()) {
        evictions_ = 0;  // Whatever became of them, it was not enough.
        acceptor_.expire(services_.now);
    }
    if (services_.now >= stop_listening_at_) {
        stop_listening();
    }
}

void Worker::make_room_for(std::size_t connections) {
    const std::size_t wanted = std::min(connections, evictions_per_iteration_max);
    for (std::size_t made = evictions_; made < wanted; ++made) {
        const std::uint32_t before = connections_.size();
        if (!make_room()) {
            return;
        }
        if (connections_.size() == before) {
            ++evictions_;  // It is closed once its operation has completed.
        }
    }
}

bool Worker::make_room() {
    // Who has waited longest, first of those that want nothing, last of those who began a request:
    // many who begin one and never end it must not keep everybody else out until their deadline.
    ConnectionSlot* chosen = idle_.first();
    for (DeadlineList<ConnectionSlot>* list : {&lingers_, &requests_}) {
        if (chosen == nullptr || has_just_come(*chosen)) {
            chosen = list->first();
        }
    }
    if (chosen == nullptr || has_just_come(*chosen)) {
        chosen = most_expendable_loading();
    }
    if (chosen == nullptr) {
        chosen = slow_sends_.first();
    }
    if (chosen != nullptr) {
        end(*chosen);
    }
    return chosen != nullptr;
}

bool Worker::has_just_come(const ConnectionSlot& slot) const noexcept {
    return slot.waiting == Waiting::idle && slot.connection->is_fresh() &&
           services_.now < slot.deadline - settings_.timeouts.idle + fresh_grace;
}

}  // namespace torc::server
