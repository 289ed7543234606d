// How long a worker's connections may wait, and which of them end for others when there is no room.

#include <torc/base/limits.hpp>
#include <torc/worker/worker.hpp>

#include <spdlog/spdlog.h>

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <new>
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
/// How long a connection may linger, however fast its peer sends: so many linger timeouts.
constexpr int linger_timeouts_max = 12;
/// Of a pace that counts from its beginning.
constexpr std::chrono::hours endless{24 * 365};

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
            if (slot.waiting == Waiting::peer) {
                readers_.go_on(slot, services_.now);
            } else {
                readers_.begin(slot, services_.now);
            }
            break;
        case Waiting::linger:
            if (slot.waiting != Waiting::linger) {
                slot.pace = Pace();
                slot.pace.begin(services_.now);
                static_cast<void>(slot.pace.look(0, services_.now, endless));
            }
            lingers_.start(slot, services_.now);
            break;
        case Waiting::asset:
            loading_.start(slot, services_.now);
            break;
    }
    slot.waiting = slot.connection->waiting();
}

MonotonicTime Worker::next_deadline() {
    if (shutdown_.is_draining() && idle_.first() != nullptr) {
        return MonotonicTime::min();  // The next iteration goes on with them.
    }
    return std::min({idle_.next(), requests_.next(), readers_.next(), lingers_.next(),
                     graces_.next(), loading_.next(), look_at_waiting_peers_at_, make_up_room_at_,
                     loader_.next_deadline(), acceptor_.next_deadline(), shutdown_.next_deadline(),
                     outboxes_.due_at(), access_log_ ? access_log_->due_at() : never});
}

bool Worker::may_linger_on(ConnectionSlot& slot, std::size_t bytes) {
    Pace& pace = slot.pace;
    static_cast<void>(pace.look(pace.total_bytes() + bytes, services_.now, endless));
    const auto lasted = pace.observed_for(services_.now);
    const std::chrono::nanoseconds silence_max = settings_.timeouts.linger;
    return lasted < linger_timeouts_max * silence_max &&
           (lasted < silence_max || pace.bytes_per_second(services_.now) >=
                                        static_cast<double>(settings_.bytes_per_second_min));
}

std::size_t Worker::end_expired(std::size_t ends_max) {
    std::size_t rest = ends_max;
    for (; rest > 0; --rest) {
        ConnectionSlot* slot = idle_.take_expired(services_.now);
        if (slot == nullptr) {
            break;
        }
        // It has sent its response, but the kernel may still have most of that.
        switch (readers_.look_at_rest(*slot, services_.now)) {
            case ReaderWatch::Rest::nothing:
                end(*slot);
                break;
            case ReaderWatch::Rest::awaited:
                idle_.start(*slot, services_.now);
                break;
            case ReaderWatch::Rest::refused:
                proactor_.reset_on_close(slot->socket);
                end(*slot);
                break;
        }
    }
    for (DeadlineList<ConnectionSlot>* list : {&lingers_, &graces_}) {
        for (; rest > 0; --rest) {
            ConnectionSlot* slot = list->take_expired(services_.now);
            if (slot == nullptr) {
                break;
            }
            end(*slot);
        }
    }
    for (; rest > 0; --rest) {
        ConnectionSlot* slot = readers_.take_expired(services_.now);
        if (slot == nullptr) {
            break;
        }
        end(*slot);
    }
    return rest;
}

void Worker::expire() {
    std::size_t rest = end_expired(limits::shutdowns_per_iteration_max);
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
    if (services_.now >= make_up_room_at_) {
        make_up_room();
    }
    if (services_.now >= loader_.next_deadline()) {
        loader_.expire(services_.now);
    }
    outboxes_.give_back_unused(services_.now);
    if (services_.now >= acceptor_.next_deadline()) {
        evictions_ = 0;  // Whatever became of them, it was not enough.
        acceptor_.expire(services_.now);
    }
}

void Worker::make_room_for(std::size_t connections) {
    const std::size_t wanted = std::min(connections, evictions_per_iteration_max);
    for (std::size_t made = evictions_; made < wanted; ++made) {
        const std::uint32_t before = connections_.size();
        if (!make_room(Urgency::at_once)) {
            return;
        }
        if (connections_.size() == before) {
            ++evictions_;  // It is closed once its operation has completed.
        }
    }
}

