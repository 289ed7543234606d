// How a worker ends: the drain, and the cut-off when its time is up.

#include <torc/base/limits.hpp>
#include <torc/worker/worker.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <chrono>

namespace torc::worker {
namespace {

/// How long the listeners stay open when the drain begins, for handshakes that are half done and
/// for connections that do not show before their request is there, which may be on its way.
constexpr std::chrono::milliseconds drain_listening{250};
/// What is in flight gets this long to complete once everything was shut down.
constexpr std::chrono::seconds cut_off_patience{1};
/// The loads that nobody waits for any more get this long to complete before a stop leaves them.
constexpr std::chrono::milliseconds abandoned_loads_patience{250};

}  // namespace

void Worker::obey_stop() {
    const Stop requested = requested_stop_.load(std::memory_order_relaxed);
    if (stop_ == Stop::no && requested != Stop::no) {
        begin_drain();
    }
    const bool is_time_up = services_.now >= stop_deadline_;
    if (stop_ == Stop::drain && (requested == Stop::now || is_time_up)) {
        begin_cut_off();
    }
    if (stop_ == Stop::drain) {
        end_idle_connections();
    }
    if (cut_off_next_) {
        cut_off_connections();
    }
    const bool has_clients =
        connections_.size() > 0 || stop_listening_at_ != never || acceptor_.is_busy();
    if (stop_ == Stop::no || has_clients) {
        leave_at_ = never;
    } else if (leave_at_ == never) {
        leave_at_ = services_.now + abandoned_loads_patience;
    }
}

void Worker::begin_drain() {
    stop_ = Stop::drain;
    services_.is_draining = true;
    stop_deadline_ = services_.now + settings_.timeouts.drain;
    stop_listening_at_ = services_.now + drain_listening;
    look_at_waiting_peers();
    acceptor_.begin_stop();
}

void Worker::end_idle_connections() {
    for (std::uint32_t rest = limits::shutdowns_per_iteration_max; rest > 0; --rest) {
        ConnectionSlot* slot = idle_.first();
        if (slot == nullptr) {
            return;
        }
        if (slot->connection->is_fresh()) {
            graces_.start(*slot, services_.now);
        } else {
            end(*slot);
        }
    }
}

void Worker::begin_cut_off() {
    stop_ = Stop::now;
    stop_deadline_ = never;
    cut_off_next_ = 0;
    if (stop_listening_at_ != never) {
        stop_listening();
    }
}

void Worker::cut_off_connections() {
    const auto cut_off = [this](ConnectionSlot& slot) {
        if (!slot.is_ending) {
            was_cut_off_ |= slot.connection->waiting() != Waiting::idle;
            end(slot);
        }
    };
    cut_off_next_ =
        connections_.visit(*cut_off_next_, limits::shutdowns_per_iteration_max, cut_off);
    if (*cut_off_next_ == 0) {
        cut_off_next_.reset();
        stop_deadline_ = services_.now + cut_off_patience;
    }
}

void Worker::stop_listening() {
    stop_listening_at_ = never;
    if (balance_ != nullptr) {
        handed_.clear();
        balance_->leave(seat_, handed_);
        std::ranges::for_each(handed_, [this](int socket) { serve(socket); });
    }
    acceptor_.stop(accepted_);
    admit_accepted();
}

bool Worker::is_finished() const noexcept {
    if (stop_ == Stop::no || stop_listening_at_ != never) {
        return false;
    }
    // A file system that does not answer need not be waited for when nobody else does.
    const bool is_left_alone = services_.now >= leave_at_;
    return !has_operations_in_flight() || is_left_alone ||
           (stop_ == Stop::now && services_.now >= stop_deadline_);
}

}  // namespace torc::worker
