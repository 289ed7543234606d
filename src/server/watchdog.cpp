#include <torc/server/watchdog.hpp>

#include <spdlog/spdlog.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace torc::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How long a worker has for an iteration before it is taken for stalled, and how often one is
/// woken that has something to do.
constexpr milliseconds patience{250};
/// How often one is woken that has nothing to do.
constexpr seconds idle_ping_interval{2};
/// A ping costs a worker that has nothing to do no more iterations than these.
constexpr std::uint64_t ping_iterations_max = 2;
/// A stall is reported from here on: shorter ones are nothing to act on.
constexpr seconds report_after{1};
/// How often the queues of a stalled worker are looked into, and how many connections are taken
/// from each of them.
constexpr milliseconds relief_interval{25};
constexpr std::size_t relieved_connections_max = 256;

double to_seconds(std::chrono::nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

Watchdog::Watchdog(std::span<const std::unique_ptr<WorkerThread>> threads,
                   std::span<worker::Mailbox> mailboxes, net::Listeners& listeners,
                   worker::Balance* balance)
    : threads_(threads),
      mailboxes_(mailboxes),
      listeners_(listeners),
      balance_(balance),
      pulses_(threads.size()) {}

Watchdog::~Watchdog() {
    std::ranges::for_each(orphans_, ::close, &net::Accepted::socket);
}

void Watchdog::look(MonotonicTime now) {
    if (now < next_look_) {
        return;
    }
    // This thread was kept from running too, as a suspended process is: no ping tells anything.
    const bool is_late = now > next_look_ + patience;
    next_look_ = MonotonicTime::max();
    for (std::size_t worker = 0; worker < threads_.size(); ++worker) {
        if (is_late && !pulses_[worker].is_stalled) {
            ping(worker, now);
        }
        look_at(worker, now);
    }
    place_orphans();
}

bool Watchdog::has_iterated(std::size_t worker) const {
    return threads_[worker]->has_ended() ||
           threads_[worker]->iterations() != pulses_[worker].iterations;
}

void Watchdog::ping(std::size_t worker, MonotonicTime now) {
    pulses_[worker].iterations = threads_[worker]->iterations();
    pulses_[worker].pinged_at = now;
    mailboxes_[worker].wake();
}

void Watchdog::look_at(std::size_t worker, MonotonicTime now) {
    Pulse& pulse = pulses_[worker];
    if (has_iterated(worker)) {
        if (pulse.is_stalled) {
            on_recovery(worker, now);
        }
        const bool is_busy =
            threads_[worker]->iterations() - pulse.iterations > ping_iterations_max ||
            (balance_ != nullptr && balance_->connections(worker) > 0);
        MonotonicTime due = pulse.pinged_at + (is_busy ? patience : idle_ping_interval);
        if (now >= due) {
            ping(worker, now);
            due = now + patience;
        }
        next_look_ = std::min(next_look_, due);
        return;
    }
    if (now - pulse.pinged_at < patience) {
        next_look_ = std::min(next_look_, pulse.pinged_at + patience);
        return;
    }
    if (!pulse.is_stalled) {
        on_stall(worker);
    }
    if (!pulse.is_reported && now - pulse.pinged_at >= report_after) {
        report(worker, now);
    }
    relieve(worker);
    next_look_ = std::min(next_look_, now + relief_interval);
}

void Watchdog::on_stall(std::size_t worker) {
    pulses_[worker].is_stalled = true;
    if (balance_ != nullptr) {
        balance_->exclude(worker, orphans_);
    }
}

void Watchdog::report(std::size_t worker, MonotonicTime now) {
    pulses_[worker].is_reported = true;
    spdlog::warn("worker {} has not responded for {:.1f} s{}", worker,
                 to_seconds(now - pulses_[worker].pinged_at),
                 balance_ != nullptr ? "; new connections go to the others" : "");
}

void Watchdog::on_recovery(std::size_t worker, MonotonicTime now) {
    Pulse& pulse = pulses_[worker];
    pulse.is_stalled = false;
    if (balance_ != nullptr) {
        balance_->include(worker);
    }
    if (std::exchange(pulse.is_reported, false) && !threads_[worker]->has_ended()) {
        spdlog::info("worker {} responds again, after {:.1f} s", worker,
                     to_seconds(now - pulse.pinged_at));
    }
}

void Watchdog::relieve(std::size_t worker) {
    // What nobody can take is left in the queue, for the worker that hangs may yet come back.
    if (balance_ != nullptr && orphans_.empty() && balance_->has_taker()) {
        listeners_.of(static_cast<unsigned>(worker))
            .take_waiting(orphans_, relieved_connections_max);
    }
}

void Watchdog::place_orphans() {
    while (!orphans_.empty() && balance_->give(orphans_.back())) {
        orphans_.pop_back();
    }
}

}  // namespace torc::server