void Worker::make_room_for_one() {
    // Where nothing can be spared it is let in all the same, into a spare slot, and served: it may
    // not take long. Before they run out, who does not read is given no time.
    const bool has_spare_slots = connections_.free_slots() > limits::connections_spare / 2;
    const Urgency urgency = has_spare_slots ? Urgency::can_wait : Urgency::at_once;
    for (int made = 0; made < evictions_for_one_max; ++made) {
        if (connections_.size() - endings_ < connections_max_) {
            return;
        }
        if (!make_room(urgency)) {
            make_up_room_at_ = std::min(make_up_room_at_, services_.now + fresh_grace);
            return;
        }
    }
}

void Worker::park(int socket) {
    parked_rounds_ = 0;
    make_up_room_at_ = std::min(make_up_room_at_, services_.now + fresh_grace);
    if (parked_.size() == parked_max) {
        const int longest_waiting = parked_.front();
        parked_.erase(parked_.begin());
        refuse(longest_waiting);
    }
    try {
        parked_.push_back(socket);
    } catch (const std::bad_alloc&) {
        refuse(socket);
    }
}

void Worker::serve_parked() {
    for (const int socket : std::exchange(parked_, {})) {
        if (shutdown_.is_cutting_off()) {
            shutdown_.on_unfinished_connection();
            close_socket(socket);
        } else {
            give_slot(socket);
        }
    }
}

void Worker::make_up_room() {
    make_up_room_at_ = never;
    const Urgency urgency = parked_.empty() ? Urgency::can_wait : Urgency::at_once;
    for (std::size_t made = 0; connections_.size() - endings_ > connections_max_; ++made) {
        if (made == evictions_per_iteration_max || !make_room(urgency)) {
            make_up_room_at_ = services_.now + fresh_grace;
            break;
        }
    }
    if (parked_.empty() || endings_ > 0) {
        return;
    }
    if (++parked_rounds_ < parked_rounds_max) {
        make_up_room_at_ = services_.now + fresh_grace;
    } else {
        // Nobody who has a slot can be spared.
        std::ranges::for_each(std::exchange(parked_, {}), [this](int socket) { refuse(socket); });
    }
}

bool Worker::make_room(Urgency urgency) {
    // Who has waited longest, first of those that want nothing, last of those who began a request:
    // many who begin one and never end it must not keep everybody else out until their deadline.
    ConnectionSlot* chosen = idle_.first();
    for (DeadlineList<ConnectionSlot>* list : {&lingers_, &requests_}) {
        if (chosen == nullptr || has_just_come(*chosen)) {
            chosen = list->first();
        }
    }
    if (chosen == nullptr || has_just_come(*chosen)) {
        chosen = find_slow_reader(urgency == Urgency::at_once ? filled_grace_min : filled_grace);
    }
    if (chosen == nullptr) {
        chosen = most_expendable_loading(urgency == Urgency::at_once ? std::chrono::nanoseconds(0)
                                                                     : fresh_grace);
    }
    if (chosen != nullptr) {
        // All may be sent and nothing read: the kernel has it, for minutes if nobody tells it.
        proactor_.give_up_after(chosen->socket, rest_patience);
        end(*chosen);
    }
    return chosen != nullptr;
}

ConnectionSlot* Worker::find_slow_reader(std::chrono::nanoseconds patience) {
    ConnectionSlot* const slowest = readers_.find_slowest(services_.now, patience);
    if (slowest != nullptr && slow_reader_report_.may_report(services_.now)) {
        spdlog::warn(
            "responses are cut off: all {} connections that this worker's descriptors or memory "
            "allow are taken, and some clients take less than {} bytes a second (--min-rate); "
            "raise the limit of descriptors (ulimit -Hn, LimitNOFILE=), or let fewer connections "
            "in from one address (--max-connections-per-address)",
            connections_max_, settings_.bytes_per_second_min);
    }
    return slowest;
}

bool Worker::has_just_come(const ConnectionSlot& slot) const noexcept {
    return slot.waiting == Waiting::idle && slot.connection->is_fresh() &&
           services_.now < slot.deadline - settings_.timeouts.idle + fresh_grace;
}

}  // namespace torc::worker
