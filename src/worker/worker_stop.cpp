// What a worker does as it shuts down (Shutdown decides when).

#include <torc/base/limits.hpp>
#include <torc/worker/worker.hpp>

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <utility>

namespace torc::worker {

namespace {

/// How long a connection that came in the drain may take until the drain waits for it too.
constexpr std::chrono::seconds late_time_max{1};

}  // namespace

void Worker::obey_stop() {
    if (shutdown_.is_draining()) {
        look_after_drain();
    }
    for (auto step = shutdown_.due_step(services_.now); step != Shutdown::Step::none;
         step = shutdown_.due_step(services_.now)) {
        perform(step);
    }
    services_.ends_idle = shutdown_.ends_idle(services_.now);
    if (services_.ends_idle) {
        deadlines_.begin_graces();
        end_idle_connections();
    }
    if (const auto first = shutdown_.next_cut_off()) {
        cut_off_connections(*first);
    }
    shutdown_.on_remaining(remaining(), services_.now);
    if (shutdown_.has_left()) {
        wait_in_drain(Waits::no);
    }
}

void Worker::perform(Shutdown::Step step) {
    switch (step) {
        case Shutdown::Step::none:
            break;
        case Shutdown::Step::begin_drain:
            shutdown_.on_drain_begun(begin_drain(), services_.now);
            break;
        case Shutdown::Step::close_listeners:
            close_listeners();
            shutdown_.on_listeners_closed();
            break;
        case Shutdown::Step::begin_cut_off:
            shutdown_.on_cut_off_begun();
            break;
    }
}

ListenersAfterwards Worker::begin_drain() {
    services_.is_draining = true;
    connections_.begin_late();
    late_since_ = services_.now;
    look_at_waiting_peers();
    return acceptor_.begin_stop(services_.now);
}

void Worker::wait_in_drain(Waits waits) noexcept {
    if (waits != std::exchange(waits_in_drain_, waits)) {
        waits == Waits::yes ? drain_->wait_again() : drain_->end_wait();
    }
}

void Worker::look_after_drain() {
    if (!shutdown_.serves_late_clients()) {
        // Others may go on accepting until this one has ended.
        wait_in_drain(connections_.size() > 0 ? Waits::yes : Waits::no);
        return;
    }
    bool waits = connections_.early_size() > 0;
    if (!waits && connections_.size() > 0 && services_.now >= late_since_ + late_time_max) {
        // Some have been there for long: who comes meanwhile is to be served too.
        connections_.begin_late();
        late_since_ = services_.now;
        waits = true;
    }
    wait_in_drain(waits ? Waits::yes : Waits::no);
    if (drain_->is_over()) {
        shutdown_.on_early_clients_gone(services_.now);
    }
}

void Worker::end_idle_connections() {
    for (std::uint32_t rest = limits::shutdowns_per_iteration_max; rest > 0; --rest) {
        ConnectionSlot* slot = deadlines_.first_idle();
        if (slot == nullptr) {
            return;
        }
        if (slot->connection->is_fresh()) {
            deadlines_.start(*slot, services_.now);  // It may still ask for something.
        } else {
            slot->close_reason = CloseReason::stop;
            end(*slot);
        }
    }
}

void Worker::cut_off_connections(std::uint32_t first) {
    const std::uint32_t next = connections_.visit(first, limits::shutdowns_per_iteration_max,
                                                  [this](ConnectionSlot& slot) {
                                                      if (slot.is_ending) {
                                                          return;
                                                      }
                                                      if (slot.connection->state() != State::idle &&
                                                          !slot.connection->awaits_introduction()) {
                                                          shutdown_.on_unfinished_connection();
                                                      }
                                                      slot.close_reason = CloseReason::stop;
                                                      end(slot);
                                                  });
    shutdown_.on_cut_off(next, services_.now);
}

void Worker::close_listeners() {
    mailbox_.stop_hand_overs();
    take_mail();
    acceptor_.stop(accepted_);
    admit_accepted();
}

Shutdown::Remaining Worker::remaining() const noexcept {
    if (connections_.size() > 0 || acceptor_.is_busy()) {
        return Shutdown::Remaining::clients;
    }
    return trees_.is_busy() || access_control_.is_busy() ? Shutdown::Remaining::loads
                                                         : Shutdown::Remaining::nothing;
}

}  // namespace torc::worker
