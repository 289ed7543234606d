// What a worker does by the time alone.

#include <torc/base/limits.hpp>
#include <torc/worker/worker.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <chrono>

namespace torc::worker {
namespace {

/// Why a connection is closed whose time in `state` is over.
CloseReason reason_by_time(State state) noexcept {
    if (is_sending(state)) {
        return CloseReason::send_timeout;
    }
    return state == State::lingering ? CloseReason::finished : CloseReason::idle;
}

}  // namespace

namespace {

/// How often it is looked whether the other workers are waited for in a drain.
constexpr std::chrono::milliseconds drain_look_interval{10};

}  // namespace

MonotonicTime Worker::next_deadline() {
    if (services_.ends_idle && deadlines_.first_idle() != nullptr) {
        return MonotonicTime::min();  // The next iteration goes on with them.
    }
    // The others are asked, and wake nobody.
    const MonotonicTime drain_look =
        shutdown_.serves_late_clients() ? services_.now + drain_look_interval : never;
    return earliest(drain_look, deadlines_.next(), look_at_waiting_peers_at_,
                    admission_.next_deadline(), trees_.next_deadline(), acceptor_.next_deadline(),
                    shutdown_.next_deadline(), batches_.due_at(), access_logs_.due_at());
}

void Worker::end_expired() {
    for (std::uint32_t rest = limits::shutdowns_per_iteration_max; rest > 0; --rest) {
        const auto expired = deadlines_.take_expired(services_.now);
        if (!expired) {
            return;
        }
        ConnectionSlot& slot = *expired->slot;
        switch (expired->consequence) {
            case Deadlines::Expired::Consequence::none:
                break;
            case Deadlines::Expired::Consequence::reset:
                proactor_.reset_on_close(slot.socket);
                [[fallthrough]];
            case Deadlines::Expired::Consequence::end:
                slot.close_reason = reason_by_time(slot.state);
                end(slot);
                break;
            case Deadlines::Expired::Consequence::time_out_request:
                slot.close_reason = CloseReason::request_timeout;
                // Ends the receive in flight; the connection then answers 408.
                slot.connection->on_time_out();
                proactor_.shutdown(slot.socket, SHUT_RD);
                break;
            case Deadlines::Expired::Consequence::give_up_load:
                give_up_load(slot);
                break;
        }
    }
}

void Worker::expire() {
    end_expired();
    if (services_.now >= look_at_waiting_peers_at_) {
        look_at_waiting_peers();
    }
    admission_.expire();
    trees_.expire();
    batches_.give_back_unused(services_.now);
    if (services_.now >= acceptor_.next_deadline()) {
        admission_.forget_evictions();
        acceptor_.expire(services_.now, accepted_);
        admit_accepted();
    }
}

}  // namespace torc::worker
