#include <torc/base/assert.hpp>
#include <torc/worker/shutdown.hpp>

#include <algorithm>
#include <chrono>

namespace torc::worker {
namespace {

/// What those get at least who came last to a listener that is kept.
constexpr std::chrono::seconds late_clients_patience{1};
/// What is in flight gets this long to complete once everything was shut down.
constexpr std::chrono::seconds cut_off_patience{1};
/// The loads that nobody waits for any more get this long to complete before a stop leaves them.
constexpr std::chrono::milliseconds abandoned_loads_patience{250};

}  // namespace

void Shutdown::on_order(Stop order, MonotonicTime now) noexcept {
    if (order <= ordered_) {
        return;
    }
    ordered_ = order;
    if (phase_ == Phase::running) {
        const auto delay = order == Stop::drain ? timeouts_.drain_delay : std::chrono::seconds(0);
        drain_begins_at_ = std::min(drain_begins_at_, now + delay);
    } else if (is_draining()) {
        hurry(now);
    }
}

void Shutdown::hurry(MonotonicTime now) noexcept {
    switch (ordered_) {
        case Stop::no:
        case Stop::now:
            break;
        case Stop::hand_over:
            drain_ends_at_ = now + timeouts_.upgrade;
            break;
        case Stop::drain:
            idle_ends_at_ = std::min(idle_ends_at_, now + timeouts_.drain_idle);
            drain_ends_at_ = std::min(drain_ends_at_, now + timeouts_.drain);
            break;
        case Stop::drain_at_once:
            idle_ends_at_ = now;
            drain_ends_at_ = std::min(drain_ends_at_, now + timeouts_.drain);
            break;
    }
}

Shutdown::Step Shutdown::due_step(MonotonicTime now) const noexcept {
    const bool cuts_off = ordered_ == Stop::now || now >= drain_ends_at_;
    switch (phase_) {
        case Phase::running:
            return now >= drain_begins_at_ ? Step::begin_drain : Step::none;
        case Phase::draining:
            return cuts_off || now >= listening_ends_at_ ? Step::close_listeners : Step::none;
        case Phase::listeners_closed:
            return cuts_off ? Step::begin_cut_off : Step::none;
        case Phase::cutting_off:
        case Phase::left:
            return Step::none;
    }
    assertion_failed("a phase is one of those above");
}

void Shutdown::on_drain_begun(ListenersAfterwards listeners, MonotonicTime now) noexcept {
    phase_ = Phase::draining;
    drain_begins_at_ = never;
    hurry(now);
    if (listeners == ListenersAfterwards::closed) {
        listening_ends_at_ = now + drain_listening;
    } else if (ordered_ == Stop::hand_over) {
        listening_ends_at_ = now;
    } else {
        serves_late_clients_ = true;
        listening_ends_at_ = std::max(now, drain_ends_at_ - late_clients_patience);
    }
}

void Shutdown::on_listeners_closed() noexcept {
    phase_ = Phase::listeners_closed;
    listening_ends_at_ = never;
}

void Shutdown::on_cut_off_begun() noexcept {
    phase_ = Phase::cutting_off;
    idle_ends_at_ = never;
    drain_ends_at_ = never;
    next_cut_off_ = 0;
}

void Shutdown::on_cut_off(std::uint32_t next, MonotonicTime now) noexcept {
    next_cut_off_ = next;
    if (next == 0) {
        next_cut_off_.reset();
        cut_off_ends_at_ = now + cut_off_patience;
    }
}

void Shutdown::on_remaining(Remaining remaining, MonotonicTime now) noexcept {
    if (phase_ != Phase::listeners_closed && phase_ != Phase::cutting_off) {
        return;
    }
    if (remaining == Remaining::clients) {
        loads_end_at_ = never;
    } else if (loads_end_at_ == never) {
        loads_end_at_ = now + abandoned_loads_patience;
    }
    if (remaining == Remaining::nothing || now >= std::min(loads_end_at_, cut_off_ends_at_)) {
        phase_ = Phase::left;
    }
}

MonotonicTime Shutdown::next_deadline() const noexcept {
    return next_cut_off_ ? MonotonicTime::min()
                         : earliest(drain_begins_at_, listening_ends_at_, idle_ends_at_,
                                    drain_ends_at_, cut_off_ends_at_, loads_end_at_);
}

}  // namespace torc::worker
