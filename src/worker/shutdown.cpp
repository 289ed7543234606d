#include <torc/worker/shutdown.hpp>

#include <algorithm>

namespace torc::worker {
namespace {

/// How long the listeners stay open when the drain begins: closing one resets handshakes that are
/// half done, and connections that the kernel does not show before their request is there.
constexpr std::chrono::milliseconds drain_listening{250};
/// What is in flight gets this long to complete once everything was shut down.
constexpr std::chrono::seconds cut_off_patience{1};
/// The loads that nobody waits for any more get this long to complete before a stop leaves them.
constexpr std::chrono::milliseconds abandoned_loads_patience{250};

}  // namespace

void Shutdown::on_order(Stop order) noexcept {
    ordered_ = std::max(ordered_, order);
}

Shutdown::Step Shutdown::next_step(MonotonicTime now) noexcept {
    if (phase_ == Phase::running && ordered_ != Stop::no) {
        phase_ = Phase::draining;
        phase_ends_at_ = now + drain_listening;
        drain_ends_at_ = now + drain_timeout_;
        return Step::begin_drain;
    }
    if (phase_ == Phase::draining && now >= phase_ends_at_) {
        phase_ = Phase::listeners_closed;
        phase_ends_at_ = never;
        return Step::close_listeners;
    }
    if (is_draining() && (ordered_ == Stop::now || now >= drain_ends_at_)) {
        const bool has_listeners = phase_ == Phase::draining;
        phase_ = Phase::cutting_off;
        phase_ends_at_ = never;
        drain_ends_at_ = never;
        next_cut_off_ = 0;
        return has_listeners ? Step::close_listeners : Step::none;
    }
    return Step::none;
}

void Shutdown::on_cut_off(std::uint32_t next, MonotonicTime now) noexcept {
    next_cut_off_ = next;
    if (next == 0) {
        next_cut_off_.reset();
        phase_ends_at_ = now + cut_off_patience;
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
    if (remaining == Remaining::nothing || now >= std::min(loads_end_at_, phase_ends_at_)) {
        phase_ = Phase::left;
    }
}

MonotonicTime Shutdown::next_deadline() const noexcept {
    return next_cut_off_ ? MonotonicTime::min()
                         : earliest(phase_ends_at_, drain_ends_at_, loads_end_at_);
}

}  // namespace torc::worker
